"""The best of many products that were found, by weighing only those in which a word of the question weighs much.

Law: what is returned is what weighing all would return, in the same order. Some of the products in which words reach a
high step are weighed first; as many as are asked for weigh so much, or more. Then those are weighed in which a word
reaches a step so low that a product in which none does weighs less than that (`catalog.weight`): nothing is missed.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.weight import SATURATION, STEPS, mark, most_below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import tantivy

    Hits = Sequence[tuple[float, tantivy.DocAddress]]

# how often what is asked for is to be expected among the first that are weighed
ENOUGH = 4
# how much of all that has a word is weighed at most before all is
SHARE_MAX = 0.1
# weights have 24 binary digits
ROUNDED = 1e-5
_NONE = len(STEPS)


class Word(NamedTuple):
    """A word of a question: in how many products it is, and reaches each step; what it weighs at most below each."""

    word: str
    spread: int
    reaching: tuple[int, ...]
    most: tuple[float, ...] = ()


def best(
    searcher: tantivy.Searcher,
    terms: Mapping[str, tantivy.Query],
    among: Callable[[Sequence[str]], tantivy.Query],
    expected: float,
    need: int,
) -> Hits | None:
    """Return the best hits, of which so many are expected; None where only weighing all tells which those are.

    `terms` are the words of the question and what finds each; `among` asks for what has one of some marks.
    """
    words = [_word(searcher, word) for word in terms]
    first = _promising(words, expected, need)
    if first is None:
        return None
    hits: Hits = searcher.search(among([mark(word, first) for word in terms]), need, count=False).hits
    if len(hits) < need:
        return None
    weight, place = hits[-1]
    steps = _enough([_told(searcher, terms, word, place) for word in words], weight * (1 - ROUNDED))
    if steps is None or all(step >= first for step in steps.values()):
        return hits if steps else None
    return searcher.search(among([mark(word, step) for word, step in steps.items()]), need, count=False).hits


def _word(searcher: tantivy.Searcher, word: str) -> Word:
    reaching = (searcher.doc_freq("marks", mark(word, step)) for step in range(len(STEPS)))
    return Word(word, searcher.doc_freq("words", word), tuple(reaching))


def _promising(words: Iterable[Word], expected: float, need: int) -> int | None:
    """Return the highest step that enough of what is expected reaches, if words do not depend on each other."""
    for step in reversed(range(len(STEPS))):
        share = 1 - math.prod(1 - word.reaching[step] / word.spread for word in words)
        if share * expected >= ENOUGH * need:
            return step if share <= SHARE_MAX else None
    return None


def _enough(words: Sequence[Word], weight: float) -> dict[str, int] | None:
    """Return the step for each word, few products reaching one of them, without which a product weighs less.

    A word that needs none is left out; None where there are no such steps, or too many products reach them.
    """
    steps = dict.fromkeys(words, _NONE)
    while sum(word.most[step] for word, step in steps.items()) >= weight:
        lower = [word for word, step in steps.items() if step > 0]
        if not lower:
            return None
        steps[max(lower, key=lambda word: _gain(word, steps[word]))] -= 1
    reached = {word: step for word, step in steps.items() if step < _NONE}
    if sum(word.reaching[step] for word, step in reached.items()) > SHARE_MAX * min(word.spread for word in words):
        return None
    return {word.word: step for word, step in reached.items()}


def _gain(word: Word, step: int) -> float:
    """Return by how much less a product weighs, for each that is weighed more, if the word's step is one lower."""
    more = word.reaching[step - 1] - (word.reaching[step] if step < _NONE else 0)
    return (word.most[step] - word.most[step - 1]) / (more + 1)


def _told(
    searcher: tantivy.Searcher, terms: Mapping[str, tantivy.Query], word: Word, place: tantivy.DocAddress
) -> Word:
    """Add what a word weighs at most where it reaches no step: its numbers are in what explains a weight."""
    told = json.loads(terms[word.word].explain(searcher, place).to_json())
    whole, usual = _said(told, "idf") * (SATURATION + 1), _said(told, "avgdl")
    return word._replace(most=(*(whole * most_below(step, usual) for step in range(len(STEPS))), whole))


def _said(told: dict[str, Any], name: str) -> float:
    """Return a number from an explanation, by how what it says of it begins; without bound if it is not there."""
    for part in told.get("details", ()):
        if part["description"].startswith(name):
            return float(part["value"])
        if (inner := _said(part, name)) < math.inf:
            return inner
    return math.inf
