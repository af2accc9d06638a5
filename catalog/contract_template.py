"""A contract template (合约模板) of an exchange: rules ready to be agreed to, with some of their values left open.

    {kind, name: {en, zh}, abstract: {en, zh}, rules: [name of a row of policy.templates, …],
     fixed: {parameter: value}, examples: {parameter: value}, clauses: [{en, zh}, …]}

Law: (1) What its rules are called and say stands in `policy.templates` alone; it fixes some of their values, and who
uses it says the others. (2) What an exchange keeps is `usable`: filled in with its examples it is a policy that does
not contradict itself and can be written as the strategies of a digital contract; what is not is refused at its place.
(3) A clause is words that the parties promise: it is in no policy, and no program keeps it. (4) A template that is kept
is never changed: another one supersedes it, and what is withdrawn is offered no longer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from catalog.document import items, members, text
from catalog.errors import CatalogError, TemplateError
from catalog.lifecycle import Step, find
from contracts.canonical import canonical
from contracts.digital_contract import ABSTRACT_CHARACTERS_MAX, NAME_CHARACTERS_MAX
from contracts.errors import ContractError
from policy import templates
from policy.compare.cells import Effort
from policy.compare.check import first_error
from policy.compare.onward import QUESTIONS_MAX
from policy.errors import PolicyError
from policy.model import PolicyKind
from policy.parse import parse
from policy.tc609.translate import to_tc609
from policy.words.contrast import finding
from policy.words.speak import explain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from policy.templates import Parameter

# all that are offered go into one answer
BYTES_MAX = 16_384
CLAUSES_MAX = 32
CLAUSE_CHARACTERS_MAX = 1_000
# of one parameter; several values stand between commas
VALUE_CHARACTERS_MAX = 4_000
RULES_MAX = len(templates.TEMPLATES)
PARAMETERS_MAX = RULES_MAX
UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
LANGUAGES: Final = ("en", "zh")
# what the example filling is of, for a strategy names a product and who provides it
EXAMPLE: Final[Mapping[str, str]] = {
    "@type": "Offer", "target": "urn:penstock:product:example", "assigner": "did:web:provider.example",
}  # fmt: skip


class Kind(StrEnum):
    """The kinds of contracts for which there are official model contracts."""

    PROVISION = "provision"
    PROCESSING = "processing"
    JOINT_DEVELOPMENT = "joint-development"
    BROKERAGE = "brokerage"


# kind → the number of its model contract, and what it is called
KINDS: Final[Mapping[Kind, tuple[str, str, str]]] = {
    Kind.PROVISION: ("GF-2025-2615", "provision of data", "数据提供"),
    Kind.PROCESSING: ("GF-2025-2616", "processing on behalf of another", "数据委托处理服务"),
    Kind.JOINT_DEVELOPMENT: ("GF-2025-2617", "joint development", "数据融合开发"),
    Kind.BROKERAGE: ("GF-2025-2618", "brokerage", "数据中介服务"),
}


class State(StrEnum):
    """Whether a template that is kept is offered."""

    OFFERED = "offered"
    WITHDRAWN = "withdrawn"


class Move(StrEnum):
    """What is done to a template that is kept."""

    WITHDRAW = "withdraw"


EXCHANGE = "exchange"
TABLE: Mapping[tuple[State, Move], Step[State]] = {(State.OFFERED, Move.WITHDRAW): Step(State.WITHDRAWN, EXCHANGE)}


@dataclass(frozen=True, slots=True)
class Words:
    """The same in both languages."""

    en: str
    zh: str

    def json(self) -> dict[str, str]:
        """Return its JSON form."""
        return {"en": self.en, "zh": self.zh}


@dataclass(frozen=True, slots=True)
class ContractTemplate:
    """One template; `rules` are names of `policy.templates`, `fixed` and `examples` values by parameter."""

    kind: Kind
    name: Words
    abstract: Words
    rules: tuple[str, ...]
    fixed: Mapping[str, str]
    examples: Mapping[str, str]
    clauses: tuple[Words, ...]

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What is left open, with the example of this template."""
        return tuple(
            replace(one, example=self.examples.get(name, one.example))
            for name, one in _parameters(self.rules).items()
            if name not in self.fixed
        )

    def filled(self, values: Mapping[str, str]) -> dict[str, Any]:
        """Return the rules with these values; raises CatalogError for one that is fixed, PolicyError as `fill`."""
        if taken := sorted(set(values) & set(self.fixed)):
            text_ = f"`{taken[0]}` is fixed by the template: {self.fixed[taken[0]][:100]}"
            raise CatalogError(text_, path=f"fixed/{taken[0]}", hint="leave it out, or use another template")
        if unknown := sorted(set(values) - {one.name for one in self.parameters}):
            known = ", ".join(one.name for one in self.parameters) or "none"
            raise CatalogError(f"the template asks for no `{unknown[0][:100]}`", path="rules", hint=f"one of {known}")
        return templates.fill(self.rules, {**self.fixed, **values})

    def example(self) -> dict[str, Any]:
        """Return the rules filled in with the examples, as an offer of some product."""
        return {**EXAMPLE, **self.filled({one.name: one.example for one in self.parameters})}

    def strategies(self) -> dict[str, object]:
        """Return the example as the strategies of a digital contract."""
        return to_tc609(self.example())

    def words(self) -> dict[str, list[str]]:
        """Return the example in sentences."""
        return in_words(self.example())

    def json(self) -> dict[str, Any]:
        """Return its JSON form."""
        return {
            "kind": self.kind.value,
            "name": self.name.json(),
            "abstract": self.abstract.json(),
            "rules": list(self.rules),
            "fixed": dict(self.fixed),
            "examples": dict(self.examples),
            "clauses": [one.json() for one in self.clauses],
        }


_NEEDED = frozenset(["kind", "name", "abstract", "rules"])
_KEYS = _NEEDED | {"fixed", "examples", "clauses"}


def usable(document: object) -> ContractTemplate:
    """Read a template that is to be kept; raises CatalogError also for one that nobody could use.

    To look for contradictions takes seconds where many values are fixed: no work for an event loop.
    """
    template = from_json(document)
    _require_usable(template)
    return template


def from_json(document: object) -> ContractTemplate:
    """Read a template strictly; raises CatalogError with the place that is wrong."""
    facts = members(document, "template", required=_NEEDED, allowed=_KEYS)
    template = ContractTemplate(
        kind=_kind(facts["kind"]),
        name=_words(facts["name"], "name", NAME_CHARACTERS_MAX),
        abstract=_words(facts["abstract"], "abstract", ABSTRACT_CHARACTERS_MAX),
        rules=_rules(facts["rules"]),
        fixed=_values(facts.get("fixed", {}), "fixed"),
        examples=_values(facts.get("examples", {}), "examples"),
        clauses=_clauses(facts.get("clauses", [])),
    )
    try:
        size = len(canonical(template.json()))
    except ContractError as error:
        raise CatalogError(str(error), path="template") from error
    if size > BYTES_MAX:
        raise CatalogError(f"`template` has {size} bytes, the limit is {BYTES_MAX}", path="template")
    _require_known(template)
    return template


def identifier(value: object, path: str) -> str:
    """Return the id of a template: a UUID of 36 characters, in small letters."""
    told = text(value, path, limit=36)
    if not UUID.fullmatch(told):
        raise CatalogError(f"`{path}` is no UUID: `{told}`", path=path, hint="36 characters, small letters")
    return told


def in_words(policy: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return a policy in sentences, in both languages."""
    read = parse({"@type": "Offer", **policy})
    return {language: explain(read, language) for language in LANGUAGES}


def moved(state: State, move: Move) -> State:
    """Return the state after a move of the exchange; raises TemplateError."""
    return find(TABLE, state, move, EXCHANGE, of="a contract template", error=TemplateError).to


def _kind(value: object) -> Kind:
    told = text(value, "kind")
    if told not in set(Kind):
        raise CatalogError(f"`kind` is `{told[:40]}`", path="kind", hint=f"one of {', '.join(Kind)}")
    return Kind(told)


def _words(value: object, path: str, limit: int) -> Words:
    """Return a text in both languages; neither is empty."""
    both = set(LANGUAGES)
    facts = members(value, path, required=both, allowed=frozenset(both))
    told = {language: text(facts[language], f"{path}/{language}", limit=limit) for language in LANGUAGES}
    if empty := next((language for language, words in told.items() if not words.strip()), None):
        raise CatalogError(f"`{path}/{empty}` is empty", path=f"{path}/{empty}")
    return Words(**told)


def _rules(value: object) -> tuple[str, ...]:
    names = items(value, "rules", limit=RULES_MAX)
    if not names:
        raise CatalogError("`rules` is empty", path="rules", hint="penstock policy template list")
    told: list[str] = []
    for at, name in enumerate(names):
        told.append(_rule(name, f"rules/{at}"))
        if told[-1] in told[:-1]:
            raise CatalogError(f"`rules/{at}` is `{told[-1]}` once more", path=f"rules/{at}")
    return tuple(told)


def _rule(value: object, path: str) -> str:
    """Return the name of a built-in template that can be filled in."""
    try:
        row = templates.named(text(value, path))
    except PolicyError as error:
        raise CatalogError(f"`{path}`: {error.problem}", path=path, hint=error.hint) from error
    if row.instead[0]:
        raise CatalogError(f"`{path}`: `{row.name}` is no rule here", path=path, hint=row.instead[0])
    return row.name


def _values(value: object, path: str) -> dict[str, str]:
    facts = members(value, path)
    if len(facts) > PARAMETERS_MAX:
        raise CatalogError(f"`{path}` has {len(facts)} members, the limit is {PARAMETERS_MAX}", path=path)
    return {name: text(one, f"{path}/{name[:100]}", limit=VALUE_CHARACTERS_MAX) for name, one in sorted(facts.items())}


def _clauses(value: object) -> tuple[Words, ...]:
    told = items(value, "clauses", limit=CLAUSES_MAX)
    return tuple(_words(one, f"clauses/{at}", CLAUSE_CHARACTERS_MAX) for at, one in enumerate(told))


def _parameters(rules: tuple[str, ...]) -> dict[str, Parameter]:
    return {one.name: one for name in rules for one in templates.named(name).parameters}


def _require_known(template: ContractTemplate) -> None:
    """Raise for a value of which no rule has the parameter, and for one that is both fixed and open."""
    known = _parameters(template.rules)
    for path, values in (("fixed", template.fixed), ("examples", template.examples)):
        for name in values:
            if name not in known:
                text_ = f"`{path}/{name[:100]}` is filled in by none of the rules"
                raise CatalogError(text_, path=f"{path}/{name[:100]}", hint=f"one of {', '.join(known) or 'none'}")
    if both := sorted(set(template.fixed) & set(template.examples)):
        path = f"examples/{both[0]}"
        raise CatalogError(f"`{path}` is fixed already", path=path, hint="an example is of what is left open")


def _require_usable(template: ContractTemplate) -> None:
    """Raise unless the example filling is a policy that can be agreed to: each rule by itself, then all together."""
    values = {one.name: one.example for one in template.parameters} | {**template.fixed}
    for at, name in enumerate(template.rules):
        own = {one.name: values[one.name] for one in templates.named(name).parameters}
        try:
            templates.fill([name], own)
        except PolicyError as error:
            raise _refused(_place(template, own, at), error.problem, error.hint) from error
    try:
        policy = parse(template.example())
        template.strategies()
    except PolicyError as error:
        raise _refused("rules", error.problem, error.hint) from error
    wrong = first_error(replace(policy, kind=PolicyKind.SET), Effort(QUESTIONS_MAX))
    if wrong is not None:
        raise _refused("rules", *finding(wrong))


def _place(template: ContractTemplate, own: Iterable[str], at: int) -> str:
    """Return where the value of a rule was said: fixed, as an example, or by the rule itself."""
    for name in own:
        for path, values in (("fixed", template.fixed), ("examples", template.examples)):
            if name in values:
                return f"{path}/{name}"
    return f"rules/{at}"


def _refused(path: str, text_: str, hint: str) -> CatalogError:
    return CatalogError(f"`{path}`: {text_}", path=path, hint=hint)
