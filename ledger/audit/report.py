"""What an audit found: the findings, each a row of `ledger.audit.words`, and the counts.

Law: a check that finds something without a row in the table fails loudly. Clean is: no error; warnings do not spoil it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields, replace
from string import Formatter
from typing import TYPE_CHECKING, Any

from contracts import price_words
from ledger.audit.how_to_check import evidence, how
from ledger.audit.severity import ERROR
from ledger.audit.words import CODES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ledger.audit.event import Event

# facts that name a partition
PARTS = ("channel", "agreement", "edition", "parent")
MONEY = "m"


class _Sentences(Formatter):
    """Sentences of findings: `{name!m}` is an amount as people write it, where it is one."""

    def convert_field(self, value: Any, conversion: str | None) -> Any:
        """Convert a fact; an auditor of several spaces names no currency."""
        if conversion != MONEY:
            return super().convert_field(value, conversion)
        return price_words.bare(int(value)) if str(value).isdecimal() else value


_SENTENCES = _Sentences()


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: `subject` is the party or chain object it is about; `index`, `seq`, `at` name the event if known.

    `part` is the event's partition; `root` the finding from which this one follows.
    """

    code: str
    subject: str
    facts: Mapping[str, str]
    kind: str = ""
    index: int | None = None
    at: datetime | None = None
    part: str = ""
    root: Finding | None = None

    @property
    def parts(self) -> frozenset[str]:
        """Return the channels, agreements and editions that it is about."""
        return frozenset({self.part, *(self.facts[name] for name in PARTS if name in self.facts)} - {""})

    @property
    def key(self) -> tuple[Any, ...]:
        """Return what makes it one finding."""
        return self.code, self.subject, self.kind, self.index, self.at, tuple(sorted(self.facts.items()))

    @property
    def severity(self) -> str:
        """Return error or warning."""
        return CODES[self.code][0]

    def text(self, lang: str = "en") -> str:
        """Return the finding in words, English or Chinese (`zh`)."""
        return _SENTENCES.vformat(CODES[self.code][1 if lang == "en" else 2], (), self.facts)

    def json(self) -> dict[str, Any]:
        """Return the row of the findings table."""
        row: dict[str, Any] = {"code": self.code, "severity": self.severity, "subject": self.subject}
        row |= {"en": self.text(), "zh": self.text("zh")}
        row |= {"evidence": list(evidence(self.code)), "check": list(how(self.code))}
        named = {"event": self.kind or None, "index": self.index, "seq": self.facts.get("seq")}
        return row | {name: value for name, value in named.items() if value is not None}


@dataclass(slots=True)
class Report:
    """Filled by the checks; money in minor units."""

    findings: list[Finding] = field(default_factory=list)
    events: int = 0
    proofs_verified: int = 0
    signatures_verified: int = 0
    bytes_paid_twice: int = 0
    amount_agreed: int = 0
    amount_settled: int = 0
    openings: int = 0
    decisions_replayed: int = 0
    copies: int = 0
    bytes_copied: int = 0
    amount_copied: int = 0
    copies_unpriced: int = 0
    figures: dict[str, Any] = field(default_factory=dict)
    unread: tuple[str, ...] = ()  # members whose logs were not looked at
    went_on: dict[str, str] = field(default_factory=dict)  # from what of an audit before, or why not
    shared: dict[str, Any] = field(default_factory=dict)  # who judged which share, if several did
    stale: Counter[str] = field(default_factory=Counter)  # DID, or the chain, → records that are newer than it was read
    waits: set[str] = field(default_factory=set)  # partitions that something was found of, or may be yet
    tallies: dict[str, Counter[str]] = field(default_factory=dict)  # partition → what it was counted for by this audit
    _known: set[tuple[Any, ...]] = field(default_factory=set, init=False, repr=False, compare=False)

    def find(self, code: str, subject: str, event: Event | None = None, /, **facts: object) -> None:
        """Add a finding; `event` is the log entry it names."""
        named = {} if event is None else {"event": event.label}
        of = ("", None, None, "") if event is None else (event.kind, event.index, event.time, event.part)
        finding = Finding(code, subject, {name: str(value) for name, value in (named | facts).items()}, *of)
        finding.text()
        finding.text("zh")
        self._add(finding)

    def _add(self, finding: Finding) -> None:
        """Add a finding unless it is there."""
        if finding.key not in self._known:
            self._known.add(finding.key)
            self.findings.append(finding)

    def tally(self, part: str, **counts: int) -> None:
        """Count what a partition is good for, once in all audits: nothing of an event that was judged before."""
        told = self.tallies.get(part)
        if told is None:
            told = self.tallies[part] = Counter()
        for name, count in counts.items():
            told[name] += count
            if name in COUNTS:
                setattr(self, name, getattr(self, name) + count)

    def join(self, other: Report) -> None:
        """Add what another report found and counted."""
        for finding in other.findings:
            self._add(finding)
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.stale += other.stale
        self.waits |= other.waits
        for part, counts in other.tallies.items():
            self.tallies.setdefault(part, Counter()).update(counts)

    @property
    def clean(self) -> bool:
        """Return whether no error was found; warnings do not spoil it."""
        return not any(finding.severity == ERROR for finding in self.findings)

    def within(self, first: datetime | None, last: datetime | None) -> Report:
        """Return the report with only those findings about entries that bear a time in these bounds, and all others."""
        shown = [
            one
            for one in self.findings
            if one.at is None or ((first is None or first <= one.at) and (last is None or one.at <= last))
        ]
        return replace(self, findings=shown)

    def codes(self) -> set[str]:
        """Return the codes found."""
        return {finding.code for finding in self.findings}

    def _rows(self) -> list[dict[str, Any]]:
        """Return the findings, each with those that follow from it."""
        shown = {finding.key: finding.json() for finding in self.findings}
        rows = []
        for finding in self.findings:
            row, root = shown[finding.key], finding.root
            if root is not None and root.key in shown:
                shown[root.key].setdefault("follows", []).append(row)
            else:
                rows.append(row)
        return rows

    def json(self) -> dict[str, Any]:
        """Return the summary and the table of findings."""
        shared = {"shared": self.shared} if self.shared else {}
        return {
            "clean": self.clean,
            "findings": self._rows(),
            "events": self.events,
            "proofs_verified": self.proofs_verified,
            "signatures_verified": self.signatures_verified,
            "bytes_paid_twice": self.bytes_paid_twice,
            "amount_agreed": str(self.amount_agreed),
            "amount_settled": str(self.amount_settled),
            "openings": self.openings,
            "decisions_replayed": self.decisions_replayed,
            "figures": self.figures,
            "unread": list(self.unread),
            "went_on": self.went_on,
            **shared,
            "metered_by_provider": {
                "copies": self.copies,
                "bytes": str(self.bytes_copied),
                "amount": str(self.amount_copied),
                "unpriced": self.copies_unpriced,
            },
        }


COUNTS = frozenset(one.name for one in fields(Report) if one.type == "int")
