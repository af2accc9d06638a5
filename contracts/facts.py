"""What signed terms say of the product itself, as a policy asks for it: left operand → what is so, in one text or more.

Law: (1) a fact is the provider's word, which both sides sign with the terms: it holds for every use under them, and
nobody who asks for a use can say otherwise. (2) It has one spelling: a text, or a list of two and more, none twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from contracts.errors import ContractError
from policy.values import scalar

if TYPE_CHECKING:
    from collections.abc import Mapping

Fact: TypeAlias = str | tuple[str, ...]
# what of a product is known when it is described and sealed
DERIVED: Final = ("artifactState", "dataClass", "dataField", "fileFormat", "version")
# what only its provider can say: which part of something larger it is, and what it is like
STATED: Final = (
    "absolutePosition", "absoluteSpatialPosition", "absoluteTemporalPosition", "dataRecord", "language",
    "relativePosition", "relativeSpatialPosition", "relativeTemporalPosition", "resolution",
)  # fmt: skip
FACTS: Final = frozenset((*DERIVED, *STATED))
MAX_TEXTS = 1_024  # of one fact: the columns of a wide table; a question holds no more either
MAX_CHARACTERS = 512


def read(value: Any, name: str) -> Mapping[str, Fact]:
    """Read the facts of terms; raises ContractError for an operand that is none, and for a value that it cannot have.

    Where nothing is said the member is absent, so that terms have one spelling.
    """
    if not isinstance(value, dict) or not value or set(value) - FACTS:
        raise ContractError("terms", f"`{name}` is not an object of what a product is", ", ".join(sorted(FACTS)))
    return {operand: _fact(operand, said, name) for operand, said in value.items()}


def show(facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Return facts as terms have them."""
    return {operand: list(said) if isinstance(said, tuple) else said for operand, said in facts.items()}


def fact(operand: str, texts: tuple[str, ...]) -> Fact:
    """Return a fact in its one spelling; raises ContractError as `read` does."""
    return _fact(operand, texts[0] if len(texts) == 1 else list(texts), "facts")


def _fact(operand: str, said: Any, name: str) -> Fact:
    if isinstance(said, str):
        return _text(operand, said, name)
    if not isinstance(said, list) or not 1 < len(said) <= MAX_TEXTS:
        raise ContractError("terms", f"`{operand}` of `{name}` is not a text, nor a list of 2 to {MAX_TEXTS}")
    texts = tuple(_text(operand, one, name) for one in said)
    if len(set(texts)) != len(texts):
        raise ContractError("terms", f"`{operand}` of `{name}` says a thing twice")
    return texts


def _text(operand: str, said: Any, name: str) -> str:
    fits = isinstance(said, str) and 0 < len(said) <= MAX_CHARACTERS and said.isprintable()
    if not fits or scalar(operand, said) is None:
        raise ContractError("terms", f"`{said!s:.60}` is no value of `{operand}` (`{name}`)")
    return str(said)
