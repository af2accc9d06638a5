"""Find by words: what a text's words are, how documents are ranked by them, and what an index must offer.

A word is a run of letters and digits, in its NFKC form and case-folded. Chinese, Japanese and Korean text is not
spaced, so a run of it gives every pair of neighbours ("天气数据" → 天气 气数 数据), and a lone character gives itself;
a two-character query word is therefore always found.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TEXT_CHARACTERS_MAX = 100_000
QUERY_WORDS_MAX = 32
WORD_CHARACTERS_MAX = 64
# A word in the title says more about the whole than a word somewhere in the description.
TITLE_WEIGHT = 3
# The usual constants of BM25: how soon repetition stops to count, how much length is held against a text.
SATURATION = 1.2
LENGTH_SHARE = 0.75

_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_IDEOGRAPHS}]+|[^\W_{_IDEOGRAPHS}]+")
_IDEOGRAPH = re.compile(rf"[{_IDEOGRAPHS}]")


@dataclass(frozen=True, slots=True)
class Document:
    """What is searched: `key` names it, a word in `title` weighs more than one in `body`."""

    key: str
    title: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that has every word of the query; scores only compare within one answer."""

    key: str
    score: float


class Index(Protocol):
    """What a store of many documents offers; `connector` implements it."""

    async def put(self, document: Document) -> None:
        """Add the document or replace the one of the same key."""

    async def drop(self, key: str) -> None:
        """Forget the document; one that is not there is no error."""

    async def find(self, query: str, *, limit: int) -> Sequence[Hit]:
        """Return the best hits, each with every word of the query, in the order of `rank`."""


def words(text: str) -> list[str]:
    """Return the words of a text in order, repeats kept; of more than TEXT_CHARACTERS_MAX characters the start."""
    folded = unicodedata.normalize("NFKC", text[:TEXT_CHARACTERS_MAX]).casefold()
    found: list[str] = []
    for run in _RUN.findall(folded):
        if not _IDEOGRAPH.match(run):
            found.append(run[:WORD_CHARACTERS_MAX])
        elif len(run) == 1:
            found.append(run)
        else:
            found.extend(run[at : at + 2] for at in range(len(run) - 1))
    return found


def rank(query: str, documents: Iterable[Document]) -> list[Hit]:
    """Return the documents that have every word of the query, best first, equal scores by key.

    A query without words finds nothing; words after the QUERY_WORDS_MAX-th are ignored.
    """
    wanted = list(dict.fromkeys(words(query)))[:QUERY_WORDS_MAX]
    counted = {document.key: _weights(document) for document in documents}
    if not wanted or not counted:
        return []
    average = sum(weights.total() for weights in counted.values()) / len(counted)
    rarity = {word: _rarity(sum(word in weights for weights in counted.values()), len(counted)) for word in wanted}
    hits = [
        Hit(key, sum(rarity[word] * _saturated(weights[word], weights.total() / average) for word in wanted))
        for key, weights in counted.items()
        if all(word in weights for word in wanted)
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.key))


def _weights(document: Document) -> Counter[str]:
    weights = Counter(words(document.body))
    for word in words(document.title):
        weights[word] += TITLE_WEIGHT
    return weights


def _rarity(having: int, total: int) -> float:
    return math.log(1 + (total - having + 0.5) / (having + 0.5))


def _saturated(weight: int, length: float) -> float:
    return weight * (SATURATION + 1) / (weight + SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * length))
