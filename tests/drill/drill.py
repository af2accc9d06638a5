"""The drill: every cheat on a copy of one real run, each copy audited, and what the audit said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ledger.audit import audit
from ledger.audit.archive import Archive
from ledger.audit.audit import AuditImpossible
from ledger.audit.how_to_check import evidence
from tests.drill import (
    by_arbitrator,
    by_buyer,
    by_chain,
    by_exchange,
    by_nobody,
    by_payee,
    by_provider,
    by_thief,
    by_two,
    unseen,
)
from tests.drill.scene import Scene

if TYPE_CHECKING:
    from ledger.audit.report import Finding
    from tests.drill.cheat import Cheat
    from tests.drill.recorded import Played

CHEATS: tuple[Cheat, ...] = (
    *by_provider.CHEATS,
    *by_payee.CHEATS,
    *by_buyer.CHEATS,
    *by_exchange.CHEATS,
    *by_arbitrator.CHEATS,
    *by_chain.CHEATS,
    *by_two.CHEATS,
    *by_thief.CHEATS,
)
UNSEEN: tuple[Cheat, ...] = unseen.CHEATS
HONEST: tuple[Cheat, ...] = by_nobody.ACCIDENTS
REFUSED = "refused"  # stands for a finding: the audit refuses to begin, and says why


@dataclass(frozen=True)
class Outcome:
    """What came of one cheat: the codes of all errors found, and the finding that names it, in words."""

    cheat: Cheat
    codes: tuple[str, ...]
    named: str

    @property
    def as_said(self) -> bool:
        """Whether it was caught by the finding that should, or, if it cannot be seen or is no cheat, by none."""
        if self.cheat.honest:
            return not self.codes and bool(self.named) == bool(self.cheat.finding)
        return not self.codes if self.cheat.unseen else bool(self.named)

    def words(self) -> str:
        """Return what the audit said of it, for a person."""
        cheat = self.cheat
        if not self.as_said:
            return f"expected {cheat.finding or 'nothing'}, found {', '.join(self.codes) or 'nothing'}"
        if cheat.honest:
            return f"nobody is accused; said: {self.named or 'nothing'}"
        if cheat.unseen:
            return f"not to be seen: {cheat.unseen}"
        return f"{cheat.finding} about {cheat.subject}, by {', '.join(self.evidence())}"

    def evidence(self) -> tuple[str, ...]:
        """Return the records that the naming finding rests on."""
        if self.cheat.unseen or self.cheat.honest:
            return ()
        return ("the space's document",) if self.cheat.finding == REFUSED else evidence(self.cheat.finding)

    def json(self) -> dict[str, Any]:
        """Return the row of docs/drill.json."""
        cheat = self.cheat
        row = {"by": cheat.by, "promise": cheat.promise, "name": cheat.name}
        if cheat.unseen:
            return {**row, "done": cheat.do is not None, "unseen": cheat.unseen}
        if cheat.honest:
            return {**row, "clean": self.as_said, "honest": cheat.honest, "finding": cheat.finding, "of": cheat.subject}
        others = [code for code in self.codes if code != cheat.finding]
        return {**row, "caught": self.as_said, "finding": cheat.finding, "of": cheat.subject} | {
            "evidence": list(self.evidence()),
            "others": len(others),
        }


async def tried(cheat: Cheat, played: Played) -> Outcome:
    """Cheat on a copy of the run and audit it."""
    scene = Scene(played)
    if cheat.do is not None:
        cheat.do(scene)
    try:
        report = await audit.run(Archive(scene.answers()), played.supervisor)
    except AuditImpossible as refusal:
        return Outcome(cheat, (REFUSED,), str(refusal) if cheat.finding == REFUSED else "")
    subject = scene.member(cheat.subject).did if cheat.subject not in {"", "chain", "space"} else cheat.subject
    naming = (one for one in report.findings if (one.code, one.subject) == (cheat.finding, subject))
    errors = dict.fromkeys(one.code for one in report.findings if one.severity == "error")
    return Outcome(cheat, tuple(errors), _words(next(naming, None)))


def _words(finding: Finding | None) -> str:
    return "" if finding is None else finding.text()
