"""`penstock audit`: replay chain and logs of a space and say whether the books agree, trusting none of the parties."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data, Development, Exchange, Rpc, file_option
from connector.cli.speak import answer, finish

Trust = Annotated[Path | None, file_option("--trust", "PEM file of authorities to believe besides the public ones")]
Mirror = Annotated[
    list[str] | None, typer.Option("--mirror", help="ORIGIN=URL: read that log from another address; may be repeated")
]
FOUND = 6  # exit code: verification failed
SHOWN_MAX = 10


def read_mirrors(pairs: list[str] | None) -> dict[str, str]:
    """Return origin → base URL of `ORIGIN=URL` pairs."""
    mirrors = {}
    for pair in pairs or []:
        origin, sign, url = pair.partition("=")
        if not sign or not origin or "://" not in url:
            raise typer.BadParameter(f"`{pair}` is not ORIGIN=URL", param_hint="--mirror")
        mirrors[origin] = url
    return mirrors


async def inspect(
    exchange: str, data: Path, rpc: str, mirrors: dict[str, str], *, trust: Path | None, development: bool
) -> dict[str, Any]:
    """Audit the space of `exchange` with the delivery key of `data`; returns what `--json` prints."""
    from connector import tls  # noqa: PLC0415  # loaded when the verb runs
    from connector.auditing import sources  # noqa: PLC0415  # web3 is loaded when the verb runs
    from connector.data_folder import KEYS  # noqa: PLC0415  # loaded when the verb runs
    from connector.identity import keys  # noqa: PLC0415  # loaded when the verb runs
    from ledger.audit.audit import AuditImpossible, run  # noqa: PLC0415  # loaded when the verb runs

    key = keys.load(data / KEYS).delivery
    believed = tls.trusting("" if trust is None else str(trust))
    async with sources(exchange, rpc=rpc, mirrors=mirrors, development=development, trust=believed) as opened:
        try:
            report = (await run(opened, key)).json()
        except AuditImpossible as fault:
            raise _reason(fault) from fault
    return {"audit": "clean" if report.pop("clean") else "findings", **report}


def _reason(fault: Exception) -> BaseException:
    """Return why there was nothing to audit: what the source met if it met something, so that the code says it."""
    from ledger.audit.sources import Unavailable  # noqa: PLC0415  # loaded when the verb runs

    source = fault.__cause__ or fault
    return source.__cause__ or source if isinstance(source, Unavailable) else source


def audit(
    exchange: Exchange,
    data: Data = DEFAULT_DATA,
    rpc: Rpc = "",
    mirror: Mirror = None,
    trust: Trust = None,
    *,
    development: Development = False,
    as_json: AsJson = False,
) -> None:
    """Audit a space as its regulator: from chain and logs alone, with the own delivery key.

    For example: penstock audit --exchange https://exchange.example --data regulator
    """
    mirrors = read_mirrors(mirror)
    found = finish(inspect(exchange, data, rpc, mirrors, trust=trust, development=development), as_json=as_json)
    answer(found, lines(found), as_json=as_json)
    if found["audit"] != "clean":
        raise typer.Exit(FOUND)


def lines(found: dict[str, Any]) -> list[str]:
    """Return the audit in a few lines: the counts, then the findings, errors first."""
    rows = sorted(found["findings"], key=lambda row: row["severity"])
    said = [f"{row['severity']}  {row['subject']}  {row['en']}" for row in rows[:SHOWN_MAX]]
    if len(rows) > SHOWN_MAX:
        said.append(f"… and {len(rows) - SHOWN_MAX} more; --json shows all")
    counts = f"{found['events']} events, {found['proofs_verified']} proofs verified"
    return [f"audit: {found['audit']} ({counts}, {found['bytes_paid_twice']} bytes paid twice)", *said]
