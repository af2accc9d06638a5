"""The rules of an agreement or an offer, as they are asked in a scope: read and compiled once for many decisions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from connector.enforcement.counted import counted, named, remembers
from connector.enforcement.scopes import DISPLAY, ORDER, STANDING, narrowed, operands
from contracts.canonical import canonical, load, sha
from policy.compile import compile_policy
from policy.errors import PolicyError
from policy.parse import parse
from policy.vocabulary.operands import OPERANDS, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.enforcement.counted import Counted
    from policy.compile import Compiled
    from policy.model import Policy

COMPILED_MAX = 1024  # policies of agreements in use; the rest are compiled again


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy that is decided by: the document, its digest in hex, what is asked of it, and that compiled.

    `minds`: it asks what was done. `remembers`: it is told what was used before, by whomever. `asks`: what its
    conditions are about, and for whom they count.
    """

    document: Mapping[str, Any]
    digest: str
    scope: str
    compiled: Compiled
    minds: bool
    remembers: bool
    asks: frozenset[str]

    def counted(self, context: Mapping[str, str]) -> Mapping[str, Counted] | None:
        """Return how the uses under each rule are counted, empty where the policy asks nothing of them.

        None when the context does not say for whom.
        """
        return counted(self.compiled.policy, context) if self.remembers else {}


def in_force(policy: Mapping[str, Any], product: str, buyer: str, scope: str = ORDER) -> InForce:
    """Return an agreement's rules as they are decided in a scope: they hold for one product and one buyer."""
    return _in_force(canonical({"@type": "Agreement", "target": product, "assignee": buyer, **policy}), scope)


def agreed(terms: Mapping[str, Any] | None, buyer: str, scope: str = ORDER) -> InForce:
    """Return the rules of an agreement's terms, as a row keeps them; raises PolicyError when they have none."""
    if terms is None or "policy" not in terms:
        raise PolicyError("missing", "/policy", "the agreement has no policy")
    return in_force(terms["policy"], terms["product"], buyer, scope)


def on_offer(policy: Mapping[str, Any], product: str) -> InForce:
    """Return an offer's rules as they are asked for whom it is."""
    return _in_force(canonical({"target": product, **policy, "@type": "Offer"}), DISPLAY)


@lru_cache(maxsize=COMPILED_MAX)
def _in_force(policy: bytes, scope: str) -> InForce:
    document = load(policy)
    asked = narrowed(parse(document), scope)
    # what runs is told every counter, so that its record shows how far the agreement was used
    told = scope == STANDING or remembers(asked)
    asks = operands(asked) | named(asked)
    return InForce(document, sha(document).hex(), scope, compile_policy(asked), _minds(asked), told, asks)


def forget() -> None:
    """Forget what was read: the tables that it was read by have changed."""
    _in_force.cache_clear()


def _minds(policy: Policy) -> bool:
    """Say whether a policy asks what was done: it has duties, or remedies of what is prohibited, or awaits an act."""
    rules = (*policy.permissions, *policy.prohibitions)
    waits = any(OPERANDS[left].source is Source.EVENTS for left in operands(policy))
    return waits or bool(policy.obligations) or any(rule.duties or rule.remedies for rule in rules)
