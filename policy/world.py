"""The state of the world a decision is made in: the time, who belongs where, what was done, what was counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from policy.calendar import Duration, duration
from policy.errors import PolicyError
from policy.request import given, read_context
from policy.values import instant, number, plain, read_instant, show
from policy.vocabulary.names import operand_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.verdict import Verdict

DUTY_STATUSES = frozenset({"fulfilled", "violated", "unknown"})
MAX_PERFORMED = 100_000  # acts under one agreement that one decision looks through
MAX_INSTANTS = 100_000
_STATUSES_TEXT = ", ".join(sorted(DUTY_STATUSES))
_KEYS = frozenset({"now", "partOf", "performed", "duties", "counters"})
_ACT_KEYS = frozenset({"action", "by", "target", "at", "context"})

# A number of uses, an amount, a time used, the instant something began, or the instants of the uses.
Counter: TypeAlias = int | Fraction | Duration | datetime | tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done: `by` and `target` are empty when it is not said."""

    action: str
    at: datetime
    by: str = ""
    target: str = ""
    context: Mapping[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """Write the act in the form it is read from."""
        known = {key: given(value) for key, value in sorted(self.context.items())}
        context = {key: found[0] if len(found) == 1 else list(found) for key, found in known.items() if found}
        said = {"by": self.by, "target": self.target, "context": context}
        return {"action": self.action, "at": show(self.at)} | {key: value for key, value in said.items() if value}


@dataclass(frozen=True, slots=True)
class World:
    """Facts the deciding side vouches for.

    `now` is an aware instant. `part_of` maps a party, asset, region or other term to what it is directly in. `duties`
    maps a duty's id to fulfilled, violated or unknown; a duty that is not in it is judged from `performed`. `counters`
    maps (rule id, operand) to what is already taken, committed and reserved, without the act being decided; None says
    that the counters cannot be read, and then what depends on them is unknown.
    """

    now: datetime
    part_of: Mapping[str, frozenset[str]] = field(default_factory=dict)
    duties: Mapping[str, str] = field(default_factory=dict)
    counters: Mapping[tuple[str, str], Counter] | None = field(default_factory=dict)
    performed: tuple[Act, ...] = ()

    def __post_init__(self) -> None:
        if self.now.utcoffset() is None:
            raise ValueError("the world's `now` has no time zone; pass an aware datetime")

    @property
    def mentioned(self) -> frozenset[str]:
        """Everything whose place in a hierarchy the world speaks of."""
        return frozenset(self.part_of).union(*self.part_of.values())

    def collections(self, member: str) -> frozenset[str]:
        """Everything the member is in, directly or through other collections, itself included."""
        if member not in self.part_of:
            return frozenset((member,))
        found = {member}
        open_ends = [member]
        while open_ends:
            fresh = self.part_of.get(open_ends.pop(), frozenset()) - found
            found |= fresh
            open_ends.extend(fresh)
        return frozenset(found)

    def lies_in(self, member: str, names: frozenset[str], collections: Iterable[frozenset[str]]) -> Verdict:
        """Say whether the member is one of `names` or in one of them; None where nobody can know.

        `collections` has the names of each that is said to be a collection: who is in one is unknown when the world
        mentions it under none of its names. Of one that it mentions, it names everybody.
        """
        if member in names or not names.isdisjoint(self.collections(member)):
            return True
        unsure = [one for one in collections if not one.isdisjoint(names)]
        return None if unsure and any(one.isdisjoint(self.mentioned) for one in unsure) else False

    def as_json(self) -> dict[str, object]:
        """Write the world as canonical-friendly JSON: RFC 3339 in UTC, counts as decimal text, collections sorted."""
        counters: dict[str, dict[str, object]] = {}
        for (rule, operand), taken in sorted((self.counters or {}).items()):
            counters.setdefault(rule, {})[operand] = _counter_json(taken)
        return {
            "now": show(self.now),
            "partOf": {member: sorted(groups) for member, groups in sorted(self.part_of.items())},
            "performed": [act.as_json() for act in self.performed],
            "duties": dict(sorted(self.duties.items())),
            "counters": None if self.counters is None else counters,
        }

    @classmethod
    def from_json(cls, document: object) -> World:
        """Read `{"now", "partOf"?, "performed"?, "duties"?, "counters"?}`; PolicyError for anything else."""
        members = _mapping(document, "")
        for key in members:
            if key not in _KEYS:
                raise PolicyError("unknown-term", f"/{key}", f"unknown key `{key}` in a world")
        counters = members.get("counters", {})
        return cls(
            now=read_instant(members.get("now"), "/now"),
            part_of=_part_of(members.get("partOf", {})),
            duties=_duties(members.get("duties", {})),
            counters=None if counters is None else _counters(counters),
            performed=_performed(members.get("performed", [])),
        )


def since(now: datetime, taken: Duration) -> datetime | None:
    """Step back from `now` by what has already passed; None when that has months, or leaves the calendar."""
    if taken.months:
        return None
    try:
        return now - timedelta(microseconds=int(taken.seconds * 1_000_000))
    except OverflowError:
        return None


def _mapping(value: object, path: str) -> Mapping[str, object]:
    if type(value) is not dict and not isinstance(value, Mapping):  # the usual case needs no walk through classes
        raise PolicyError("bad-type", path, "not an object")
    return value


def _part_of(value: object) -> dict[str, frozenset[str]]:
    read = {}
    for member, groups in _mapping(value, "/partOf").items():
        if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
            raise PolicyError("bad-type", f"/partOf/{member}", f"collections of `{member}` are not a list of text")
        read[member] = frozenset(groups)
    return read


def _duties(value: object) -> dict[str, str]:
    read = {}
    for duty, status in _mapping(value, "/duties").items():
        if not isinstance(status, str) or status not in DUTY_STATUSES:
            raise PolicyError("bad-value", f"/duties/{duty}", f"status of duty `{duty}` is not one of {_STATUSES_TEXT}")
        read[duty] = status
    return read


def _counters(value: object) -> dict[tuple[str, str], Counter]:
    read = {}
    for rule, operands in _mapping(value, "/counters").items():
        for operand, taken in _mapping(operands, f"/counters/{rule}").items():
            read[rule, operand_name(operand)] = _counter(taken, f"/counters/{rule}/{operand}")
    return read


def _counter(value: object, path: str) -> Counter:
    if isinstance(value, list):
        if len(value) > MAX_INSTANTS:
            raise PolicyError("too-large", path, f"more than {MAX_INSTANTS} instants in a counter")
        return tuple(read_instant(item, f"{path}/{index}") for index, item in enumerate(value))
    text = plain(value) or ""
    amount = number(text)
    if amount is not None and amount >= 0:
        return int(amount) if amount.denominator == 1 else amount
    read = duration(text) or instant(text)
    if read is None:
        hint = "write a number from 0, a duration (P3D), an instant with its zone, or a list of instants"
        raise PolicyError("bad-value", path, "a counter that cannot be read", hint)
    return read


def _counter_json(taken: Counter) -> object:
    if isinstance(taken, tuple):
        return [show(use) for use in taken]
    return show(taken)


def _performed(value: object) -> tuple[Act, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise PolicyError("bad-type", "/performed", "performed acts are not a list")
    if len(value) > MAX_PERFORMED:
        raise PolicyError("too-large", "/performed", f"more than {MAX_PERFORMED} performed acts")
    return tuple(_act(item, f"/performed/{index}") for index, item in enumerate(value))


def _act(value: object, path: str) -> Act:
    members = _mapping(value, path)
    for key in members:
        if key not in _ACT_KEYS:
            raise PolicyError("unknown-term", f"{path}/{key}", f"unknown key `{key}` in a performed act")
    return Act(
        action=_name(members, "action", path, required=True),
        at=read_instant(members.get("at"), f"{path}/at"),
        by=_name(members, "by", path),
        target=_name(members, "target", path),
        context=read_context(members.get("context", {}), f"{path}/context"),
    )


def _name(members: Mapping[str, object], key: str, path: str, *, required: bool = False) -> str:
    value = members.get(key)
    if value is None and not required:
        return ""
    text = plain(value)
    if not text:
        raise PolicyError("bad-type", f"{path}/{key}", f"`{key}` of a performed act is text")
    return text
