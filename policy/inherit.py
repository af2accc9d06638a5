"""Inheritance: a policy takes over the rules of the parents it names, each pinned by the digest of its document.

A parent that has changed, is not given, or leads back to its child is refused when the policy is read: what was signed
is what holds. State is not inherited; counters of inherited rules are the child's own (ODRL 2.2, section 2.8).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policy import canonical
from policy.errors import PolicyError
from policy.forms.compact import compact
from policy.nodes import PARENT_KEYS, Node, read_node

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.model import Policy

MAX_PARENTS = 16
MAX_LEVELS = 8


@dataclass(frozen=True, slots=True)
class Parent:
    """One parent as the child names it, with its document; `chain` are the policies that led here."""

    iri: str
    path: str
    document: object
    chain: tuple[str, ...]

    @property
    def namespace(self) -> str:
        """Give what goes before those ids of its rules that are places."""
        return f"{self.iri}#"


def digest(document: object) -> str:
    """Give the pin of a policy in any form: `sha-256:` and the hex digest of its one form, canonical (RFC 8785)."""
    return canonical.digest(compact(document))


def read_parents(root: Node, known: Mapping[str, object], chain: tuple[str, ...]) -> list[Parent]:
    """Read `inheritFrom`: each parent by IRI and digest; PolicyError when one is unknown, changed or a cycle."""
    items = root.items("inheritFrom")
    if len(items) > MAX_PARENTS or len(chain) > MAX_LEVELS:
        problem = f"more than {MAX_PARENTS} parents, or parents nested deeper than {MAX_LEVELS}"
        raise PolicyError("too-large", root.below("inheritFrom"), problem)
    return [_parent(value, path, known, chain) for path, value in items]


def merge(child: Policy, parent: Policy, named: Parent) -> Policy:
    """Add a parent's rules to the child's; both must settle conflicts in one way."""
    if parent.conflict is not child.conflict:
        problem = f"`{named.iri}` settles conflicts by `{parent.conflict}`, this policy by `{child.conflict}`"
        raise PolicyError("contradiction", named.path, problem, "write the same `conflict` in both")
    return replace(
        child,
        permissions=child.permissions + tuple(replace(rule, path=named.path) for rule in parent.permissions),
        prohibitions=child.prohibitions + tuple(replace(rule, path=named.path) for rule in parent.prohibitions),
        obligations=child.obligations + tuple(replace(duty, path=named.path) for duty in parent.obligations),
    )


def _parent(value: object, path: str, known: Mapping[str, object], chain: tuple[str, ...]) -> Parent:
    if isinstance(value, str):
        value = {"@id": value}
    node = read_node(value, path, PARENT_KEYS, "parent")
    iri, pin = node.identifier(), node.text("digest")
    if not iri or pin is None:
        hint = f'write {{"@id": IRI, "digest": "{canonical.DIGEST}…"}}'
        raise PolicyError(
            "missing", path, "a parent is named by its IRI and pinned by the digest of its document", hint
        )
    if iri in chain:
        raise PolicyError("contradiction", path, f"`{iri[:80]}` inherits from itself")
    if iri not in known:
        raise PolicyError("unknown-term", path, f"the parent `{iri[:80]}` is not here", "give its document too")
    document = known[iri]
    if (found := digest(document)) != pin:
        raise PolicyError(
            "contradiction", path, f"the parent `{iri[:80]}` has the digest {found}", "pin what was agreed"
        )
    return Parent(iri, path, document, chain)
