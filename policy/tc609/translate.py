"""Between ODRL and the strategies of TC609-6-2025-14, without loss both ways.

    to_tc609   ODRL → strategies: what the plain fields hold and, when that is not all, `policyExpansion` (expansion.py)
               and the mark `expansionItem` (project.py) where it narrows
    to_odrl    strategies → ODRL in the one form of forms/compact.py: of plain ones what they say (express.py), of ours
               the policy that was translated

Law: to_odrl(to_tc609(policy)) is the policy in its one form. to_tc609(to_odrl(strategies)) is the strategies, up to
what express.py normalises. A translation never permits more than what it was made from. What comes out can be parsed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.canonical import canonical, digest
from policy.errors import PolicyError
from policy.forms.compact import compact
from policy.parse import parse
from policy.tc609.expansion import assemble, attach
from policy.tc609.express import express, written_at
from policy.tc609.project import project
from policy.tc609.wire import read, write
from policy.vocabulary.names import PROFILE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.tc609.strategy import Strategy

# what makes JSON-LD of the tree that to_odrl gives
CONTEXT = ("http://www.w3.org/ns/odrl.jsonld", PROFILE + "/context.jsonld")


def to_tc609(document: object) -> dict[str, object]:
    """Write a policy as strategies; PolicyError for what is no policy, or names no product or provider."""
    tree = compact(document)
    name = digest(tree)
    # what is inherited stays a name here; the rules of the policy itself are what is translated
    policy = parse({key: member for key, member in tree.items() if key != "inheritFrom"})
    strategies = project(policy, tree, name)
    if not _says_all(strategies, tree):
        strategies = attach(strategies, tree)
    return write(strategies)


def to_odrl(document: object) -> dict[str, object]:
    """Read strategies as a policy; PolicyError for what is unknown, or when plain fields and expansion differ."""
    strategies = read(document)
    if not any(each.expansion for each in strategies):
        return _plain(strategies)
    policy = assemble(strategies)
    differing = _difference(write(strategies), to_tc609(policy), "")
    if differing is not None:
        hint = "one of the two was changed: translate the policy once more"
        raise PolicyError("contradiction", differing, "the plain fields are not those of the expansion", hint)
    return policy


def _plain(strategies: tuple[Strategy, ...]) -> dict[str, object]:
    """Say plain strategies in ODRL that parses; what does not is refused where it was written."""
    policy = express(strategies)
    try:
        parse(policy)
    except PolicyError as error:
        raise PolicyError(error.code, written_at(error.path, strategies), error.problem, error.hint) from error
    return policy


def _says_all(strategies: tuple[Strategy, ...], tree: Mapping[str, object]) -> bool:
    """Whether the plain fields alone are read back as this very policy."""
    if any(each.marked for each in strategies):
        return False
    try:
        return canonical(express(strategies)) == canonical(tree)
    except PolicyError:
        return False  # such as two providers, which only the expansion can tell apart


def _difference(given: object, derived: object, path: str) -> str | None:
    """Find the first place where two documents differ, as a JSON pointer."""
    if isinstance(given, dict) and isinstance(derived, dict):
        keys = [*derived, *(key for key in given if key not in derived)]
        pairs = [(given.get(key), derived.get(key), f"{path}/{key}") for key in keys]
    elif isinstance(given, list) and isinstance(derived, list) and len(given) == len(derived):
        pairs = [(*each, f"{path}/{index}") for index, each in enumerate(zip(given, derived, strict=True))]
    else:
        return None if given == derived else path
    return next((found for pair in pairs if (found := _difference(*pair)) is not None), None)
