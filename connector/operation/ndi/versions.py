"""The versions of a contract: every strategy that was proposed in it, by whom, each bound to the one before.

Law: (1) what repeats the newest version is none: it is an assent, or the same message again. (2) A round that does not
follow the newest version is refused: what came before it was left out, or never said. (3) Who signs its rounds once
signs them all, so that nobody in between says something in its name. (4) A version and its event are one transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.runtime.errors import Conflict
from connector.store.rows.contract import ContractVersionRow
from contracts.canonical import canonical
from contracts.ndi.rounds import Round, strategy_digest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.store.recorder import Recorder
    from connector.store.transaction import Tx

PROPOSED: Final = "contract.proposed"
# of one contract: each stays for good, and an engine of ours ends a negotiation long before
VERSIONS_MAX: Final = 64


def of(tx: Tx, code: str) -> list[ContractVersionRow]:
    """Return the versions of a contract, the first one first."""
    return tx.find(ContractVersionRow, "code = ?", (code,), "number")


def newest(tx: Tx, code: str) -> ContractVersionRow | None:
    """Return the newest version of a contract."""
    return next(iter(tx.find(ContractVersionRow, "code = ?", (code,), "number desc", 1)), None)


def repeats(last: ContractVersionRow | None, strategy: Mapping[str, Any]) -> bool:
    """Say whether a strategy is that of the newest version."""
    return last is not None and canonical(last.strategy) == canonical(dict(strategy))


def following(last: ContractVersionRow | None, code: str, request: str, by: str, strategy: Mapping[str, Any]) -> Round:
    """Return the round in which somebody proposes a strategy after the newest version; `request` begins them (hex)."""
    number, previous = (1, request) if last is None else (last.number + 1, last.history)
    if number > VERSIONS_MAX:
        raise Conflict(f"{VERSIONS_MAX} proposals were made in this contract", "begin another one: /contractCreate")
    return Round(code, number, by, strategy_digest(strategy), previous)


def as_round(row: ContractVersionRow) -> Round:
    """Return the round that a version is."""
    return Round(row.code, row.number, row.proposer, strategy_digest(row.strategy), row.previous)


def require_following(made: Round, told: Mapping[str, Any] | None, *, signs: bool) -> None:
    """Raise Conflict unless what a message says of its round is that it follows; `signs` of who has to say it."""
    if told is None:
        if signs:
            raise Conflict("a proposal came without its round, by somebody who signs them", "sign it: `round`")
        return
    if (told["number"], told["previous"]) != (str(made.number), made.previous):
        text = f"this proposal does not follow the newest one here, which is number {made.number - 1}"
        raise Conflict(text, "one was left out on the way, or another was first: `penstock ndi show --versions`")


def signs_rounds(tx: Tx, code: str, party: str) -> bool:
    """Say whether somebody has signed a round of a contract."""
    return bool(tx.find(ContractVersionRow, "code = ? AND proposer = ? AND proof IS NOT NULL", (code, party), limit=1))


def keep(
    tx: Tx,
    evidence: Recorder,
    made: Round,
    strategy: Mapping[str, Any],
    proof: bytes | None,
    way: tuple[str, str],
    now: datetime,
) -> ContractVersionRow:
    """Write a version; `way` is to whom it is said, and through which platform, empty where it is said directly."""
    row = ContractVersionRow(
        code=made.code,
        number=made.number,
        proposer=made.by,
        strategy=dict(strategy),
        previous=made.previous,
        history=made.history,
        proof=proof,
        at=now,
    )
    tx.insert(row)
    to, through = way
    told = {"number": made.number, "by": made.by, "to": to, "strategy": made.strategy, "previous": made.previous}
    told |= {"proof": proof.hex()} if proof is not None else {}
    told |= {"through": through} if through else {}
    evidence.record(tx, PROPOSED, part=made.code, fields=told, now=now)
    return row
