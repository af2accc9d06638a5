"""From what a person says of a price to a tariff, and what follows from it: caps, exposure, deposit.

Law: what is negotiated is the price of the brief and nothing else; cap, exposure and deposit are worked out of the
tariff by the same table that prices every order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import ceil
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from connector.licence.licensed import rows_of
from connector.runtime.errors import InvalidInput, VerificationFailed
from contracts import currencies, meter, periods
from contracts.errors import ContractError
from contracts.records import Run
from contracts.tariff import Tariff, amount
from contracts.tiers import FULL_BPS, Tier
from contracts.units import AGREEMENT, COMPUTED, QUOTAS, SCANNED, UNITS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalog.dataset import Dataset
    from connector.custody.sealed import Sealed
    from contracts.ranges import RowSet
    from ledger.edition.row_table import RowTable

UNITS_MAX = 1_000_000_000  # of one quota or step, in the measures below
EXPOSED_PIECES = 8  # the default exposure is the price of eight pieces
DEPOSIT_MIN = 1  # the chain opens no channel without one; of what is free it comes back whole
DEPOSIT_USES = 3  # openings or calls that a channel is filled for when nobody says
CAPPED_QUOTAS = 2  # a subscription with a price beyond its quota is capped at twice its last step in each period
# what a person says → the unit of the tariff, and how many of them one is; a flat price says its own
MEASURES: Mapping[str, tuple[str, int]] = MappingProxyType(
    {"MiB": ("byte", 1 << 20), "GiB": ("byte", 1 << 30)}
    | {name: (name, unit.parts) for name, unit in UNITS.items() if name not in {"byte", "subscription", SCANNED}}
    | {"krow": ("row", 1000)}
)


@dataclass(frozen=True, slots=True)
class Goods:
    """What is priced: the pieces of an edition that are offered, their sizes in bytes, and the records in them."""

    pieces: RowSet
    table: RowTable
    piece_bytes: int
    records: tuple[Run, ...]


def goods(dataset: Dataset, sealed: Sealed, pieces: RowSet) -> Goods:
    """Return the pieces of a sealed edition that are offered."""
    counted = {file.path: file.rows for file in dataset.files}
    runs = tuple(
        Run.spread(file.first_row, file.row_count, records, file.rows_per_piece)
        for file in sealed.index.files
        if (records := counted.get(file.name)) and file.row_count
    )
    return Goods(pieces, sealed.table, sealed.header.piece_bytes, runs)


def measured(said: str, tier: str) -> tuple[str, int]:
    """Return the unit that is meant by a measure, and how many of it one is: of data that stay, rows are looked at."""
    unit, size = MEASURES[said]
    return SCANNED if (unit, tier) == ("row", COMPUTED) else unit, size


def check(brief: Mapping[str, Any]) -> None:
    """Refuse a price that no tariff says, or that the tier cannot count; raises InvalidInput."""
    unit, every, quota = brief["unit"], brief.get("every"), brief.get("quota")
    if (every is None) != (quota is None):
        raise InvalidInput("a subscription has `every` and `quota`, and no other price has either")
    counts = measured(unit, brief["tier"])[0]
    if every is not None and counts not in QUOTAS:
        raise InvalidInput(f"a quota of `{unit}` cannot be counted", f"use one of {', '.join(sorted(QUOTAS))}")
    if brief["tier"] not in UNITS[counts].tiers:
        tier = brief["tier"]
        allowed = ", ".join(name for name in MEASURES if tier in UNITS[measured(name, tier)[0]].tiers)
        raise InvalidInput(f"the tier `{brief['tier']}` is not priced by `{unit}`", f"use one of {allowed}")
    _shaped(brief, currencies.FIRST, flat_bytes=1, records=(Run(0, 1, 1, 1),))


def previewed(brief: Mapping[str, Any], plain_bytes: int, currency: str) -> Tariff:
    """Return the tariff of a checked brief before anything is sealed: of so many bytes, its records not counted yet."""
    return _shaped(brief, currency, flat_bytes=plain_bytes, records=(Run(0, 1, 1, 1),))


def tariff(brief: Mapping[str, Any], offered: Goods, currency: str) -> Tariff:
    """Return the tariff of a checked brief at the asked price; raises InvalidInput if nothing can be counted by it.

    `currency` is the space's.
    """
    return _shaped(brief, currency, flat_bytes=_plain(offered.pieces, offered.table), records=offered.records)


def require_currency(told: str, currency: str) -> None:
    """Raise InvalidInput for a price in another currency than the space's: its token counts no other."""
    if told != currency:
        raise InvalidInput(
            f"the price is in `{told[:20]}`, and this space settles in `{currency}`", f"name the price in {currency}"
        )


def limits(brief: Mapping[str, Any], agreed: Tariff, offered: Goods, now: datetime) -> dict[str, str]:
    """Return what an agreement is capped at: all that is offered, once; the openings permitted; each period's most."""
    if agreed.period:
        many = periods.between(agreed.period, now, datetime.fromisoformat(brief["until"]))
        most = CAPPED_QUOTAS * agreed.tiers[-1].above if agreed.tiers else agreed.per
        return {"units": str(most), "periods": str(max(many, 1))}
    if agreed.counted.paid_within == AGREEMENT:
        return {"units": str(meter.added(agreed, offered.pieces, offered.table, begins=False))}
    # one more than permitted: the next opening is refused by the policy, which says why, and not by the purse
    return {"units": str(brief["openings"] + 1)} if brief.get("openings") else {}


def exposure(agreed: Tariff, offered: Goods) -> int:
    """Return the default `maxExposure`: eight pieces at the dearest step, one use, or the whole where it is due."""
    row = UNITS[agreed.unit]
    pieces = offered.pieces.take(EXPOSED_PIECES)
    largest = {"byte": EXPOSED_PIECES * offered.piece_bytes, "piece": EXPOSED_PIECES}
    largest["record"] = EXPOSED_PIECES * max((run.per_piece for run in agreed.records), default=0)
    once = agreed.counted.parts * meter.added(agreed, pieces, offered.table, begins=True)
    exposed = largest.get(agreed.counted.counts, once)
    dearest = max([tier.bps for tier in agreed.tiers] + ([] if row.whole else [FULL_BPS]), default=0)
    steps = ceil(Fraction(agreed.minor * exposed * dearest, agreed.per * FULL_BPS))
    return (agreed.minor if row.whole else 0) + (min(steps, agreed.minor) if row.ends else steps)


def verify(terms: Mapping[str, Any], table: RowTable) -> None:
    """Refuse, as the buyer, a price whose shape is not that of the agreed edition; raises VerificationFailed."""
    agreed, pieces = Tariff.from_json(terms["tariff"]), rows_of(terms, table)
    if agreed.unit == "flat" and agreed.per != _plain(pieces, table):
        raise VerificationFailed(
            f"the flat price is spread over `{agreed.per}` bytes, which are not those of the agreed edition",
            "agree anew: what is due at the beginning is a price in advance, and says so",
        )
    if any(run.first + run.count > len(table) for run in agreed.records):
        raise VerificationFailed("the price counts rows in pieces that the agreed edition does not have", "agree anew")


def usual_deposit(agreed: Tariff, cap: int) -> int:
    """Return what a channel is filled with when nobody says: a few uses, one period, or all there is to pay."""
    usual = cap
    if agreed.period:
        usual = amount(agreed, agreed.per)
    elif agreed.counted.paid_within != AGREEMENT:
        usual = amount(agreed, DEPOSIT_USES * agreed.counted.parts)
    return max(min(usual, cap), DEPOSIT_MIN)


def deposit(agreed: Tariff, left: int, said: str | None) -> int:
    """Return what a channel is filled with when `left` may still become due: what was said, never more than that."""
    usual = usual_deposit(agreed, left)
    return usual if said is None else min(int(said), max(left, usual))


def _plain(pieces: RowSet, table: RowTable) -> int:
    return sum(table.plain_bytes(first, count) for first, count in pieces.ranges)


def _shaped(brief: Mapping[str, Any], currency: str, *, flat_bytes: int, records: tuple[Run, ...]) -> Tariff:
    counts, size = measured(brief["unit"], brief["tier"])
    tiers = tuple(Tier(above * size, bps) for above, bps in brief.get("beyond") or ())
    minor, per = int(brief["price"]), flat_bytes if counts == "flat" else size
    if "records" in UNITS[counts].members and not records:
        text = f"nothing can be priced by the {counts}: no table was read in the files"
        raise InvalidInput(text, "publish with `--dry-run` to see why, or name another `--unit`")
    try:
        if brief.get("every") is not None:
            quota = int(brief["quota"]) * size
            return Tariff("subscription", minor, quota, currency, tiers, counts, brief["every"])
        own = records if "records" in UNITS[counts].members else ()
        return Tariff(counts, minor, per, currency, tiers, records=own)
    except ContractError as error:
        raise InvalidInput(f"the price is none: {error}") from error
