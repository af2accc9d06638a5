"""The words a product is described with, as tables: tiers, delivery formats, grades, frequencies, delivery forms.

A term without a row is refused. The tier table is where honesty lives: what a tier really controls is said here once,
and every listing, agreement and receipt repeats it from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalog.errors import CatalogError
from contracts.namespace import FORMAT_SEALED

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT_PLAIN = "HttpData-PULL"
FORMAT_PUSH = "HttpData-PUSH"


@dataclass(frozen=True, slots=True)
class Tier:
    """How far control over a delivered copy really reaches.

    `formats` are the ways of delivery that keep the promise, `counted_by` names whose count the bill rests on, `action`
    is the ODRL action that a delivery serves.
    """

    key: str
    action: str
    formats: tuple[str, ...]
    counted_by: str
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Code:
    """A term of a coded field: its number on the national interfaces, and its words."""

    number: str
    key: str
    en: str
    zh: str


def _numbered(*rows: tuple[str, str, str]) -> dict[str, Code]:
    """Return the table of a field whose terms (key, English, 中文) are numbered in their order, from 1."""
    return {key: Code(f"{number:03d}", key, en, zh) for number, (key, en, zh) in enumerate(rows, start=1)}


TIERS: Mapping[str, Tier] = {
    tier.key: tier
    for tier in (
        Tier(
            "plain",
            "reproduce",
            (FORMAT_PLAIN, FORMAT_PUSH),
            "provider",
            "plain copy: metered by provider, no control after delivery",
            "明文副本 (由提供方计量, 交付后不再受控)",
        ),
        Tier(
            "kept",
            "reproduce",
            (FORMAT_SEALED,),
            "holder",
            "sealed, keys kept: counts kept by the holder's own connector",
            "密封副本, 密钥由持有方保管 (次数由持有方连接器自行记录)",
        ),
        Tier(
            "leased",
            "read",
            (FORMAT_SEALED,),
            "key holder",
            "sealed, keys leased per opening: counted by the key holder",
            "密封副本, 密钥按次租用 (次数由密钥方记录)",
        ),
        Tier(
            "computed",
            "compute",
            (FORMAT_PLAIN,),
            "provider",
            "computed at the provider: answers alone leave, through a gate both sides signed",
            "在提供方计算 (数据不出域, 仅经双方签署的闸门输出答案)",
        ),
    )
}

SECURITY_GRADES: Mapping[int, Code] = {
    1: Code("001", "level-1", "level 1: public", "1级 公开"),
    2: Code("002", "level-2", "level 2: for those who ask", "2级"),
    3: Code("003", "level-3", "level 3: sensitive", "3级"),
    4: Code("004", "level-4", "level 4: very sensitive", "4级"),
    5: Code("005", "level-5", "level 5: highest", "5级"),
}

QUALITY_GRADES: Mapping[str, Code] = _numbered(*((letter, f"quality {letter}", f"质量{letter}级") for letter in "ABCD"))

FREQUENCIES: Mapping[str, Code] = _numbered(
    ("realTime", "in real time", "实时"),
    ("daily", "daily", "每日"),
    ("weekly", "weekly", "每周"),
    ("monthly", "monthly", "每月"),
    ("quarterly", "quarterly", "每季度"),
    ("semiannual", "twice a year", "每半年"),
    ("annual", "yearly", "每年"),
    ("irregular", "irregularly", "不定期"),
    ("historical", "never: a closed record", "历史数据"),
)

ORIGINS: Mapping[str, Code] = _numbered(
    ("original", "made by the provider", "原始"),
    ("collected", "collected", "采集"),
    ("traded", "acquired by trade", "交易"),
    ("other", "other", "其他"),
)

# what a price is for (`contracts.units`), as buyers look for it
PRICED_BY: Mapping[str, Code] = _numbered(
    ("byte", "by size", "按数据量"),
    ("row", "by row", "按行"),
    ("piece", "by piece", "按块"),
    ("opening", "by opening", "按打开次数"),
    ("call", "by call", "按调用次数"),
    ("message", "by message", "按消息条数"),
    ("flat", "one price, spread over what is taken", "一口价, 按取用量分摊"),
    ("advance", "one price, in advance", "一口价, 预付"),
    ("subscription", "by subscription", "订阅"),
    ("free", "free", "免费"),
    ("query", "by statement", "按查询次数"),
    ("epsilon", "by what answers tell (ε)", "按答复的 ε"),
    ("scanned", "by row looked at", "按所查行数"),
    ("second", "by CPU second", "按 CPU 秒"),
    ("match", "by subject found", "按命中计价"),
)

# currencies that prices are told in (ISO 4217); another one is told by its code
CURRENCIES: Mapping[str, Code] = {
    key: Code(number, key, en, zh)
    for key, number, en, zh in (
        ("CNY", "156", "yuan renminbi", "人民币元"),
        ("EUR", "978", "euro", "欧元"),
        ("JPY", "392", "yen", "日元"),
        ("USD", "840", "US dollar", "美元"),
    )
}

DELIVERY_FORMS: Mapping[str, Code] = _numbered(
    ("dataset", "data set", "数据集"),
    ("api", "interface", "API"),
    ("application", "application", "数据应用"),
    ("report", "report", "数据报告"),
    ("object", "data object", "数据对象"),
    ("other", "other", "其他"),
)

SERVICE_TYPES: Mapping[str, Code] = _numbered(
    ("catalogue", "catalogue", "目录服务"),
    ("api", "interface", "接口服务"),
    ("file", "files", "文件服务"),
    ("database", "database", "数据库服务"),
    ("analytics", "analysis", "分析服务"),
)


def tier(key: str) -> Tier:
    """Return the row of a tier; another word is refused."""
    if key not in TIERS:
        raise CatalogError(f"unknown tier `{key}`", path="tier", hint=f"one of {', '.join(TIERS)}")
    return TIERS[key]


def require(table: Mapping[str, Code], key: str, field: str) -> Code:
    """Return the row `key` of a code table, or refuse and name the terms that exist."""
    if key not in table:
        raise CatalogError(f"unknown {field} `{key}`", path=field, hint=f"one of {', '.join(table)}")
    return table[key]
