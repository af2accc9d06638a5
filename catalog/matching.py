"""How well a product meets a demand: a score of 100 points, each with the reason for it.

The points are one table. What the policy of the product forbids is no match, however well it is described, nor is what
has no word of what is looked for. The same score is used from both sides: products for a demand, demands for a product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.words import words
from contracts import price_words
from contracts.units import UNITS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from catalog.demand import Demand
    from catalog.question import Entry, Question
    from catalog.use import Use
    from contracts.tariff import Tariff

WHOLE = 100
# fewer points are no match
LEAST = 50
# reasons that make it none, whatever else it has
NEVER = frozenset({"no-words", "not-permitted"})


@dataclass(frozen=True, slots=True)
class Offered:
    """A listed product: what the index holds of it, its tariff at the asked price, and whether its policy permits.

    `permits` is asked only when the demand names a use, and answers with why in words.
    """

    entry: Entry
    tariff: Tariff
    permits: Callable[[Use], tuple[bool, str]]


class Reason(NamedTuple):
    """`points` of at most `of`, and why, in English and 中文."""

    code: str
    points: int
    of: int
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Match:
    """A product's points for a demand; `score` is their sum, 0 if it may not be used so."""

    score: int
    reasons: tuple[Reason, ...]

    def json(self) -> dict[str, Any]:
        """Return its JSON form."""
        return {"score": self.score, "reasons": [reason._asdict() for reason in self.reasons]}


def match(demand: Demand, offered: Offered) -> Match:
    """Return how well the product meets the demand."""
    asked = demand.question
    reasons = tuple(judge(demand, asked, offered, points) for judge, points in POINTS.items())
    never = any(reason.code in NEVER for reason in reasons)
    return Match(0 if never else sum(reason.points for reason in reasons), reasons)


def _words(demand: Demand, asked: Question, offered: Offered, of: int) -> Reason:
    there = set(offered.entry.words)
    # a word of the title says more of what is looked for than one of the description
    wanted = set(words(demand.title))
    if not wanted & there:
        return Reason("no-words", 0, of, "no word of what is looked for is in it", "未命中任何词")
    found, more = wanted & there, (set(asked.words) - wanted) & there
    share = len(found) / len(wanted)
    extra = min(1.0, len(more) / 4)
    told = ", ".join(sorted(found | more)[:8])
    points = round(of * (0.8 * share + 0.2 * extra))
    return Reason("words", points, of, f"words that are in it: {told}", f"命中词: {told}")


def _conditions(_: Demand, asked: Question, offered: Offered, of: int) -> Reason:
    entry = offered.entry
    missed = [name for name, values in asked.facets.items() if not set(values) & set(entry.facets.get(name, ()))]
    missed += [name for name, ends in asked.ranges.items() if not _within(entry.measures[name], *ends)]
    count = len(asked.facets) + len(asked.ranges)
    if not count:
        return Reason("conditions", of, of, "nothing more is asked", "无其他条件")
    told = ", ".join(missed)
    en, zh = ("every condition holds", "全部条件满足") if not missed else (f"not so: {told}", f"不满足: {told}")
    return Reason("conditions", of * (count - len(missed)) // count, of, en, zh)


def _price(demand: Demand, _: Question, offered: Offered, of: int) -> Reason:
    tariff = offered.tariff
    en, zh = price_words.price(tariff), price_words.price(tariff, "zh")
    if demand.most is None or tariff.unit == "free":
        return Reason("price", of, of, f"{en}, and any price will do" if demand.most is None else en, zh)
    if (tariff.unit, tariff.currency) != (demand.unit, demand.currency):
        return Reason("price-incomparable", 0, of, f"{en}: priced by another unit or currency", f"{zh}: 计价方式不同")
    # both are `minor` per `per`: the demand speaks of one unit as people say it
    asked, most = tariff.minor * UNITS[tariff.unit].parts, demand.most * tariff.per
    if asked <= most:
        return Reason("price", of, of, f"{en}: within what is offered", f"{zh}: 在预算内")
    return Reason("price-above", of * most // asked, of, f"{en}: above it", f"{zh}: 超出预算")


def _permitted(demand: Demand, _: Question, offered: Offered, of: int) -> Reason:
    if demand.use is None:
        return Reason("permitted", of, of, "no purpose is named", "未指定用途")
    allowed, why = offered.permits(demand.use)
    if allowed:
        return Reason("permitted", of, of, "its policy permits this use", "策略允许该用途")
    return Reason("not-permitted", 0, of, f"its policy does not permit this use: {why}", f"策略不允许该用途: {why}")


def _within(value: int, low: int | None, high: int | None) -> bool:
    return (low is None or low <= value) and (high is None or value <= high)


POINTS: Mapping[Callable[[Demand, Question, Offered, int], Reason], int] = {
    _words: 50,
    _conditions: 25,
    _price: 15,
    _permitted: 10,
}
assert sum(POINTS.values()) == WHOLE, "the points are of a hundred"
