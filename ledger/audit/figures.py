"""Supervision figures: what moved, from where to where, and in how few hands; from the provider's releases alone.

Amounts are minor units, bytes plain bytes of the rows released; shares are of the money, in per cent. Figures are
counts over verified entries; whether they are true is what the findings say.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from ledger.audit.sums import MOVED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ledger.audit.billing import OrderLine, Tables
    from ledger.audit.deal import Deals
    from ledger.audit.report import Report
    from ledger.audit.sums import Sums
    from ledger.space.document import Space

TOP_FINDINGS_MAX = 10
Moved = defaultdict[tuple[str, ...], Counter[str]]


def count(lines: Iterable[OrderLine], deals: Deals, tables: Tables, report: Report) -> None:
    """Count orders, money and bytes of what was released, for each agreement."""
    for line in lines:
        if line.agreement in deals:
            report.tally(line.agreement, orders=1, amount=line.amount, bytes=_bytes(line, tables))


def gather(space: Space, sums: Sums) -> dict[str, Any]:
    """Return volume by product and tier, flows between regions, concentration on each side."""
    volume, flows = Moved(Counter), Moved(Counter)
    sold, bought = Counter[str](), Counter[str]()
    for of, moved in sums.sold.items():
        volume[of.product, of.tier] += moved
        flows[_region(space, of.provider), _region(space, of.buyer)] += moved
        sold[of.provider] += moved["amount"]
        bought[of.buyer] += moved["amount"]
    return {
        "volume": _rows(volume, ("product", "tier")),
        "flows": _rows(flows, ("from", "to")),
        "concentration": {"providers": _concentration(sold), "buyers": _concentration(bought)},
    }


def counted(report: Report) -> dict[str, Any]:
    """Return the findings of a whole audit by code, most first."""
    codes = Counter(finding.code for finding in report.findings)
    return {"findings": [{"code": code, "count": count} for code, count in codes.most_common(TOP_FINDINGS_MAX)]}


def _bytes(line: OrderLine, tables: Tables) -> int:
    table = tables.get(line.edition)
    if table is None or line.rows.end > len(table):
        return 0
    return sum(table.plain_bytes(first, count) for first, count in line.rows.ranges)


def _region(space: Space, did: str) -> str:
    member = space.members.get(did)
    return "" if member is None else member.region


def _rows(sums: Mapping[tuple[str, ...], Counter[str]], names: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {**dict(zip(names, key, strict=True)), **{name: str(sum_of[name]) for name in MOVED}}
        for key, sum_of in sorted(sums.items())
    ]


def _concentration(amounts: Counter[str]) -> dict[str, Any]:
    """Return the largest party's share and the Herfindahl index (10,000: one party has all)."""
    whole = amounts.total()
    if not whole:
        return {"parties": len(amounts), "largest": "", "share": "0", "herfindahl": "0"}
    [(largest, most)] = amounts.most_common(1)
    squares = sum((100 * amount / whole) ** 2 for amount in amounts.values())
    share = f"{100 * most / whole:.1f}"
    return {"parties": len(amounts), "largest": largest, "share": share, "herfindahl": f"{squares:.0f}"}
