"""Parts of an audit put together: what their regulators found clean is taken from them, and tried by samples.

Law: an accusation is taken from nobody: whoever joins judges each open matter again. So it does with what shows by
reading alone, with what a part leaves out, with all matters of a share that has no good part, and with the samples; a
sample that does not come out as it was signed takes all trust from its part. What is found together is what one audit
from the beginning finds, but for what a part says wrongly and no sample met.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from contracts import address
from ledger.audit import sampling
from ledger.audit.docket import Docket
from ledger.audit.judged import Judged
from ledger.audit.sums import Sums

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.audit.cut import Cut
    from ledger.audit.matters import Matters
    from ledger.audit.part import Ground, Part
    from ledger.audit.report import Report
    from ledger.audit.share import Roll

NOBODY = "nobody"  # whose shares are, where a space has no regulator any more
JOINED, ABSENT, CONTRADICTED = "joined", "absent", "contradicted"


@dataclass(slots=True)
class Tried:
    """What came of one share: its `part`, if it is used, and the matters that were judged again to see about it."""

    holder: str
    names: frozenset[str]
    part: Part | None = None
    left_out: frozenset[str] = frozenset()
    samples: frozenset[str] = frozenset()
    wrong: tuple[str, ...] = ()

    def json(self, number: int) -> dict[str, Any]:
        """Return the row of a report."""
        state = CONTRADICTED if self.wrong else ABSENT if self.part is None else JOINED
        count, drawn = 0 if self.part is None else len(self.part.closed), len(self.samples)
        return {
            "share": number,
            "regulator": self.holder,
            "state": state,
            "matters": len(self.names),
            "open": 0 if self.part is None else len(self.part.open),
            "left_out": len(self.left_out),
            "sampled": drawn,
            "agreed": drawn - len(self.wrong),
            "caught": f"{sampling.caught(count, drawn):.4f}",
        }


@dataclass(slots=True)
class Joining:
    """Parts with the accounts that signed them, of one cut; `samples` are drawn of each with `seed`.

    Own parts, of `account`, are not sampled. `again` says, after an audit, whether it has to be made once more.
    """

    cut: Cut
    parts: Sequence[tuple[Part, bytes]]
    seed: bytes
    account: bytes = b""
    samples: int = sampling.SAMPLES
    again: bool = False
    _matters: Matters | None = None
    _tried: dict[int, Tried] = field(default_factory=dict)
    _refused: list[tuple[str, int, str]] = field(default_factory=list)
    _wrong: dict[int, Tried] = field(default_factory=dict)

    def docket(self, ground: Ground, roll: Roll, matters: Matters, report: Report, /) -> Docket:
        """Return what has to be judged here, with what the others' verdicts add up to."""
        self._matters, self._refused, whole = matters, [], Sums()
        shown = matters.all_of(part for one in report.findings for part in one.parts)
        holders, shares = self.cut.holders(roll.regulators.values()), self.cut.shares(matters.parts)
        self._tried = {number: Tried(holders.get(number, NOBODY), names) for number, names in shares.items()}
        taken = self._taken(ground, roll)
        own: set[str] = set()
        for number, tried in self._tried.items():
            part, signer = taken.get(number, (None, b""))
            if part is None or number in self._wrong:
                own |= tried.names
                continue
            tried.part, tried.left_out = part, tried.names - part.closed.keys() - part.open
            drawn = frozenset() if signer == self.account else self._drawn(part)
            tried.samples = drawn | (shown & part.closed.keys())
            own |= tried.left_out | part.open | tried.samples
            for sums in part.closed.values():
                whole.add(sums)
        counted = matters.whole(name for one in self._tried.values() for name in one.samples)
        return Docket(matters.whole(own), Judged("", (), "", whole), counted)

    def judged(self, docket: Docket, report: Report) -> None:
        """Hold the samples against the parts, and say what came of all shares."""
        assert self._matters is not None
        self.again = False
        for number, tried in self._tried.items():
            tried.wrong = tuple(sorted(self._not_so(tried, docket, report)))
            if tried.wrong:
                self._wrong[number], self.again = tried, True
        shares = {**self._tried, **self._wrong}
        report.shared = {
            "seed": self.cut.seed.hex(),
            "sampled_by": self.seed.hex(),
            "misjudged": str(sampling.MISJUDGED),
            "shares": [shares[number].json(number) for number in sorted(shares)],
        }
        for number, one in shares.items():
            _tell(number, one, self.cut, report)
        for subject, number, reason in self._refused:
            report.find("share-refused", subject, share=number, reason=reason)

    def _drawn(self, part: Part) -> frozenset[str]:
        return sampling.draw(part.closed.keys(), self.seed + part.digest, self.samples)

    def _not_so(self, tried: Tried, docket: Docket, report: Report) -> Iterable[str]:
        """Yield the samples that do not come out as they were signed."""
        assert self._matters is not None
        closed = {} if tried.part is None else tried.part.closed
        for name in tried.samples:
            parts = self._matters.parts[name]
            if report.waits.intersection(parts) or docket.good_for(parts, report) != closed.get(name):
                yield name

    def _taken(self, ground: Ground, roll: Roll) -> dict[int, tuple[Part, bytes]]:
        """Return the parts that can be used, by number of their share; of the others it is noted why not."""
        found: dict[int, tuple[Part, bytes]] = {}
        twice: set[int] = set()
        for part, account in self.parts:
            signer = roll.regulators.get(account)
            reason = self._unfit(part, signer, ground, roll)
            if not reason and part.share in found and found[part.share][0].digest != part.digest:
                reason = "there are two of this share, and they differ"
                twice.add(part.share)
            if reason:
                self._refused.append((signer or address.show(account), part.share, reason))
            else:
                found[part.share] = part, account
        return {number: one for number, one in found.items() if number not in twice}

    def _unfit(self, part: Part, signer: str | None, ground: Ground, roll: Roll) -> str:
        """Return why a part cannot be used; nothing if it can."""
        if signer is None:
            return "it is not signed by a regulator of the space"
        if part.cut != self.cut or part.share not in self._tried:
            return "it is of another cut: seed, number of shares, or which of them"
        if other := ground.other(part.ground):
            return f"it judges something else, these differ: {other}"
        share = self._tried[part.share]
        if signer != share.holder:
            return "the share is another regulator's"
        if not (part.closed.keys() | part.open) <= share.names:
            return "it judges matters that are not of its share"
        if not {one.provider for sums in part.closed.values() for one in sums.editions} <= set(roll.members):
            return "it has editions of who is no member"
        return ""


def _tell(number: int, tried: Tried, cut: Cut, report: Report) -> None:
    """Name a regulator that lies, leaves something out or is absent."""
    about = {"share": number, "of": cut.of}
    if tried.wrong:
        counts = {"wrong": len(tried.wrong), "sampled": len(tried.samples), "matter": tried.wrong[0]}
        report.find("share-contradicted", tried.holder, **about, **counts)
    elif tried.part is None:
        report.find("share-absent", tried.holder, **about, matters=len(tried.names))
    elif tried.left_out:
        report.find("share-incomplete", tried.holder, **about, matters=len(tried.left_out))
