"""What is judged together: a matter is all partitions that name each other, such as an agreement and its channels.

Law: what is found of an entry rests on its own matter, on the chain's events that name it, and on what is always gone
through whole (`Book.ever`). So where nothing new names a partition of a matter, its verdict stands. A kind whose fields
name another partition, and of which a rule counts or compares across the two, has a row here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts.ndi import strategy
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ledger.audit.sources import ChainEvent

ID_BYTES = 32
# kinds of which each entry is judged by itself, or with all of its kind: they bring nothing new to a matter
ALONE = ("time.mark",)


@dataclass(frozen=True, slots=True)
class Matters:
    """All matters of a space: `parts` name → its partitions, `of` partition → name; a name is the least partition."""

    parts: Mapping[str, Sequence[str]]
    of: Mapping[str, str]

    @classmethod
    def tied(cls, parts: Iterable[str], ties: Iterable[tuple[str, str]]) -> Matters:
        """Put partitions together that are tied, by however many others between them."""
        above: dict[str, str] = {}

        def top(part: str) -> str:
            while (higher := above.setdefault(part, part)) != part:
                above[part] = above[higher]
                part = higher
            return part

        for part in parts:
            top(part)
        for part, other in ties:
            first, second = sorted((top(part), top(other)))
            above[second] = first
        found: dict[str, list[str]] = {}
        for part in above:
            found.setdefault(top(part), []).append(part)
        return cls(found, {part: name for name, tied in found.items() for part in tied})

    def all_of(self, parts: Iterable[str]) -> frozenset[str]:
        """Return the names of the matters to which any of these partitions belong; unknown ones belong to none."""
        return frozenset(self.of[part] for part in parts if part in self.of)

    def whole(self, names: Iterable[str]) -> frozenset[str]:
        """Return the partitions of these matters."""
        return frozenset(part for name in names for part in self.parts[name])


def names(kind: str, fields: Mapping[str, Any]) -> set[str]:
    """Return the partitions that an event of `TIES` names in its fields; what is malformed names none."""
    try:
        return {name for name in TIES[kind](fields) if name}
    except (LookupError, TypeError, ValueError, AttributeError):
        return set()


def told_of(event: ChainEvent) -> set[str]:
    """Return the partitions that an event of the chain names: every id is one."""
    ids = (value for value in event.fields.values() if isinstance(value, bytes) and len(value) == ID_BYTES)
    return {one.hex() for one in ids}


def tied_by(event: ChainEvent) -> tuple[str, str] | None:
    """Return the two partitions that an event of the chain ties together, if it does."""
    found = [event.fields.get(name) for name in CHAIN_TIES.get(event.name, ())]
    ids = [value.hex() for value in found if isinstance(value, bytes) and len(value) == ID_BYTES]
    return (ids[0], ids[1]) if len(ids) > 1 else None


def _of_orders(fields: Mapping[str, Any]) -> Iterator[str]:
    return (str(row["agreement"]) for row in fields["rows"])


def _of_agreement(fields: Mapping[str, Any]) -> Iterator[str]:
    yield str(fields.get("agreementDigest", ""))


def _of_terms(fields: Mapping[str, Any]) -> Iterator[str]:
    """Yield what an agreement stands under, and what it amends: what happens to these is judged with it."""
    yield str(fields["terms"].get("contract") or "")
    yield str(fields["terms"].get("parent") or "")
    yield str(fields["terms"].get("amends") or "")


def _of_contract(fields: Mapping[str, Any]) -> Iterator[str]:
    """Yield in place of which contract one is; an expansion of another make names none for us."""
    try:
        yield strategy.superseded(fields["strategy"])
    except PolicyError:
        return


def _of_channel(fields: Mapping[str, Any]) -> Iterator[str]:
    yield str(fields.get("channel", ""))


# kind → the partitions that its fields name
TIES: Mapping[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "agreement.signed": _of_terms,
    "contract.signed": _of_contract,
    "channel.opened": _of_agreement,
    "keys.released": _of_orders,
    "keys.received": _of_orders,
    "trade.recorded": _of_channel,
    "payment.made": _of_agreement,
    "complaint.moved": _of_agreement,
}
# event of the chain → the two of its fields that are of one matter
CHAIN_TIES: Mapping[str, tuple[str, str]] = {"SubLicenceGranted": ("agreementDigest", "parent")}
