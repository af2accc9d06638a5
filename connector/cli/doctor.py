"""`penstock doctor`: is everything there that this participant needs to serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.speak import answer, finish

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from connector.cli.patient import Patient, Result
    from connector.negotiation.pending import Pending

T = TypeVar("T")

Orders = Annotated[bool, typer.Option("--orders", help="list what waits, for whom, why, and how it ends")]


async def examined(data: Path) -> list[Result]:
    """Look at the participant of `data`."""
    from connector.cli import checkup  # noqa: PLC0415  # loaded when the verb runs

    return await _seen(data, checkup.examine)


async def waiting(data: Path) -> list[Pending]:
    """Return what waits at the participant of `data`."""
    from connector.cli import orders  # noqa: PLC0415  # loaded when the option is given

    return await _seen(data, orders.listed)


async def _seen(data: Path, look: Callable[[Patient], Awaitable[T]]) -> T:
    import os  # noqa: PLC0415  # loaded when the verb runs
    from contextlib import suppress  # noqa: PLC0415  # loaded when the verb runs

    from connector.cli.patient import Patient  # noqa: PLC0415  # loaded when the verb runs
    from connector.net import tls  # noqa: PLC0415  # loaded when the verb runs
    from connector.net.outbound import Outbound  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime import settings  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.clock import Clock  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.errors import SettingsError  # noqa: PLC0415  # loaded when the verb runs

    known, fault = None, None
    try:
        known = settings.load(data, os.environ)
    except SettingsError as error:
        fault = error
    # what we ask is asked of ourselves and of addresses in our own settings
    trust = None
    with suppress(SettingsError):  # the check `certificates` says why
        trust = tls.trusting(known.server.trust if known else "")
    async with Outbound(development=True, networks=known.server.networks if known else (), trust=trust) as outbound:
        return await look(Patient(data, outbound, Clock(), known, fault))


def doctor(data: Data = DEFAULT_DATA, *, orders: Orders = False, as_json: AsJson = False) -> None:
    """Check settings, names, clock, keys, certificates, database, alarms, heads, port, disk, exchange, peers, chain.

    For example: penstock doctor --data penstock-data
    """
    if orders:
        _tell_orders(data, as_json=as_json)
        return
    results = finish(examined(data), as_json=as_json)
    lines = []
    for result in results:
        lines.append(f"{result.state:8}{result.name:14}{result.text}")
        if result.hint:
            lines.append(f"{'':22}try: {result.hint}")
    code = next((result.exit_code for result in results if result.exit_code), 0)
    answer({"healthy": not code, "checks": [result.json() for result in results]}, lines, as_json=as_json)
    if code:
        raise typer.Exit(code)


def _tell_orders(data: Path, *, as_json: bool) -> None:
    """Say what waits; it is no fault, so this ends with 0."""
    found = finish(waiting(data), as_json=as_json)
    from connector.cli.orders import lines  # noqa: PLC0415  # loaded when the option is given

    rows = [one.json() for one in found]
    answer({"waiting": rows}, lines(rows), as_json=as_json)
