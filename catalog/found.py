"""A product found elsewhere: which of several sightings are of one product, and what cannot be done with it here.

Law: two sightings are of one product when they name the same provider and the same id at it; then it is shown once,
with every origin. Its id here begins with `found:`, as no product that is listed here may.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "found:"
ID_DIGITS = 40

# the two kinds of products: with everything that an exchange lists, and as the Dataspace Protocol tells it
SEALED, PLAIN = "sealed", "dsp"


@dataclass(frozen=True, slots=True)
class Limit:
    """Something that a product found elsewhere does not have, or that cannot be done with it, in words."""

    key: str
    en: str
    zh: str


LIMITS: Mapping[str, Limit] = {
    limit.key: limit
    for limit in (
        Limit(
            "other-space", "traded in another space: become a member there to buy it", "在另一空间交易: 加入后方可购买"
        ),
        Limit("not-reviewed", "reviewed by nobody here: its source vouches for it", "本交易所未审核: 由来源担保"),
        Limit(
            "no-edition", "no sealed edition: nothing can be checked before it is paid", "无密封版本: 付款前无法核验"
        ),
        Limit(
            "no-evidence",
            "no log and no chain: what happens is its provider's word",
            "无日志与链上记录: 仅凭提供方所述",
        ),
        Limit("odrl-terms", "terms as ODRL alone: no tariff, split or arbitration", "仅有 ODRL 条款: 无计价分账仲裁"),
        Limit("no-price", "no price told: ask its provider", "未标明价格: 请询提供方"),
        Limit("no-profile", "no files, columns or measured quality told", "未说明文件, 字段与实测质量"),
        Limit("hearsay", "told by another than its provider", "由提供方以外的一方转述"),
        Limit("origins-differ", "its origins tell different things of it", "各来源说法不一"),
    )
}


def found_id(provider: str, own: str) -> str:
    """Return the id here of what `provider` calls `own`; the length keeps two pairs from being one text."""
    return PREFIX + sha256(f"{len(provider)} {provider} {own}".encode()).hexdigest()[:ID_DIGITS]


def is_found(key: str) -> bool:
    """Say whether an id is of a product found elsewhere."""
    return key.startswith(PREFIX)


def limits_of(kind: str, *, priced: bool, hops: int, differ: bool) -> tuple[str, ...]:
    """Return the keys of what a product lacks; `hops` are the parties between its provider and us."""
    lacks = {
        "other-space": kind == SEALED,
        "not-reviewed": True,
        "no-edition": kind == PLAIN,
        "no-evidence": kind == PLAIN,
        "odrl-terms": kind == PLAIN,
        "no-price": not priced,
        "no-profile": kind == PLAIN,
        "hearsay": hops > 1 or (kind == PLAIN and hops > 0),
        "origins-differ": differ,
    }
    return tuple(key for key in LIMITS if lacks[key])
