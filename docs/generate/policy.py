"""The tables of docs/policy.md, and the document of our ODRL profile, from the tables that policies are read by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from connector.enforcement.supply import AFTERWARDS, MEASURED_IN, NOT_IN, SUPPLIED, Asked, Kept, Proof, proof
from docs.generate.tables import table
from policy.constraint_reading import MAX_CONSTRAINTS, MAX_NESTING_LEVELS, MAX_UNIT_CHARS
from policy.decision import REASONS
from policy.examples import EXAMPLES, RULE, example
from policy.forms.document import MAX_JSON_BYTES, MAX_TURTLE_BYTES
from policy.forms.names import MAX_CONTEXT_TERMS, MAX_CONTEXTS
from policy.nodes import MAX_LIST_ITEMS, MAX_TEXT_CHARS
from policy.parse import MAX_CONSEQUENCE_LEVELS, MAX_DUTIES, MAX_RULES
from policy.values import MAX_VALUE_CHARS
from policy.vocabulary import catenax
from policy.vocabulary.actions import ACTIONS, PROFILE_ACTIONS, REFUSED_ACTIONS, upwards
from policy.vocabulary.names import ACTION_ALIASES, ODRL, OPERAND_ALIASES, PROFILE, TERMS
from policy.vocabulary.operands import CODES, ODRL_OPERANDS, OPERANDS, REFUSED, Source, State, Unit
from policy.vocabulary.operators import ORDER, TREE
from policy.vocabulary.registered import MAX_NAME_CHARS, MAX_OPERANDS, MAX_PROFILES, MAX_WORDS_CHARS
from policy.words.sentences import CHINESE, ENGLISH

if TYPE_CHECKING:
    from collections.abc import Iterator

_FAMILIES = {ORDER: "every order", TREE: "every hierarchy"}


def operands() -> str:
    """Return every left operand: meaning, type, unit, source, who supplies it here, state, operators, example."""
    rows = [
        (
            f"`{name}`" + "".join(f"<br>also `{alias}`" for alias in _aliases(name)),
            f"{row.meaning} ({CHINESE.operands[name]})",
            row.type.value + ("" if row.unit is Unit.NONE else f", unit {row.unit.value}"),
            f"`{row.source.value}`",
            SUPPLIED[name].value[0] if name in SUPPLIED else f"nobody here: {Asked('', name).hint}",
            _proof(name),
            "–" if row.state is State.NONE else row.state.value,
            _operators(row.operators),
            _example(name),
        )
        for name, row in sorted(OPERANDS.items())
        if name not in catenax.BY_IRI
    ]
    rows += [(f"`{name}`", f"refused: {why}; {hint}", *[""] * 7) for name, (why, hint) in REFUSED.items()]
    said = ("left operand", "meaning", "type", "value from", "who supplies it", "proof", "remembered", "operators")
    return table((*said, "example"), rows)


def _proof(name: str) -> str:
    """Return what is behind the values of an operand, and how far a rule about it is kept in which tier."""
    behind = proof(name)
    if behind is None:
        return "–"
    if behind is Proof.WORD:
        known = "".join(f"; `{tier}` measured, {AFTERWARDS[tier].value[0]}" for tier in MEASURED_IN.get(name, ()))
        return f"{behind.value[0]}: {Kept.PROMISED.value[0]} in every {'other ' if known else ''}tier{known}"
    tiers = [tier for tier in AFTERWARDS if tier not in NOT_IN.get(name, ())]
    return f"{behind.value[0]}; " + ", ".join(f"`{tier}` {AFTERWARDS[tier].value[0]}" for tier in tiers)


def actions() -> str:
    """Return every action and what it lies in."""
    rows = [
        (
            f"`{name}`" + "".join(f"<br>also `{alias}`" for alias, of in ACTION_ALIASES.items() if of == name),
            " ⊂ ".join(f"`{one}`" for one in upwards(name)[1:]) or "–",
            f"{ENGLISH.actions[name]} ({CHINESE.actions[name]})",
        )
        for name in ACTIONS
    ]
    rows += [(f"`{name}`", "–", f"refused: {hint}") for name, hint in REFUSED_ACTIONS.items()]
    return table(("action", "lies in", "in words"), rows)


def reasons() -> str:
    """Return every reason code with the names of its facts."""
    return table(
        ("code", "facts"), [(f"`{code}`", ", ".join(f"`{fact}`" for fact in facts)) for code, facts in REASONS.items()]
    )


def limits() -> str:
    """Return how much a policy may hold, from the numbers that its readers refuse by."""
    rows = (
        (MAX_JSON_BYTES, "bytes of a file as JSON-LD"),
        (MAX_TURTLE_BYTES, "bytes of a file as Turtle"),
        (MAX_CONTEXTS, "contexts"),
        (MAX_CONTEXT_TERMS, "terms in a context"),
        (MAX_RULES, "permissions and prohibitions together"),
        (MAX_DUTIES, "duties in one place"),
        (MAX_CONSEQUENCE_LEVELS, "levels of consequences"),
        (MAX_CONSTRAINTS, "constraints in all"),
        (MAX_NESTING_LEVELS, "levels of constraints in one another"),
        (MAX_LIST_ITEMS, "items in one list: values of a `rightOperand`, targets, parties, rules, constraints"),
        (MAX_TEXT_CHARS, "characters of a name"),
        (MAX_VALUE_CHARS, "characters of a value"),
        (MAX_UNIT_CHARS, "characters of a unit"),
        (MAX_PROFILES, "registered profiles"),
        (MAX_OPERANDS, "operands of a registered profile"),
        (MAX_NAME_CHARS, "characters of a name in a registered profile"),
        (MAX_WORDS_CHARS, "characters of its words for an operand"),
    )
    return table(("at most", "of"), [(f"{most:,}", what) for most, what in rows])


def codes() -> str:
    """Return the codes of TC609-6-2025-14 and our names for them."""
    return table(
        ("left operand", "codes"),
        [(f"`{left}`", ", ".join(f"`{code}` {name}" for code, name in names.items())) for left, names in CODES.items()],
    )


def profile() -> str:
    """Return the profile as Turtle: its IRI, and every term that ODRL has not."""
    return "\n".join(_profile()) + "\n"


def _profile() -> Iterator[str]:
    yield f"@prefix odrl: <{ODRL}> ."
    yield f"@prefix penstock: <{TERMS}> ."
    yield "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> ."
    yield "@prefix skos: <http://www.w3.org/2004/02/skos/core#> ."
    yield ""
    yield f'<{PROFILE}> a odrl:Profile ; rdfs:label "Penstock"@en ; rdfs:seeAlso <docs/policy.md> .'
    yield 'penstock:mode rdfs:label "when a duty falls: pre, ongoing or post"@en .'
    yield 'penstock:every rdfs:label "the period in which an amount is paid anew"@en .'
    yield 'penstock:digest rdfs:label "the digest of a parent policy"@en .'
    for name, row in sorted(OPERANDS.items()):
        if name not in ODRL_OPERANDS and name not in catenax.BY_IRI:
            words = f'skos:definition "{row.meaning}"@en, "{CHINESE.operands[name]}"@zh'
            yield f"penstock:{name} a odrl:LeftOperand ; {words} ."
    for name in sorted(PROFILE_ACTIONS):
        parent = ACTIONS[name]
        space = "penstock" if parent in PROFILE_ACTIONS else "odrl"
        words = f'skos:prefLabel "{ENGLISH.actions[name]}"@en, "{CHINESE.actions[name]}"@zh'
        yield f"penstock:{name} a odrl:Action ; odrl:includedIn {space}:{parent} ; {words} ."


def _aliases(name: str) -> list[str]:
    return [alias for alias, of in OPERAND_ALIASES.items() if of == name and ":" not in alias]


def _operators(names: frozenset[str]) -> str:
    for family, words in _FAMILIES.items():
        if names == family:
            return words
    return ", ".join(sorted(names))


def _example(name: str) -> str:
    """Show what the example permits, and one value that it lets through and one that it stops."""
    row = EXAMPLES[name]
    told = [_given(name, holds=holds) for holds in (True, False)]
    unit = f" {row.unit}" if row.unit else ""
    return f"`{row.operator} {json.dumps(row.right, ensure_ascii=False)}{unit}`: {told[0]} yes, {told[1]} no"


def _given(name: str, *, holds: bool) -> str:
    _policy, request, world = example(name, holds=holds)
    counters = world.get("counters")
    if isinstance(counters, dict):
        said = next(iter(counters[RULE].values()))
    elif OPERANDS[name].source is Source.CLOCK:
        said = world["now"]
    elif OPERANDS[name].source is Source.EVENTS:
        said = "happened" if world.get("performed") else "not yet"
    else:
        context = request["context"]
        assert isinstance(context, dict)
        said = context[name]
    return f"`{json.dumps(said, ensure_ascii=False)}`"
