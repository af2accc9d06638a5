"""`penstock init`: make a participant — a data directory with settings, keys and a management token."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.speak import answer, finish


def init(
    name: Annotated[str | None, typer.Option(help="the name that people see")] = None,
    role: Annotated[
        list[str] | None,
        typer.Option(help="provider, buyer (a consumer), service, broker, arbitrator, node, exchange or regulator"),
    ] = None,
    region: Annotated[str | None, typer.Option(help="where we are, ISO 3166, for example US-NY")] = None,
    port: Annotated[int | None, typer.Option(help="the port to listen on")] = None,
    exchange: Annotated[str | None, typer.Option(help="URL of the exchange; none for the exchange itself")] = None,
    subject: Annotated[str | None, typer.Option(help="whose it is: a unified social credit code (GB 32100)")] = None,
    public_url: Annotated[str | None, typer.Option(help="the URL that others use")] = None,
    suite: Annotated[
        str, typer.Option(help="international, or sm: with a key of SM2, by which contracts of docs/ndi.md are signed")
    ] = "international",
    keys: Annotated[
        str | None, typer.Option(help="a pkcs11: URI: keys of tokens, agreements and log are drawn in that module")
    ] = None,
    *,
    development: Annotated[bool | None, typer.Option(help="permit plain http and loopback")] = None,
    data: Data = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Make a participant, for example: penstock init --role provider --exchange https://exchange.example."""

    async def work() -> Any:
        from connector.operation.initialise import initialise  # noqa: PLC0415  # the help page starts fast

        return initialise(
            data,
            name=name,
            roles=tuple(role) if role else None,
            region=region,
            subject=subject,
            port=port,
            exchange=exchange,
            development=development,
            public_url=public_url,
            suite=suite,
            module=keys,
        )

    made = finish(work(), as_json=as_json)
    value = {"did": made.did, "url": made.url, "data": str(data)}
    answer(value, [f"{made.did} lives in {data}", f"next: penstock serve --data {data}"], as_json=as_json)
