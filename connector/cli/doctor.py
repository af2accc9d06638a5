"""`penstock doctor`: is everything there that this participant needs to serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.speak import answer, finish

if TYPE_CHECKING:
    from pathlib import Path

    from connector.cli.patient import Result


async def examined(data: Path) -> list[Result]:
    """Look at the participant of `data`."""
    import os  # noqa: PLC0415  # loaded when the verb runs
    from contextlib import suppress  # noqa: PLC0415  # loaded when the verb runs

    from connector.cli import checkup  # noqa: PLC0415  # loaded when the verb runs
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
        return await checkup.examine(Patient(data, outbound, Clock(), known, fault))


def doctor(data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Check settings, names, clock, keys, certificates, database, alarms, port, disk, exchange, peers, chain, bucket.

    For example: penstock doctor --data penstock-data
    """
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
