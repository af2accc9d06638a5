# ruff: noqa: RUF001 (Chinese is written with full-width marks)
"""The rules of a watching supervisor: a row a rule, held against the figures of an audit.

Law: a rule is no finding. It hits what is lawful and yet to be looked at; its limit is the supervisor's own. A rule
without a row is refused, one without a limit is off.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that hit: whom or what, and the fact in words' braces."""

    rule: str
    subject: str
    facts: tuple[tuple[str, str], ...]

    def text(self, lang: str = "en") -> str:
        """Return the hit in words, English or Chinese (`zh`)."""
        return (RULES[self.rule].en if lang == "en" else RULES[self.rule].zh).format(**dict(self.facts))

    def json(self) -> dict[str, str]:
        """Return the row that is printed."""
        return {"rule": self.rule, "subject": self.subject, "en": self.text(), "zh": self.text("zh")}


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: the limit when nobody says another (None: off), what it looks at, its words."""

    limit: Fraction | None
    look: Callable[[Mapping[str, Any], Fraction, datetime], Iterator[tuple[str, dict[str, object]]]]
    en: str
    zh: str


def check(figures: Mapping[str, Any], limits: Mapping[str, Fraction], now: datetime) -> list[Hit]:
    """Return what hits, in the order of the table; `limits` is rule → limit of those that are on."""
    hits = []
    for name, limit in limits.items():
        for subject, facts in RULES[name].look(figures, limit, now):
            told = tuple((key, str(value)) for key, value in {**facts, "limit": _shown(limit)}.items())
            hits.append(Hit(name, subject, told))
    return hits


def read_limits(document: Mapping[str, Any]) -> dict[str, Fraction]:
    """Return rule → limit of a rules file; those it does not name keep their own. ValueError for what is no rule."""
    for name, value in document.items():
        if name not in RULES:
            raise ValueError(f"no rule is called `{name}`; there are {', '.join(RULES)}")
        if type(value) not in {int, float, bool} or (value is True) or value < 0:
            raise ValueError(f"the limit of `{name}` is a number of 0 or more, or false to switch it off")
    own = {name: rule.limit for name, rule in RULES.items()}
    said = {name: None if value is False else Fraction(str(value)) for name, value in document.items()}
    return {name: limit for name, limit in {**own, **said}.items() if limit is not None}


def _volume(figures: Mapping[str, Any], limit: Fraction, _: datetime) -> Iterator[tuple[str, dict[str, object]]]:
    for row in figures["volume"]:
        if int(row["amount"]) > limit:
            yield row["product"], {"amount": row["amount"], "tier": row["tier"]}


def _concentration(figures: Mapping[str, Any], limit: Fraction, _: datetime) -> Iterator[tuple[str, dict[str, object]]]:
    for side, row in figures["concentration"].items():
        if row["parties"] > 1 and Fraction(row["share"]) > limit:
            yield row["largest"], {"share": row["share"], "side": side}


def _price(figures: Mapping[str, Any], limit: Fraction, _: datetime) -> Iterator[tuple[str, dict[str, object]]]:
    """Compare with the median of all products of the same tier, unit and currency; of one alone nothing can be said."""
    classes: dict[tuple[str, ...], list[Mapping[str, str]]] = defaultdict(list)
    for row in figures["prices"]:
        classes[row["tier"], row["unit"], row["currency"]].append(row)
    for rows in classes.values():
        middle = median(Fraction(row["highest"]) for row in rows)
        for row in rows:
            lowest, highest = Fraction(row["lowest"]), Fraction(row["highest"])
            if len(rows) > 1 and (lowest * limit < middle or highest > middle * limit):
                names = {"lowest": _shown(lowest), "highest": _shown(highest), "median": _shown(middle)}
                yield row["product"], {**names, "unit": row["unit"]}


def _silent(figures: Mapping[str, Any], limit: Fraction, now: datetime) -> Iterator[tuple[str, dict[str, object]]]:
    for row in figures["logs"]:
        if row["newest"] is None or _older(row["newest"], limit, now):
            yield row["party"], {"since": row["newest"] or "ever"}


def _unanchored(figures: Mapping[str, Any], limit: Fraction, now: datetime) -> Iterator[tuple[str, dict[str, object]]]:
    for row in figures["logs"]:
        if int(row["entries"]) > int(row["anchored"]) and (row["marked"] is None or _older(row["marked"], limit, now)):
            yield row["party"], {"left": int(row["entries"]) - int(row["anchored"]), "since": row["marked"] or "ever"}


def _older(stamp: str, hours: Fraction, now: datetime) -> bool:
    return now - datetime.fromisoformat(stamp) > timedelta(hours=float(hours))


def _shown(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.6g}"


# rule → its limit, what it looks at, English, Chinese
RULES: Mapping[str, Rule] = {
    "volume_above": Rule(
        None,
        _volume,
        "sold for {amount} hundredths in tier {tier}, above {limit}",
        "在 {tier} 层级的成交额为 {amount}（货币的百分之一），高于 {limit}",
    ),
    "concentration_above": Rule(
        Fraction(90),
        _concentration,
        "has {share} per cent of the money of all {side}, above {limit}",
        "占全部 {side} 金额的 {share}%，高于 {limit}%",
    ),
    "price_off": Rule(
        Fraction(10),
        _price,
        "asks {lowest} to {highest} per {unit}, more than {limit} times off the median {median} of its class",
        "每 {unit} 价格为 {lowest} 至 {highest}，偏离同类中位数 {median} 超过 {limit} 倍",
    ),
    "silent_hours": Rule(
        Fraction(24),
        _silent,
        "has published nothing since {since}: more than {limit} hours",
        "自 {since} 起未公布任何条目，超过 {limit} 小时",
    ),
    "unanchored_hours": Rule(
        Fraction(1),
        _unanchored,
        "has {left} entries that are not anchored; the newest anchor is of {since}: more than {limit} hours",
        "有 {left} 条未锚定，最近一次锚定为 {since}，超过 {limit} 小时",
    ),
}
