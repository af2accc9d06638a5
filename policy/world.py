"""The state of the world a decision is made in: the time, who belongs where, what was done, what was counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from policy.errors import PolicyError
from policy.values import read_instant

DUTY_STATUSES = frozenset({"fulfilled", "violated", "unknown"})
_STATUSES_TEXT = ", ".join(sorted(DUTY_STATUSES))
_KEYS = frozenset({"now", "partOf", "performed", "duties", "counters"})


@dataclass(frozen=True, slots=True)
class World:
    """Facts the deciding side vouches for.

    `now` is an aware instant. `part_of` maps a party, asset or region to the collections it is directly in. `duties`
    maps a duty's id to fulfilled, violated or unknown. `counters` maps (rule id, operand) to what is already taken,
    committed and reserved, without the act being decided; None says that the counters cannot be read, and then what
    depends on them is unknown. `performed` lists acts done (kept for duties that are judged from acts).
    """

    now: datetime
    part_of: Mapping[str, frozenset[str]] = field(default_factory=dict)
    duties: Mapping[str, str] = field(default_factory=dict)
    counters: Mapping[tuple[str, str], int] | None = field(default_factory=dict)
    performed: tuple[Mapping[str, object], ...] = ()

    def __post_init__(self) -> None:
        if self.now.utcoffset() is None:
            raise ValueError("the world's `now` has no time zone; pass an aware datetime")

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

    def as_json(self) -> dict[str, object]:
        """Write the world as canonical-friendly JSON: RFC 3339 in UTC, counts as decimal text, collections sorted."""
        counters: dict[str, dict[str, str]] = {}
        for (rule, operand), taken in sorted((self.counters or {}).items()):
            counters.setdefault(rule, {})[operand] = str(taken)
        return {
            "now": self.now.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "partOf": {member: sorted(groups) for member, groups in sorted(self.part_of.items())},
            "performed": [dict(act) for act in self.performed],
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
        return cls(
            now=read_instant(members.get("now"), "/now"),
            part_of=_part_of(members.get("partOf", {})),
            duties=_duties(members.get("duties", {})),
            counters=None if members.get("counters", {}) is None else _counters(members.get("counters", {})),
            performed=_performed(members.get("performed", [])),
        )


def _mapping(value: object, path: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
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


def _counters(value: object) -> dict[tuple[str, str], int]:
    read = {}
    for rule, operands in _mapping(value, "/counters").items():
        for operand, taken in _mapping(operands, f"/counters/{rule}").items():
            read[rule, operand] = _count(taken, f"/counters/{rule}/{operand}")
    return read


def _count(value: object, path: str) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise PolicyError("bad-value", path, "a counter is a whole number from 0")


def _performed(value: object) -> tuple[Mapping[str, object], ...]:
    if not isinstance(value, list):
        raise PolicyError("bad-type", "/performed", "performed acts are not a list")
    return tuple(_mapping(act, f"/performed/{index}") for index, act in enumerate(value))
