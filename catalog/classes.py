"""What a dataset is about: the classes of the national catalogue (NDI-TR-2025-06) and the industries of GB/T 4754-2017.

One row for each dimension. A class lies in others: `B0300` (transport) in `B0000`, the industry `56` (air transport) in
section `G`; who looks for the wider one finds the narrower, too. Topics and applications are open lists of which the
names of a few are published; a code of the right form without a name here stands for itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalog.codes import DELIVERY_FORMS, ORIGINS, Code
from catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Words = tuple[str, str]

TOPICS: Mapping[str, Words] = {
    "A0000": ("basics", "基础"),
    "A0100": ("population", "人口"),
    "A0200": ("legal persons", "法人"),
    "B0300": ("transport", "交通"),
    "B0500": ("finance", "金融"),
    "C0200": ("health", "卫生健康"),
    "D0000": ("government services", "政务服务"),
}
APPLICATIONS: Mapping[str, Words] = {
    "S0000": ("governance", "治理"),
    "T0000": ("livelihood", "民生"),
    "U0000": ("industry", "产业"),
    "V0000": ("safety", "安全"),
}
# section → its last division, and its name
SECTIONS: Mapping[str, tuple[int, str, str]] = {
    "A": (5, "agriculture, forestry, animal husbandry and fishery", "农、林、牧、渔业"),
    "B": (12, "mining", "采矿业"),
    "C": (43, "manufacturing", "制造业"),
    "D": (46, "electricity, heat, gas and water", "电力、热力、燃气及水生产和供应业"),
    "E": (50, "construction", "建筑业"),
    "F": (52, "wholesale and retail", "批发和零售业"),
    "G": (60, "transport, storage and post", "交通运输、仓储和邮政业"),
    "H": (62, "accommodation and catering", "住宿和餐饮业"),
    "I": (65, "information and software", "信息传输、软件和信息技术服务业"),
    "J": (69, "finance", "金融业"),
    "K": (70, "real estate", "房地产业"),
    "L": (72, "leasing and business services", "租赁和商务服务业"),
    "M": (75, "research and technical services", "科学研究和技术服务业"),
    "N": (79, "water, environment and public facilities", "水利、环境和公共设施管理业"),
    "O": (82, "resident services and repair", "居民服务、修理和其他服务业"),
    "P": (83, "education", "教育"),
    "Q": (85, "health and social work", "卫生和社会工作"),
    "R": (90, "culture, sports and entertainment", "文化、体育和娱乐业"),
    "S": (96, "public administration", "公共管理、社会保障和社会组织"),
    "T": (97, "international organisations", "国际组织"),
}


@dataclass(frozen=True, slots=True)
class Dimension:
    """One way to class a dataset: `line` gives a code and all that it lies in, nothing for what is no code."""

    key: str
    en: str
    zh: str
    line: Callable[[str], tuple[str, ...]]
    named: Mapping[str, Words]
    form: str

    def words(self, code: str) -> Words | None:
        """Return what a code is called in English and 中文, itself without a published name; None for no code."""
        return self.named.get(code, (code, code)) if self.line(code) else None

    def require(self, code: str) -> None:
        """Raise CatalogError unless it is a code of this dimension."""
        if not self.line(code):
            raise CatalogError(f"unknown {self.key} `{code[:40]}`", path=f"classes/{self.key}", hint=self.form)


def _lettered(letters: str) -> Callable[[str], tuple[str, ...]]:
    form = re.compile(rf"[{letters}][0-9]{{4}}")

    def line(code: str) -> tuple[str, ...]:
        if form.fullmatch(code) is None:
            return ()
        return tuple(dict.fromkeys((code[0] + "0000", code[:3] + "00", code)))

    return line


def _industry(code: str) -> tuple[str, ...]:
    if code in SECTIONS:
        return (code,)
    if re.fullmatch(r"[0-9]{2}", code) is None or code == "00":
        return ()
    return next(((section, code) for section, (last, _, _) in SECTIONS.items() if int(code) <= last), ())


def _coded(table: Mapping[str, Code]) -> Callable[[str], tuple[str, ...]]:
    return lambda code: (code,) if code in table else ()


def _called(table: Mapping[str, Code]) -> Mapping[str, Words]:
    return {key: (code.en, code.zh) for key, code in table.items()}


DIMENSIONS: Mapping[str, Dimension] = {
    dimension.key: dimension
    for dimension in (
        Dimension("topic", "topic", "主题", _lettered("A-D"), TOPICS, "a letter A to D and four digits, such as B0300"),
        Dimension(
            "industry",
            "industry",
            "行业",
            _industry,
            {section: (en, zh) for section, (_, en, zh) in SECTIONS.items()},
            "a section A to T or a division 01 to 97 of GB/T 4754",
        ),
        Dimension(
            "application",
            "application",
            "应用",
            _lettered("S-V"),
            APPLICATIONS,
            "a letter S to V and four digits, such as T0000",
        ),
        Dimension("origin", "origin", "来源", _coded(ORIGINS), _called(ORIGINS), f"one of {', '.join(ORIGINS)}"),
        Dimension(
            "form",
            "form",
            "交付形态",
            _coded(DELIVERY_FORMS),
            _called(DELIVERY_FORMS),
            f"one of {', '.join(DELIVERY_FORMS)}",
        ),
    )
}


def require(classes: Mapping[str, str]) -> None:
    """Raise CatalogError for a dimension or a code that does not exist."""
    for name, code in classes.items():
        if name not in DIMENSIONS:
            raise CatalogError(f"unknown class `{name[:40]}`", path="classes", hint=f"one of {', '.join(DIMENSIONS)}")
        DIMENSIONS[name].require(code)
