"""`penstock service`: what we do with data for others, on the exchange's list beside the data sets."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli import declared
from connector.client.acts.money import TYPED
from connector.client.acts.services import lines

app = typer.Typer(
    help="Data services of ours on the exchange's list: offer, list, roll back, withdraw.", no_args_is_help=True
)


@app.command()
@declared.asking("service_offer")
def offer(
    typed: declared.Typed,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="an id of your own, `service:…`; again to change it")],
    title: Annotated[str, typer.Option(help="what it is called")],
    kind: Annotated[str, typer.Option("--type", help="catalogue, api, file, database or analytics")],
    price: Annotated[str, typer.Option(help="price per unit, " + TYPED)],
    purpose: Annotated[str, typer.Option(help="a term of the purpose scheme, for example Research")],
    until: Annotated[str, typer.Option(help="end of use, RFC 3339 with a time zone")],
    description: Annotated[str, typer.Option(help="what it does")] = "",
    unit: Annotated[str, typer.Option(help="what the price is for, such as call, opening, flat or free")] = "call",
    per: Annotated[int, typer.Option(help="for how many of them it is", min=1)] = 1,
    currency: Annotated[str, typer.Option(help="the currency of the price; default: the space's")] = "",
    region: Annotated[str | None, typer.Option(help="where it may be used, ISO 3166; default: anywhere")] = None,
    endpoint: Annotated[str, typer.Option(help="where it answers")] = "",
    documentation: Annotated[str, typer.Option(help="where its use is described")] = "",
    serves: Annotated[list[str] | None, typer.Option(help="a listed product that it works on; may be repeated")] = None,
    keyword: Annotated[list[str] | None, typer.Option(help="words to be found by; may be repeated")] = None,
    classes: Annotated[
        list[str] | None, typer.Option("--class", help="what it is about, such as topic=B0300; may be repeated")
    ] = None,
    grade: Annotated[int, typer.Option(help="security grade", min=1, max=5)] = 1,
) -> None:
    """Hand a service in; the exchange's operator reads it, and then it is found beside the products.

    It is used at your own address: no call of it is made, counted or paid through Penstock, and its page says so.

    For example: penstock service offer service:tide-forecast --title "Tide forecast" --type analytics --price 20
    --purpose Research --until 2027-12-31T23:59:59Z --endpoint https://tides.example/forecast
    """
    from policy.offer import offer_rules  # noqa: PLC0415  # the help page starts fast
    from policy.values import instant  # noqa: PLC0415  # the help page starts fast

    end = instant(until)
    if end is None:
        raise typer.BadParameter(f"`{until}` is no moment with a time zone", param_hint="--until")
    body = {
        "id": identifier,
        "title": title,
        "description": description,
        "type": kind,
        "endpoint": endpoint,
        "documentation": documentation,
        "region": region or "",
        "keywords": keyword or [],
        "serves": serves or [],
        "grade": grade,
        "classes": dict(text.partition("=")[::2] for text in classes or ()),
        "tariff": {"unit": unit, "minor": typed.amount("--price", price), "per": str(per), "currency": currency},
        "policy": offer_rules(purpose=purpose, until=end, region=region),
    }
    row = typed.ask(service=body)
    typed.tell(row, lines(row))


declared.add(app, "service", "list", "roll-back", "withdraw")
