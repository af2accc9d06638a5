"""Between ODRL and the strategies of TC609-6-2025-14, without loss both ways.

    to_tc609   ODRL, the compact tree that policy.parse takes → strategies: what the plain fields hold and, when that
               is not all, `policyExpansion` (expansion.py) and the mark `expansionItem` (project.py) where it narrows
    to_odrl    strategies → ODRL: of plain ones what they say (express.py), of ours the policy that was translated

Law: to_odrl(to_tc609(policy)) is the policy. to_tc609(to_odrl(strategies)) is the strategies, up to what express.py
normalises. A translation never permits more than what it was made from.
"""

from __future__ import annotations

from collections.abc import Mapping

from policy.errors import PolicyError
from policy.tc609.expansion import assemble, attach, canonical, digest
from policy.tc609.express import express
from policy.tc609.project import project
from policy.tc609.strategy import Strategy, read, write


def to_tc609(document: object) -> dict[str, object]:
    """Write a policy as strategies; PolicyError for what is no policy, or names no product or provider."""
    if not isinstance(document, Mapping):
        raise PolicyError("bad-type", "", "a policy is an object")
    strategies = project(document, digest(document))
    if not _says_all(strategies, document):
        strategies = attach(strategies, document)
    return write(strategies)


def to_odrl(document: object) -> dict[str, object]:
    """Read strategies as a policy; PolicyError for what is unknown, or when plain fields and expansion differ."""
    strategies = read(document)
    if not any(each.expansion for each in strategies):
        return express(strategies)
    policy = assemble(strategies)
    differing = _difference(write(strategies), to_tc609(policy), "")
    if differing is not None:
        hint = "one of the two was changed: translate the policy once more"
        raise PolicyError("contradiction", differing, "the plain fields are not those of the expansion", hint)
    return policy


def _says_all(strategies: tuple[Strategy, ...], document: object) -> bool:
    """Whether the plain fields alone are read back as this very policy."""
    if any(each.marked for each in strategies):
        return False
    try:
        return canonical(express(strategies)) == canonical(document)
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
