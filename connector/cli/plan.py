"""`penstock plan`: what a space of a given size needs and costs in a year, from what was measured; asks no server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.options import AsJson  # noqa: TC001  # typer reads it when the command is made
from connector.cli.speak import answer

if TYPE_CHECKING:
    from fractions import Fraction

    from connector.operation.plan.walls import Wall
    from connector.operation.plan.year import Prices, Year

WALLS_SHOWN = 3
SIZE_MAX = 10**12
GWEI = r"[0-9]{1,9}(\.[0-9]{1,9})?"


def plan(
    members: Annotated[int, typer.Option(min=2, max=SIZE_MAX, help="members of the space")],
    deals: Annotated[int, typer.Option("--deals-per-day", min=1, max=SIZE_MAX, help="orders a day, in all of it")],
    mib: Annotated[int, typer.Option(min=1, max=SIZE_MAX, help="MiB that an order delivers")] = 100,
    providers: Annotated[
        int | None, typer.Option(min=1, max=SIZE_MAX, help="members that sell; default: one of ten")
    ] = None,
    products: Annotated[
        int | None, typer.Option(min=1, max=SIZE_MAX, help="products listed; default: ten of each provider")
    ] = None,
    gas_price: Annotated[str, typer.Option(help="gwei for a gas; 0 on a chain of the members' own")] = "0",
    coin: Annotated[str, typer.Option(help="price of a coin of the chain")] = "20000.00",
    core: Annotated[str, typer.Option(help="price of a core for a month")] = "150.00",
    memory: Annotated[str, typer.Option(help="price of a GiB of memory for a month")] = "30.00",
    disk: Annotated[str, typer.Option(help="price of a GiB of disk for a month")] = "0.50",
    sent: Annotated[str, typer.Option(help="price of a GiB sent")] = "0.50",
    currency: Annotated[str, typer.Option(help="of these prices")] = "CNY",
    *,
    as_json: AsJson = False,
) -> None:
    """Say what a space of this size needs in a year, what that costs each role, and which walls come next.

    For example: penstock plan --members 1000 --deals-per-day 5000 --mib 200 --gas-price 0.01
    """
    from connector.operation.plan import walls, year  # noqa: PLC0415  # loaded when the verb runs

    asked = year.Asked.of(members, deals, mib, providers, products)
    if asked.providers >= members:
        raise typer.BadParameter("somebody must buy: fewer providers than members", param_hint="--providers")
    prices = year.Prices(
        core_month=_amount(core, "--core", currency),
        memory_month=_amount(memory, "--memory", currency),
        disk_month=_amount(disk, "--disk", currency),
        sent=_amount(sent, "--sent", currency),
        coin=_amount(coin, "--coin", currency),
        gas_gwei=_gwei(gas_price),
    )
    years, ahead = year.of(asked), walls.of(asked)[:WALLS_SHOWN]
    told = {
        "members": members,
        "events": round(asked.events),
        "currency": currency,
        "roles": [_role(each, prices) for each in years],
        "walls": [_wall(each) for each in ahead],
    }
    lines = [f"{asked.events:,.0f} events a day in all logs; a year of one participant, in its busiest hour:"]
    lines += [_role_line(each, prices, currency) for each in years]
    lines += ["the next walls:", *(_wall_line(each) for each in ahead)]
    answer(told, lines, as_json=as_json)


def _role(one: Year, prices: Prices) -> dict[str, Any]:
    return {
        "role": one.role,
        "count": one.count,
        "cores": round(one.cores, 3),
        "memoryGiB": round(one.memory_gib, 2),
        "diskGiB": round(one.disk_gib, 2),
        "sentGiB": round(one.sent_gib, 2),
        "gas": str(one.gas),
        "money": str(one.money(prices)),
    }


def _role_line(one: Year, prices: Prices, currency: str) -> str:
    from contracts.price_words import money  # noqa: PLC0415  # loaded when the verb runs

    return (
        f"  {one.role} (of {one.count:,}): {one.cores:.3f} cores, {one.memory_gib:.2f} GiB of memory, "
        f"{one.disk_gib:,.1f} GiB of disk, {one.sent_gib:,.1f} GiB sent, {one.gas:,} gas; "
        f"{money(one.money(prices), currency)}"
    )


def _wall(one: Wall) -> dict[str, Any]:
    shown = {"name": one.name, "unit": one.unit, "need": round(one.need, 2), "limit": round(one.limit, 2)}
    return {**shown, "share": round(one.share, 4), "members": one.members}


def _wall_line(one: Wall) -> str:
    return (
        f"  {one.name}: {one.need:,.1f} of {one.limit:,.0f} {one.unit}, {100 * one.share:.1f} %; "
        f"it binds at {one.members:,} members"
    )


def _amount(text: str, option: str, currency: str) -> int:
    from contracts.decimals import read_coins  # noqa: PLC0415  # the help page starts fast
    from contracts.errors import ContractError  # noqa: PLC0415  # the same

    try:
        return read_coins(text, option, currency)
    except ContractError as fault:
        raise typer.BadParameter(str(fault), param_hint=option) from fault


def _gwei(text: str) -> Fraction:
    from fractions import Fraction  # noqa: PLC0415  # the same

    if not re.fullmatch(GWEI, text):
        raise typer.BadParameter(f"`{text[:40]}` is no price in gwei, such as 0.01 or 20", param_hint="--gas-price")
    return Fraction(text)
