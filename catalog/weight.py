"""How much a word weighs in a product, as steps that the index holds: who asks for the best looks at few of many.

Law: a word weighs what BM25 says, f / (f + K), with f how often the product has it and K growing with how many words
the product has beside the usual number. The usual number of a catalogue moves with it; steps are taken beside a fixed
one, and `most_below` says for any usual number what a word weighs at most in a product that does not reach a step.
"""

from __future__ import annotations

import math
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from catalog.words import TEXT_CHARACTERS_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# as tantivy counts (`K1`, `B` of its `bm25.rs`)
SATURATION, BY_LENGTH = 1.2, 0.75
STEPS: Final = (0.7, 0.8, 0.86, 0.9, 0.93)
USUAL_WORDS = 64.0
ROUNDED = 1e-9
# a title counts several times
_WORDS_MAX = 4 * TEXT_CHARACTERS_MAX
# lengths up to so many are kept exactly, of what is beyond the first four binary digits
_FREE, _DIGITS = 24, 4


def marks(words: Sequence[str]) -> Iterator[str]:
    """Yield a mark for each word of a product and each step that it reaches there."""
    below = _below(len(words), USUAL_WORDS)
    # most words reach none: they are passed over by one comparison
    few = STEPS[0] / (1 - STEPS[0]) * below * (1 - ROUNDED)
    for word, often in Counter(words).items():
        if often >= few:
            reached = often / (often + below)
            yield from (mark(word, step) for step, least in enumerate(STEPS) if reached >= least)


def mark(word: str, step: int) -> str:
    """Return how the index spells that a word reaches a step."""
    return f"{step} {word}"


@lru_cache(maxsize=256)
def most_below(step: int, usual_words: float) -> float:
    """Return what a word weighs at most where it does not reach a step, in a catalogue of so many words a product."""
    least = STEPS[step] / (1 - STEPS[step])
    most, length = 0.0, 1
    while length <= _WORDS_MAX:
        last = _last(length)
        # the last whole number below the step, with room for how numbers are rounded
        often = min(last, math.ceil(least * _below(last, USUAL_WORDS) * (1 + ROUNDED)) - 1)
        most = max(most, often / (often + _below(length, usual_words)))
        length = last + 1
    return most


def _below(length: int, usual_words: float) -> float:
    return SATURATION * (1 - BY_LENGTH + BY_LENGTH * length / usual_words)


def _last(length: int) -> int:
    """Return the last of the lengths that the index takes for this one, which is the first of them."""
    beyond = length - _FREE
    return length + (1 << max(0, beyond.bit_length() - _DIGITS)) - 1 if beyond > 0 else length
