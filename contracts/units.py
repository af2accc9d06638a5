"""What a tariff may count, as a table: a missing row is a refusal (spec 3.6)."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

AGREEMENT, OPENING, CALL, MESSAGE, QUERY = "agreement", "opening", "call", "message", "query"
# what an answer may be counted by besides (`contracts.answered`), in the same place of an entry as calls
EPSILON, SCANNED, SECOND, MATCH = "epsilon", "scanned", "second", "match"
PLAIN, KEPT, LEASED, COMPUTED = "plain", "kept", "leased", "computed"


@dataclass(frozen=True, slots=True)
class Unit:
    """A row: what the quantity of a tariff is and what it is paid for.

    `counts` names a row of `contracts.meter.METERS`, empty where the tariff itself says what it counts (`of`).
    `words` say the quantity q. `paid_within` is within what a row paid once stays paid. `tiers` are those it may be
    agreed for. `whole`: the first unit costs the price, the others nothing unless a tier says so. `ends`: beyond `per`
    units nothing more is due. `graduated`: may have tiers. `members` are its own, beside those of every tariff.
    `parts`: of what is counted, so many are one as people say it.
    """

    counts: str
    words: str
    paid_within: str
    tiers: frozenset[str]
    whole: bool = False
    ends: bool = False
    graduated: bool = False
    members: frozenset[str] = frozenset()
    parts: int = 1


_BYTES = "plain bytes of the union of pieces paid"
_COPIES = frozenset({PLAIN, KEPT})

UNITS: Final[Mapping[str, Unit]] = MappingProxyType(
    {
        "byte": Unit("byte", _BYTES, AGREEMENT, _COPIES, graduated=True),
        "row": Unit(
            "record",
            "records of a table in the union of pieces paid",
            AGREEMENT,
            _COPIES,
            graduated=True,
            members=frozenset({"records"}),
        ),
        "piece": Unit("piece", "pieces paid", AGREEMENT, _COPIES, graduated=True),
        "opening": Unit("opening", "openings counted", OPENING, frozenset({LEASED}), graduated=True),
        "call": Unit("call", "requests answered", CALL, frozenset({PLAIN}), graduated=True),
        # of a stream; counted as calls are, in the same place of an entry
        MESSAGE: Unit(CALL, "messages delivered", CALL, frozenset({PLAIN}), graduated=True),
        # of data that stay where they are; counted as calls are, in the same place of an entry
        QUERY: Unit(CALL, "statements answered", CALL, frozenset({COMPUTED}), graduated=True),
        EPSILON: Unit(CALL, "hundredths of ε of the answers", CALL, frozenset({COMPUTED}), graduated=True, parts=100),
        SCANNED: Unit(
            CALL,
            "rows that the table has, for each answer",
            CALL,
            frozenset({COMPUTED}),
            graduated=True,
            members=frozenset({"records"}),
        ),
        SECOND: Unit(
            CALL, "tenths of CPU seconds of the answers", CALL, frozenset({COMPUTED}), graduated=True, parts=10
        ),
        MATCH: Unit(CALL, "subjects found whose rows were told", CALL, frozenset({COMPUTED}), graduated=True),
        "flat": Unit("byte", _BYTES, AGREEMENT, _COPIES, ends=True),
        "advance": Unit("byte", _BYTES, AGREEMENT, _COPIES | {LEASED}, whole=True),
        "subscription": Unit(
            "",
            "in one period, what `of` counts",
            "",
            frozenset(),
            True,
            graduated=True,
            members=frozenset({"of", "period"}),
        ),
        "free": Unit("byte", _BYTES, AGREEMENT, _COPIES | {LEASED, COMPUTED}),
    }
)
# what the quota of a subscription may count: every unit that has a price for each of it
QUOTAS: Final = frozenset(name for name, unit in UNITS.items() if unit.graduated and unit.counts and not unit.members)
