"""`policyExpansion`: what the plain fields cannot hold, as canonical JSON (RFC 8785) in the one text left for it.

    {"at": "/permission/0",                  where the rule stands in its policy
     "digest": "sha-256:…",                  of the whole policy, the same in every strategy
     "format": "https://w3id.org/penstock/ns/tc609#expansion",
     "policy": {…},                          in the first strategy: all of the policy but its rules
     "rule": {…}}                            the rule

The plain fields are derived from the policy alone, so a reader derives them once more and refuses what differs: neither
side can be changed, added or taken away without the other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import count, takewhile
from typing import TYPE_CHECKING, NoReturn

from policy.canonical import canonical, digest
from policy.errors import PolicyError
from policy.forms.json_text import MAX_DEPTH_LEVELS, MAX_SAFE_INTEGER
from policy.forms.nesting import is_deeper
from policy.tc609.project import at
from policy.tc609.strategy import KINDS, MAX_EXPANSION_CHARS

if TYPE_CHECKING:
    from policy.tc609.project import Tree
    from policy.tc609.strategy import Strategy

FORMAT = "https://w3id.org/penstock/ns/tc609#expansion"
MAX_SAFE_DIGITS = 16
_KEYS = frozenset({"at", "digest", "format", "rule"})


def attach(strategies: tuple[Strategy, ...], document: Tree) -> tuple[Strategy, ...]:
    """Give each strategy its expansion; `document` is the policy that they were projected from."""
    name = digest(document)
    frame = {key: member for key, member in document.items() if key not in KINDS.values()}
    written = []
    for index, strategy in enumerate(strategies):
        said = {"at": strategy.path, "digest": name, "format": FORMAT, "rule": at(document, strategy.path)}
        text = canonical(said if index else said | {"policy": frame})
        if len(text) > MAX_EXPANSION_CHARS:
            raise PolicyError("too-large", strategy.path, f"an expansion of more than {MAX_EXPANSION_CHARS} characters")
        written.append(replace(strategy, expansion=text))
    return tuple(written)


def assemble(strategies: tuple[Strategy, ...]) -> dict[str, object]:
    """Put the policy together from the expansions of all its strategies; PolicyError where they do not fit."""
    read = [_read(strategy, first=index == 0) for index, strategy in enumerate(strategies)]
    places = {str(each["at"]): each["rule"] for each in read}
    document = _filled(read[0]["policy"], places, _where(strategies[0]))
    name = digest(document)
    for strategy, each in zip(strategies, read, strict=True):
        if each["digest"] != name:
            hint = "the rules were changed, added or taken away after they were written"
            raise PolicyError("contradiction", _where(strategy), "the expansions are not those of one policy", hint)
    return document


def _read(strategy: Strategy, *, first: bool) -> dict[str, object]:
    path = _where(strategy)
    if not strategy.expansion:
        raise PolicyError("missing", strategy.path, "a strategy without `policyExpansion` beside others that have one")
    try:
        value = (
            None
            if is_deeper(strategy.expansion, MAX_DEPTH_LEVELS)
            else json.loads(strategy.expansion, parse_int=_number, parse_constant=_no_constant)
        )
    except ValueError:
        value = None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        hint = "say it in a rule: what cannot be read cannot be enforced"
        raise PolicyError("unsupported", path, "`policyExpansion` holds words that only a person understands", hint)
    if set(value) != (_KEYS | {"policy"} if first else _KEYS):
        raise PolicyError("bad-value", path, f"an expansion has {', '.join(sorted(_KEYS))}, the first also policy")
    if canonical(value, path) != strategy.expansion:
        raise PolicyError("bad-value", path, "the expansion is not canonical JSON", "write it as RFC 8785 says")
    return value


def _filled(frame: object, places: Mapping[str, object], path: str) -> dict[str, object]:
    """Put each rule in its place, as far as they follow each other."""
    if not isinstance(frame, Mapping):
        raise PolicyError("bad-type", path, "the policy of an expansion is an object")
    document = dict(frame)
    for kind in KINDS.values():
        found = takewhile(places.__contains__, (f"/{kind}/{index}" for index in count()))
        if rules := [places[place] for place in found]:
            document[kind] = rules
    return document


def _where(strategy: Strategy) -> str:
    return f"{strategy.path}/policyExpansion"


def _number(digits: str) -> int | float:
    """Read a whole number as RFC 8785 writes it: beyond 2^53 - 1 it is a double without a fraction."""
    return int(digits) if len(digits) < MAX_SAFE_DIGITS or abs(int(digits)) <= MAX_SAFE_INTEGER else float(digits)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
