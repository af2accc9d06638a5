"""Indicators of a market: each with its formula, where its figures come from, and the national survey's value beside.

Law: a figure is a ratio of two counts that anybody can make again from the chain, the space's document and the
catalogue; a survey asks other people about another year, so its value is a yardstick and no target. Sources of the
yardsticks: 全国数据资源调查报告 2023 and 2024, CAICT 数据要素发展报告 2025.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PERCENT, TIMES, NUMBER = "%", "times", ""
# units in which markets of any size can be compared
SHARES = frozenset({PERCENT, TIMES})


@dataclass(frozen=True, slots=True)
class Market:
    """What the figures are made of: counts, bytes, and `turnover` in minor units of the settlement token."""

    listed: int
    listed_with_deal: int
    listed_bytes: int
    listed_table_bytes: int
    members: int
    providers: int
    buyers: int
    buyers_with_deal: int
    deals: int
    turnover: int
    demands: int
    demands_met: int
    trades: int
    trades_priced: int
    complaints: int
    complaints_closed: int
    complaints_late: int


@dataclass(frozen=True, slots=True)
class Indicator:
    """One row: `of` gives two counts, the second None for a plain number; `beside` is the figure in `national`."""

    key: str
    en: str
    zh: str
    formula: str
    source: str
    unit: str
    of: Callable[[Market], tuple[int, int | None]]
    national: str = ""
    beside: str = ""

    def value(self, market: Market) -> str:
        """Return the figure as text; `none` of nothing."""
        part, whole = self.of(market)
        if whole is None:
            return str(part)
        if not whole:
            return NONE
        share = Fraction(part, whole)
        return f"{float(100 * share):.1f}" if self.unit == PERCENT else f"{float(share):.2f}"


NONE = "none"
CHAIN, CATALOGUE, DOCUMENT = "the chain", "the catalogue", "the space's document"

INDICATORS: tuple[Indicator, ...] = (
    Indicator(
        "deal-rate",
        "deal rate of listed products",
        "产品成交率",
        "listed products with at least one licence ÷ listed products",
        f"{CATALOGUE}; LicenceGranted of {CHAIN}",
        PERCENT,
        lambda market: (market.listed_with_deal, market.listed),
        "17.9 % (27 exchanges, 2023)",
        "17.9",
    ),
    Indicator(
        "demand-supply",
        "demand to supply",
        "供需比",
        "members that buy ÷ members that provide",
        DOCUMENT,
        TIMES,
        lambda market: (market.buyers, market.providers),
        "1.75 (2023)",
        "1.75",
    ),
    Indicator(
        "buyers-with-deal",
        "buyers that ever bought",
        "有成交的需求方占比",
        "buyers with at least one licence ÷ members that buy",
        f"{DOCUMENT}; LicenceGranted of {CHAIN}",
        PERCENT,
        lambda market: (market.buyers_with_deal, market.buyers),
        "66 % of sector leaders, 30 % of data firms ever bought (2024): of firms, not of members",
        "66",
    ),
    Indicator(
        "structured",
        "structured share of what is listed",
        "结构化数据占比",
        "bytes of listed tables ÷ bytes of listed files",
        CATALOGUE,
        PERCENT,
        lambda market: (market.listed_table_bytes, market.listed_bytes),
        "18.70 % of stored bytes (2024)",
        "18.70",
    ),
    Indicator(
        "demands-met",
        "demands met",
        "需求满足率",
        "demands met by an agreement ÷ demands posted",
        f"demands of {CATALOGUE}; LicenceGranted of {CHAIN}",
        PERCENT,
        lambda market: (market.demands_met, market.demands),
    ),
    Indicator(
        "trades-priced",
        "trades behind published prices",
        "价格信息覆盖率",
        "trades in the classes that `penstock prices` shows ÷ trades recorded",
        "trade.recorded of the exchange's log",
        PERCENT,
        lambda market: (market.trades_priced, market.trades),
    ),
    Indicator(
        "complaints",
        "complaints",
        "投诉率",
        "complaints filed ÷ licences granted",
        f"complaint.moved of the exchange's log; LicenceGranted of {CHAIN}",
        PERCENT,
        lambda market: (market.complaints, market.deals),
    ),
    Indicator(
        "complaints-closed",
        "complaints closed",
        "投诉办结率",
        "complaints settled, withdrawn or decided ÷ complaints filed",
        "complaint.moved of the exchange's log",
        PERCENT,
        lambda market: (market.complaints_closed, market.complaints),
    ),
    Indicator(
        "complaints-late",
        "complaints answered late",
        "投诉逾期率",
        "complaints whose respondent was late ÷ complaints filed",
        "complaint.moved of the exchange's log",
        PERCENT,
        lambda market: (market.complaints_late, market.complaints),
    ),
    Indicator(
        "members",
        "members",
        "数据商会员数",
        "members of the space, the exchange not counted",
        DOCUMENT,
        NUMBER,
        lambda market: (market.members, None),
        "433 (Hunan, 2023 report)",
        "433",
    ),
    Indicator(
        "listed",
        "listed products",
        "上架产品数",
        "products listed now",
        CATALOGUE,
        NUMBER,
        lambda market: (market.listed, None),
        "3,859 (Hunan, 2023 report)",
        "3859",
    ),
    Indicator(
        "deals",
        "deals",
        "成交笔数",
        "licences granted",
        f"LicenceGranted of {CHAIN}",
        NUMBER,
        lambda market: (market.deals, None),
    ),
    Indicator(
        "turnover",
        "turnover",
        "交易额",
        "what was claimed on all channels",
        f"Claimed and Closed of {CHAIN}",
        NUMBER,
        lambda market: (market.turnover, None),
        "over 1.2 bn yuan (Hunan, 2023 report)",
    ),
)


def told(market: Market) -> list[Mapping[str, str]]:
    """Return every indicator as a row of text."""
    return [
        {
            "key": one.key,
            "en": one.en,
            "zh": one.zh,
            "value": one.value(market),
            "unit": one.unit,
            "formula": one.formula,
            "source": one.source,
            "national": one.national,
            "beside": one.beside,
        }
        for one in INDICATORS
    ]
