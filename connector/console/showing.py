"""How a value looks on a page: money, moments, sizes, names, ids; the same in both languages where they agree."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from catalog.codes import TIERS
from connector.console import language, plots
from contracts import price_words
from contracts.attested import said

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SHORT_CHARACTERS = 12
# of a column, where it is told in a few words: of each value, and how many of the commonest
VALUE_CHARACTERS, COMMONEST = 24, 3
MINUTE_CHARACTERS = len("2026-11-23T12:34")
LEAST_SHOWN, MOST_SHOWN = 0.1, 99.9
SIZES = ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))
# terms whose words are rows `kind.VALUE`
TERMS = frozenset(
    {
        "hint",
        "kind",
        "state",
        "role",
        "turn",
        "process",
        "event",
        "severity",
        "source",
        "post",
        "move",
        "side",
        "movement",
        "way",
    }
)


def money(minor: Any, currency: str) -> str:
    """Return minor units as people write them; nothing for nothing."""
    return "" if minor in (None, "") else price_words.money(int(minor), currency)


def rate(told: Any, currency: str, lang: str) -> str:
    """Return a fraction of minor units (`8001/2`) as money, to the hundredth of a coin."""
    if told in (None, ""):
        return ""
    return price_words.rate(Fraction(str(told)), currency, lang)


def moment(at: Any) -> str:
    """Return an instant to the second, in UTC, as it is written everywhere on the console."""
    if at in (None, ""):
        return ""
    told = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    return told.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def size(count: Any) -> str:
    """Return a number of bytes in the largest measure that leaves a number above one."""
    if count in (None, ""):
        return ""
    value = int(count)
    for measure, name in SIZES:
        if value >= measure:
            return f"{value / measure:.1f} {name}"
    return f"{value} B"


def number(value: Any) -> str:
    """Return a whole number in groups of three digits."""
    if value in (None, ""):
        return ""
    return f"{int(value):,}"


def short(value: Any) -> str:
    """Return the beginning of an id; the page has all of it as its title."""
    text = str(value or "")
    return text if len(text) <= SHORT_CHARACTERS + 1 else text[:SHORT_CHARACTERS] + "…"


def did(value: Any, names: Mapping[str, str]) -> str:
    """Return a member's name, of somebody else the part of a DID that tells it from others."""
    text = str(value or "")
    return names.get(text) or text.removeprefix("did:web:").replace("%3A", ":")


def tier(key: Any, lang: str) -> str:
    """Return what a tier really controls, in words."""
    found = TIERS.get(str(key))
    return str(key or "") if found is None else getattr(found, lang)


def values(column: Mapping[str, Any]) -> str:
    """Return what a column's values are, in a few words: from least to most, or the commonest with their shares."""
    least, most = column.get("minimum"), column.get("maximum")
    if least and most and column.get("kind") == "time":
        return f"{least[:MINUTE_CHARACTERS].replace('T', ' ')} … {most[:MINUTE_CHARACTERS].replace('T', ' ')}"
    if least and most:
        return f"{least[:VALUE_CHARACTERS]} … {most[:VALUE_CHARACTERS]}"
    commonest = list(column.get("bars") or ())[:COMMONEST]
    return ", ".join(plots.told(called, share) for called, share in commonest)


def percent(part: Any, whole: Any) -> str:
    """Return a share in hundredths: `3`, `0.4`, of what is there at all never 0, of what is not all never 100."""
    share = 100 * int(part) / max(1, int(whole))
    if 0 < share < LEAST_SHOWN:
        return f"< {LEAST_SHOWN}"
    if MOST_SHOWN < share < 100:
        return f"> {MOST_SHOWN}"
    return f"{share:.1f}".removesuffix(".0")


SHOWN: Mapping[str, Callable[[Any], str]] = {
    "moment": moment,
    "bytes": size,
    "number": number,
    "id": short,
}


def cell(row: Mapping[str, Any], name: str, kind: str, *, lang: str, names: Mapping[str, str], currency: str) -> str:
    """Return the text of one cell of a table; an amount is in the space's `currency` unless its row names its own."""
    value = row.get(name)
    if kind == "money":
        return money(value, str(row.get("currency") or currency))
    if kind == "rate":
        return rate(value, str(row.get("currency") or currency), lang)
    if kind == "did":
        return did(value, names)
    if kind == "words":
        return str(row.get(lang, value) or "")
    if kind == "attested":
        return said(str(value), lang) if value else ""
    if kind == "tier":
        return tier(value, lang) + (f" · {said(row['attested'], lang)}" if row.get("attested") else "")
    if kind in TERMS:
        return "" if value in (None, "") else language.term(lang, kind, value)
    if kind in SHOWN:
        return SHOWN[kind](value)
    return "" if value is None else str(value)
