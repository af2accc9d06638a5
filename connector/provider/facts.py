"""What a provider signs about a product because its policy asks for it: `facts` of the terms (`contracts.facts`).

Law: what is known when a product is described and sealed is taken from there, and nobody says otherwise; what nobody
here can know its provider says (`publish --fact`). A policy that asks for neither is refused, for it would refuse
everybody.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from catalog import masks
from connector.enforcement.scopes import operands
from connector.negotiation.protocol.offers import PLAIN
from connector.runtime.errors import InvalidInput
from contracts import facts as known_facts
from contracts.facts import DERIVED, STATED
from policy.parse import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from catalog.dataset import Dataset
    from connector.store.rows.product import ProductRow
    from contracts.facts import Fact

ENCRYPTED, MASKED, CLEAR = "encrypted", "masked", "plain"
MEMBER: Final = "facts"


def require(brief: Mapping[str, Any], asked: Container[str]) -> None:
    """Raise InvalidInput for what a policy asks of the product and its provider has not said."""
    said = brief.get(MEMBER) or {}
    if missing := next((name for name in STATED if name in asked and name not in said), None):
        text = f"the policy asks for the product's `{missing}`, and nobody has said it"
        raise InvalidInput(text, f"say `--fact {missing}=VALUE`, or leave it out of the policy")


def member(row: ProductRow, dataset: Dataset, number: int) -> dict[str, Any]:
    """Return the member of the terms, empty where the policy asks for nothing; raises InvalidInput, ContractError.

    `number` is that of the edition.
    """
    brief, asked = row.brief, operands(parse({"@type": "Offer", **row.policy}))
    said: dict[str, Fact] = {name: text for name, text in (brief.get(MEMBER) or {}).items() if name in asked}
    for name in DERIVED:
        if name in asked:
            said[name] = _derived(name, brief, dataset, number)
    return {MEMBER: known_facts.show(said)} if said else {}


def _derived(name: str, brief: Mapping[str, Any], dataset: Dataset, number: int) -> Fact:
    texts = tuple(dict.fromkeys(KNOWN[name](brief, dataset, number)))
    if not texts:
        raise InvalidInput(f"the policy asks for the product's `{name}`, and it has none", "leave it out of the policy")
    return known_facts.fact(name, texts)


def _state(brief: Mapping[str, Any], _dataset: Dataset, _number: int) -> list[str]:
    found = [] if brief["tier"] == PLAIN else [ENCRYPTED]
    return [*found, *([MASKED] if any(map(masks.hides, masks.of(brief).values())) else [])] or [CLEAR]


def _class(_brief: Mapping[str, Any], dataset: Dataset, _number: int) -> list[str]:
    return [f"grade-{dataset.grade}", *(f"{name}-{code}" for name, code in sorted(dataset.classes.items()))]


def _fields(brief: Mapping[str, Any], dataset: Dataset, _number: int) -> list[str]:
    return list(brief.get("columns") or dataset.columns)


def _formats(_brief: Mapping[str, Any], dataset: Dataset, _number: int) -> list[str]:
    return [file.media_type for file in dataset.files]


def _version(_brief: Mapping[str, Any], _dataset: Dataset, number: int) -> list[str]:
    return [str(number)]


# operand → what is known of it once the product is described and sealed
KNOWN: Final[Mapping[str, Callable[[Mapping[str, Any], Dataset, int], list[str]]]] = MappingProxyType({
    "artifactState": _state,
    "dataClass": _class,
    "dataField": _fields,
    "fileFormat": _formats,
    "version": _version,
})  # fmt: skip
assert KNOWN.keys() == set(DERIVED)
