"""A space of an exchange and its rules: what may be listed in it, under which policies, and who sees what.

Law: a rule that is absent (null) forbids nothing, but for `least`, in whose place the program's own table stands; one
that is there is checked when a product is handed in, when it is reviewed and, who sees what, at every search. Rules are
never changed: a new version takes their place, and each version is on record. What a rule names is a row of the table
it is about, or the rules are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from catalog import protection
from catalog.classes import DIMENSIONS
from catalog.codes import SECURITY_GRADES, TIERS
from catalog.document import items, members, text
from catalog.errors import CatalogError
from catalog.protection import Least, either, lies
from catalog.roles import ROLES
from contracts.suites import SUITES
from policy.model import atoms
from policy.vocabulary.actions import ACTIONS
from policy.vocabulary.operands import OPERANDS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from catalog.protection import Described
    from policy.model import Policy

# the space that an exchange has from its first day: whatever names no other is in it
MAIN = "main"
NAME_CHARACTERS_MAX = 200
DESCRIPTION_CHARACTERS_MAX = 4_000
MEMBERS_MAX = 1_000
CODES_MAX = 64
# stands for every role that is not named
OTHERS = "others"
_ID = re.compile(r"[a-z][a-z0-9-]{0,39}")


class State(StrEnum):
    """Where a space is; what is wound up is over."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds in a space; None of anything but `least` restricts nothing.

    `classes` dimension → codes of which one must hold the product's; `grade` the highest listed; `tiers` the ways of
    delivery; `suites` the ciphers that it may be sealed by; `least` class and grade → the least of the tiers; `actions`
    and `operands` what a policy's permissions may say, `needs` operands that each of them must constrain; `members` who
    is in; `sees` and `samples` role (or OTHERS) → the highest grade that it finds, and of which sample rows are shown.
    """

    classes: Mapping[str, tuple[str, ...]] | None = None
    grade: int | None = None
    tiers: tuple[str, ...] | None = None
    suites: tuple[str, ...] | None = None
    least: tuple[Least, ...] | None = None
    actions: tuple[str, ...] | None = None
    operands: tuple[str, ...] | None = None
    needs: tuple[str, ...] | None = None
    members: tuple[str, ...] | None = None
    sees: Mapping[str, int] | None = None
    samples: Mapping[str, int] | None = None

    @property
    def table(self) -> tuple[Least, ...]:
        """Return the least tiers that hold here: the space's own, or the program's where it has none."""
        return protection.TABLE if self.least is None else self.least

    def json(self) -> dict[str, Any]:
        """Return the JSON form: every rule, null for none; but of `suites`, which connectors of before do not know."""
        told = {one.name: _plain(getattr(self, one.name)) for one in fields(self)}
        return told if self.suites is not None else {name: one for name, one in told.items() if name != "suites"}

    def faults(self, product: Described, tier: str, policy: Policy, member: str, suite: str) -> tuple[str, ...]:
        """Return why a product may not be listed here, each in a sentence; nothing if it may.

        `suite` is by which it is sealed, empty for a service.
        """
        about = self._about_data(product, tier, suite)
        return (*self._about_member(member), *about, *self._about_policy(policy))

    def sight(self, role: str, member: str) -> int:
        """Return the highest grade that a member finds here, 0 for nothing."""
        if self.members is not None and member not in self.members:
            return 0
        return _grade_of(self.sees, role)

    def sample(self, role: str) -> int:
        """Return the highest grade of which a role is shown sample rows."""
        return _grade_of(self.samples, role) if self.samples is not None else 1

    def _about_member(self, member: str) -> Iterator[str]:
        if self.members is not None and member not in self.members:
            yield "only the members of the space list in it"

    def _about_data(self, product: Described, tier: str, suite: str) -> Iterator[str]:
        for name, codes in (self.classes or {}).items():
            if not lies(product, name, codes):
                yield f"its {name} must lie in {either(codes)}, and is `{product.classes.get(name, '') or 'not said'}`"
        if self.grade is not None and product.grade > self.grade:
            yield f"its security grade is {product.grade}, and the highest here is {self.grade}"
        if self.tiers is not None and tier not in self.tiers:
            yield f"it is delivered by the tier `{tier}`, and here by {either(self.tiers)}"
        if suite and self.suites is not None and suite not in self.suites:
            yield f"it is sealed by the suite `{suite}`, and here by {either(self.suites)}"
        if why := protection.fault(self.table, product, tier):
            yield why

    def _about_policy(self, policy: Policy) -> Iterator[str]:
        for rule in policy.permissions:
            said = {one.left for one in atoms(rule.conditions)}
            if self.actions is not None and (odd := sorted(set(rule.actions) - set(self.actions))):
                yield f"its policy permits `{odd[0]}`, and policies here permit {either(self.actions)}"
            if self.operands is not None and (odd := sorted(said - set(self.operands))):
                yield f"its policy constrains `{odd[0]}`, and policies here constrain {either(self.operands)}"
            if missing := [name for name in self.needs or () if name not in said]:
                yield f"its policy does not constrain `{missing[0]}`, as every policy here does"


def sight(space: str, most: int) -> str:
    """Return how the index spells whoever finds products of a space up to a grade."""
    return f"{space}:{most}"


def sights(space: str, grade: int) -> tuple[str, ...]:
    """Return all that find a product of a grade in a space, the least of them first."""
    return tuple(sight(space, most) for most in range(grade, max(SECURITY_GRADES) + 1))


def from_json(document: object) -> Rules:
    """Read rules strictly; an absent rule is none. Anything unknown raises CatalogError."""
    facts = members(document, "rules", allowed=frozenset(_READ))
    read = {name: _READ[name](value, name) for name, value in facts.items() if value is not None}
    return Rules(**read)


def identifier(told: str) -> str:
    """Return the id of a space; raises CatalogError for what is none."""
    if not _ID.fullmatch(told):
        raise CatalogError(f"`{told[:40]}` is no id of a space", path="id", hint="a-z, digits and -, at most 40")
    return told


def words(rules: Rules) -> tuple[tuple[str, str], ...]:
    """Say the rules in English and 中文, one pair a rule that restricts something."""
    told: list[tuple[str, str]] = []
    for name, codes in (rules.classes or {}).items():
        dimension = DIMENSIONS[name]
        told.append((f"only {dimension.en} {either(codes)}", f"仅限{dimension.zh}: {'、'.join(codes)}"))
    if rules.grade is not None:
        told.append((f"security grade up to {rules.grade}", f"安全等级不高于{rules.grade}级"))
    for value, en, zh in (
        (rules.tiers, "delivered by", "交付方式"),
        (rules.suites, "sealed by the suite", "密码套件"),
        (rules.actions, "policies permit only", "策略仅可许可的操作"),
        (rules.operands, "policies constrain only", "策略仅可约束的要素"),
        (rules.needs, "every policy constrains", "策略必须约束"),
    ):
        if value is not None:
            told.append((f"{en} {either(value)}", f"{zh}: {'、'.join(value)}"))
    for row in rules.table:
        of = "".join(f", {DIMENSIONS[name].en} {either(codes)}" for name, codes in row.classes.items())
        zh = "".join(f", {DIMENSIONS[name].zh}: {'、'.join(codes)}" for name, codes in row.classes.items())
        ways = protection.stronger(row.tier)
        told.append(
            (
                f"from security grade {row.grade}{of} delivered by {either(ways)}",
                f"安全等级{row.grade}级及以上{zh}, 交付方式: {'、'.join(ways)}",
            )
        )
    if rules.members is not None:
        told.append((f"closed: {len(rules.members)} members", f"封闭空间: {len(rules.members)}个成员"))
    for grades, en, zh in ((rules.sees, "finds", "可见"), (rules.samples, "is shown samples of", "可见样例")):
        for role, grade in (grades or {}).items():
            name = ROLES[role].en if role in ROLES else "everybody else"
            named = ROLES[role].zh if role in ROLES else "其他角色"
            told.append((f"{name} {en} grades up to {grade}", f"{named}{zh}等级不高于{grade}级"))
    return tuple(told) or (("no restriction", "无限制"),)


def _grade_of(grades: Mapping[str, int] | None, role: str) -> int:
    if grades is None:
        return max(SECURITY_GRADES)
    return grades.get(role, grades.get(OTHERS, 0))


def _plain(value: object) -> object:
    if isinstance(value, Least):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return {name: _plain(one) for name, one in value.items()} if isinstance(value, dict) else value


def _codes(known: Collection[str]) -> Callable[[object, str], tuple[str, ...]]:
    def read(value: object, path: str) -> tuple[str, ...]:
        told = tuple(text(one, path) for one in items(value, path, limit=CODES_MAX))
        if unknown := [one for one in told if one not in known]:
            raise CatalogError(f"unknown {path} `{unknown[0][:40]}`", path=path, hint=f"such as {', '.join(known)}")
        return told

    return read


def _classes(value: object, path: str) -> dict[str, tuple[str, ...]]:
    told = {}
    for name, codes in members(value, path, allowed=frozenset(DIMENSIONS)).items():
        told[name] = tuple(text(one, f"{path}/{name}") for one in items(codes, f"{path}/{name}", limit=CODES_MAX))
        for code in told[name]:
            DIMENSIONS[name].require(code)
    return told


def _grade(value: object, path: str) -> int:
    if type(value) is not int or value not in SECURITY_GRADES:
        raise CatalogError(f"`{path}` is no security grade", path=path, hint="1 to 5")
    return value


def _grades(value: object, path: str) -> dict[str, int]:
    told = members(value, path, allowed=frozenset({*ROLES, OTHERS}))
    return {name: 0 if grade == 0 else _grade(grade, f"{path}/{name}") for name, grade in told.items()}


def _least(value: object, path: str) -> tuple[Least, ...]:
    told = []
    for at, one in enumerate(items(value, path, limit=CODES_MAX)):
        where = f"{path}/{at}"
        row = members(one, where, required={"grade", "tier"}, allowed=frozenset({"grade", "tier", "classes"}))
        (tier,) = _codes(TIERS)([row["tier"]], f"{where}/tier")
        classes = _classes(row.get("classes") or {}, f"{where}/classes")
        told.append(Least(_grade(row["grade"], f"{where}/grade"), tier, classes))
    return tuple(told)


def _members(value: object, path: str) -> tuple[str, ...]:
    return tuple(text(one, path, limit=512) for one in items(value, path, limit=MEMBERS_MAX))


_READ: Mapping[str, Callable[[object, str], Any]] = {
    "classes": _classes,
    "grade": _grade,
    "tiers": _codes(TIERS),
    "suites": _codes(SUITES),
    "least": _least,
    "actions": _codes(ACTIONS),
    "operands": _codes(OPERANDS),
    "needs": _codes(OPERANDS),
    "members": _members,
    "sees": _grades,
    "samples": _grades,
}
