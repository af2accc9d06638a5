"""What speaks against a description: each kind of doubt, how much it weighs, and how it reads in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

# what is told of all files, at most, and of a name or what was said: every reader of the listing gets it
DOUBTS_MAX = 16
CHARACTERS_MAX = 100
CERTAIN, UNLIKELY = "certain", "unlikely"


@dataclass(frozen=True, slots=True)
class Doubt:
    """What speaks against the profile of one file: `what` is a row of `WORDS`, `said` and `found` fill its sentence."""

    what: str
    file: str
    column: str = ""
    said: str = ""
    found: str = ""
    sure: bool = True

    @property
    def weight(self) -> str:
        """CERTAIN or UNLIKELY."""
        return WORDS[self.what].weight if self.sure else UNLIKELY

    def json(self) -> dict[str, object]:
        """Return it with its sentence in both languages."""
        words = WORDS[self.what]
        told = {name: getattr(self, name)[:CHARACTERS_MAX] for name in ("file", "column", "said", "found")}
        return {"what": self.what, "weight": self.weight, **told} | {
            "words": {"en": words.en.format(**told), "zh": words.zh.format(**told)}
        }


class Words(NamedTuple):
    """A kind of doubt, and how it reads."""

    weight: str
    en: str
    zh: str


WORDS: Final[dict[str, Words]] = {
    "size": Words(
        CERTAIN,
        "{file} is said to have {said} bytes, its pieces have {found}",
        "{file} 称 {said} 字节, 各分片共 {found} 字节",
    ),
    "undescribed": Words(CERTAIN, "{file} is in a pack and is not described", "{file} 在归档中, 但未作描述"),
    "table": Words(
        CERTAIN,
        "{file} is said to be a table of {said} columns, and its lines are not",
        "{file} 称是 {said} 列的表, 但各行不符",
    ),
    "columns": Words(CERTAIN, "{file}: its first line names other columns", "{file}: 首行列名与描述不同"),
    "rows": Words(
        CERTAIN, "{file} is said to have {said} rows, {found} were found", "{file} 称 {said} 行, 实有 {found} 行"
    ),
    "kind": Words(
        CERTAIN,
        "{file}, {column} is said to be of kind {said}, its cells are {found}",
        "{file} 的 {column} 称为 {said}, 实为 {found}",
    ),
    "minimum": Words(
        CERTAIN,
        "{file}, {column} has cells below {said}, said to be the least",
        "{file} 的 {column} 有低于所称最小值 {said} 的值",
    ),
    "maximum": Words(
        CERTAIN,
        "{file}, {column} has cells above {said}, said to be the most",
        "{file} 的 {column} 有高于所称最大值 {said} 的值",
    ),
    "extremes": Words(
        CERTAIN,
        "{file}, {column}: no cell is as little, or as much, as is said",
        "{file} 的 {column} 没有所称的最小或最大值",
    ),
    "empty": Words(
        CERTAIN,
        "{file}, {column} is said to have {said} empty cells, {found} were found",
        "{file} 的 {column} 称空值 {said} 个, 发现 {found} 个",
    ),
    "filled": Words(
        CERTAIN,
        "{file}, {column} is said to have {said} cells with a value, {found} were found",
        "{file} 的 {column} 称有值 {said} 个, 发现 {found} 个",
    ),
    "different": Words(
        CERTAIN,
        "{file}, {column} is said to have {said} different values, {found} were found",
        "{file} 的 {column} 称不同值 {said} 个, 发现 {found} 个",
    ),
    "few rows": Words(
        UNLIKELY,
        "{file} is said to have {said} rows; by its pieces it has about {found}",
        "{file} 称 {said} 行; 据分片估计约 {found} 行",
    ),
    "share empty": Words(
        UNLIKELY,
        "{file}, {column}: {said} of the cells are said to be empty, in the pieces {found} are",
        "{file} 的 {column}: 称空值占 {said}, 分片中占 {found}",
    ),
    "broken": Words(
        UNLIKELY,
        "{file}: {said} of its lines are said to have as many cells as the head, in the pieces {found} have",
        "{file}: 称 {said} 的行与表头列数一致, 分片中为 {found}",
    ),
    "completeness": Words(
        CERTAIN,
        "{file} is said to have {said} of its cells filled, and by its own columns it has {found}",
        "{file} 称非空单元格占 {said}, 按其各列计为 {found}",
    ),
    "grade": Words(
        CERTAIN,
        "the data are said to be of grade {said}, and by what is said of their columns they are of {found}",
        "数据称为 {said} 级, 按其各列描述应为 {found} 级",
    ),
    "grade found": Words(
        UNLIKELY,
        "the data are said to be of grade {said}, and by what was found in {column} of {file} they are of {found}",
        "数据称为 {said} 级, 按 {file} 的 {column} 中所见应为 {found} 级",
    ),
    "hint": Words(
        UNLIKELY,
        "{file}, {column} looks like {found}, which is not said",
        "{file} 的 {column} 疑似含 {found}, 描述中未提及",
    ),
}


def percent(bps: int) -> str:
    """Return basis points as people read them."""
    return f"{bps / 100:.1f} %"
