"""What differs between two versions of a listing, in words: one line a thing, English and 中文.

Law: what is equal is not told; what a version says and no line tells of, the last line counts, so that two versions
that differ never look alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catalog import service
from catalog.classes import DIMENSIONS
from catalog.codes import FREQUENCIES, SECURITY_GRADES, SERVICE_TYPES, TIERS
from catalog.dataset import dataset_from_json
from contracts import price_words
from contracts.tariff import asked
from policy.parse import parse
from policy.words.speak import explain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from catalog.dataset import Dataset
    from catalog.service import Service

    Described = Dataset | Service
    # key, English, 中文, what of a version, how it is shown
    Plain = tuple[str, str, str, Callable[[Any, Any], Any], Callable[[Any], tuple[str, str]]]

TEXT_CHARACTERS_SHOWN = 80
COLUMNS_SHOWN = 8
_NEW = "new columns"
# what offers of one negotiation say in a word: key, English, 中文
_SAID_PLAINLY = (("amount", "price", "价格"), ("until", "until", "截止时间"))


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: what it is of (`key`), and what became of it."""

    key: str
    en: str
    zh: str

    def json(self) -> dict[str, str]:
        """Return the JSON form."""
        return {"key": self.key, "en": self.en, "zh": self.zh}


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Compare two versions, each as a product is handed in: title, tier, dataset, offer, edition, header, space."""
    before, after = dataset_from_json(old["dataset"]), dataset_from_json(new["dataset"])
    found = [
        *_plain(_OF_PRODUCT, old, new, before, after),
        *_classes(before, after),
        *_columns(before, after),
        *_said(before, after),
        *_price(old, new),
        *_policy(old, new),
        *_edition(old, new),
    ]
    return _whole(old, new, found)


def of_services(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Compare two versions of a service, each as it is handed in: title, service, space."""
    before, after = (service.from_json(one["service"]) for one in (old, new))
    offers = _as_offered(old), _as_offered(new)
    said = _plain(_OF_SERVICE, old, new, before, after)
    return _whole(old, new, [*said, *_classes(before, after), *_price(*offers), *_policy(*offers)])


def _whole(old: Mapping[str, Any], new: Mapping[str, Any], found: list[Difference]) -> tuple[Difference, ...]:
    if not found and old != new:
        return (Difference("other", "something that has no words", "其他内容有变化"),)
    return tuple(found)


def _as_offered(version: Mapping[str, Any]) -> dict[str, Any]:
    """Return price and rules of a service's version where those of a product stand."""
    told = version["service"]
    offer = {"ask": told["tariff"]["minor"], "terms": {"tariff": told["tariff"]}, "policy": told["policy"]}
    return {"id": version["id"], "offer": offer}


def of_offers(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Compare two offers of one negotiation, each `{id, offer: {ask, terms: {tariff}, policy}}`: price, end and rules.

    What one of them does not say is not told: `terms` and `ask`, or in their place the `amount`, and `until`.
    """
    was, now = old["offer"], new["offer"]
    priced = "terms" in was and "terms" in now
    plain = [
        Difference(key, f"{en}: {was[key]} → {now[key]}", f"{zh}: {was[key]} → {now[key]}")
        for key, en, zh in _SAID_PLAINLY
        if key in was and key in now and was[key] != now[key]
    ]
    return (*(_price(old, new) if priced else ()), *plain, *_policy(old, new))


def _plain(
    rows: Sequence[Plain], old: Mapping[str, Any], new: Mapping[str, Any], before: Described, after: Described
) -> Iterator[Difference]:
    for key, en, zh, pick, show in rows:
        was, now = pick(old, before), pick(new, after)
        if was != now:
            (was_en, was_zh), (now_en, now_zh) = show(was), show(now)
            yield Difference(key, f"{en}: {was_en} → {now_en}", f"{zh}: {was_zh} → {now_zh}")


def _classes(before: Described, after: Described) -> Iterator[Difference]:
    for key, dimension in DIMENSIONS.items():
        was, now = before.classes.get(key, "—"), after.classes.get(key, "—")
        if was != now:
            yield Difference(key, f"{dimension.en}: {was} → {now}", f"{dimension.zh}: {was} → {now}")


def drift(before: Dataset, after: Dataset) -> tuple[Difference, ...]:
    """Return what of a schema breaks those who rely on it: columns gone, and columns of another kind."""
    return tuple(one for one in _columns(before, after) if one.key == "columns" and not one.en.startswith(_NEW))


def _columns(before: Dataset, after: Dataset) -> Iterator[Difference]:
    was, now = _kinds(before), _kinds(after)
    for names, en, zh in (
        ([name for name in now if name not in was], _NEW, "新增列"),
        ([name for name in was if name not in now], "columns gone", "删除列"),
        ([name for name in now if name in was and was[name] != now[name]], "columns of another kind", "列类型变化"),
    ):
        if names:
            shown = ", ".join(names[:COLUMNS_SHOWN]) + (
                f" (+{len(names) - COLUMNS_SHOWN})" * (len(names) > COLUMNS_SHOWN)
            )
            yield Difference("columns", f"{en}: {shown}", f"{zh}: {shown}")


def _said(before: Dataset, after: Dataset) -> Iterator[Difference]:
    """Tell that words changed which are too long to be shown, or are of many columns."""
    for names, key, en, zh in (
        (("title", "description"), "languages", "title or description in a language", "标题或说明的语言版本"),
        (("tables",), "meanings", "meaning of columns", "列含义"),
        (("relations",), "relations", "relations between tables", "表间关系"),
    ):
        if any(getattr(before.about, name) != getattr(after.about, name) for name in names):
            yield Difference(key, f"{en}: changed", f"{zh}: 有变化")


def _kinds(dataset: Dataset) -> dict[str, str]:
    return {column.name: column.kind for file in dataset.files for column in file.columns}


def _price(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    was, now = (_words_of_price(one) for one in (old, new))
    if was != now:
        yield Difference("price", f"price: {was[0]} → {now[0]}", f"价格: {was[1]} → {now[1]}")


def _words_of_price(version: Mapping[str, Any]) -> tuple[str, str]:
    tariff = asked(version["offer"])
    return price_words.price(tariff), price_words.price(tariff, "zh")


def _policy(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    said = {lang: [_sentences(one, lang) for one in (old, new)] for lang in ("en", "zh")}
    for at, (en, zh) in enumerate((("policy no longer says", "策略不再包含"), ("policy now says", "策略新增"))):
        lines = {lang: [one for one in of[at] if one not in of[1 - at]] for lang, of in said.items()}
        for line_en, line_zh in zip(lines["en"], lines["zh"], strict=True):
            yield Difference("policy", f"{en}: {line_en}", f"{zh}: {line_zh}")


def _sentences(version: Mapping[str, Any], lang: str) -> list[str]:
    """Return what a policy says, without the head, which names the product alone."""
    return explain(parse({"@type": "Set", "target": version["id"], **version["offer"]["policy"]}), lang)[1:]


def _edition(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    if old["edition"] != new["edition"]:
        was, now = (f"{one['header']['edition']} ({one['edition'][:8]})" for one in (old, new))
        yield Difference("edition", f"edition: {was} → {now}", f"版次: {was} → {now}")


def _text(value: Any) -> tuple[str, str]:
    shown = str(value)
    shown = shown if len(shown) <= TEXT_CHARACTERS_SHOWN else shown[:TEXT_CHARACTERS_SHOWN] + "…"
    return f"“{shown}”", f"“{shown}”"


def _number(value: Any) -> tuple[str, str]:
    return f"{value:,}", f"{value:,}"


def _grade(value: Any) -> tuple[str, str]:
    return SECURITY_GRADES[value].en, SECURITY_GRADES[value].zh


def _frequency(value: Any) -> tuple[str, str]:
    return FREQUENCIES[value].en, FREQUENCIES[value].zh


def _tier(value: Any) -> tuple[str, str]:
    return TIERS[value].en.split(":")[0], TIERS[value].zh.split(" (")[0]


def _service_type(value: Any) -> tuple[str, str]:
    return SERVICE_TYPES[value].en, SERVICE_TYPES[value].zh


_OF_ALL: tuple[Plain, ...] = (
    ("title", "title", "名称", lambda version, _: version["title"], _text),
    ("description", "description", "描述", lambda _, described: described.description, _text),
    ("keywords", "keywords", "关键词", lambda _, described: ", ".join(described.keywords), _text),
    ("space", "space", "空间", lambda version, _: version.get("space") or "main", _text),
    ("grade", "security grade", "安全等级", lambda _, described: described.grade, _grade),
    ("region", "region", "地区", lambda _, described: described.region, _text),
)
_OF_SERVICE: tuple[Plain, ...] = (
    *_OF_ALL,
    ("type", "type", "类型", lambda _, told: told.type, _service_type),
    ("endpoint", "address", "地址", lambda _, told: told.endpoint, _text),
    ("documentation", "described at", "文档地址", lambda _, told: told.documentation, _text),
    ("serves", "works on", "适用产品", lambda _, told: ", ".join(told.serves), _text),
)
_OF_PRODUCT: tuple[Plain, ...] = (
    *_OF_ALL,
    ("tier", "delivery", "交付方式", lambda version, _: version["tier"], _tier),
    ("frequency", "renewed", "更新频率", lambda _, dataset: dataset.frequency, _frequency),
    ("rows", "rows", "行数", lambda _, dataset: dataset.rows, _number),
    ("licence", "licence", "许可文本", lambda _, dataset: dataset.about.licence, _text),
    ("contact", "contact", "联系方式", lambda _, dataset: ", ".join(dataset.about.contact.values()), _text),
    ("citation", "citation", "引用格式", lambda _, dataset: dataset.about.citation, _text),
    ("bytes", "bytes", "字节数", lambda _, dataset: dataset.size, _number),
    ("program", "program", "程序", lambda _, dataset: dataset.application and dataset.application.program, _text),
)
