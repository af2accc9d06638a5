"""What is judged together: a matter is all partitions that name each other, such as an agreement and its channels.

Law: what is found of an entry rests on its own matter, on the chain's events that name it, and on what is always gone
through whole (`Book.ever`). So where nothing new names a partition of a matter, its verdict stands. A kind whose fields
name another partition, and of which a rule counts or compares across the two, has a row here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ledger.audit.sources import ChainEvent

ID_BYTES = 32
# kinds of which each entry is judged by itself, or with all of its kind: they bring nothing new to a matter
ALONE = ("time.mark",)


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


def _of_orders(fields: Mapping[str, Any]) -> Iterator[str]:
    return (str(row["agreement"]) for row in fields["rows"])


def _of_agreement(fields: Mapping[str, Any]) -> Iterator[str]:
    yield str(fields.get("agreementDigest", ""))


def _of_terms(fields: Mapping[str, Any]) -> Iterator[str]:
    """Yield what an agreement stands under, and what it amends: what happens to these is judged with it."""
    yield str(fields["terms"].get("parent") or "")
    yield str(fields["terms"].get("amends") or "")


def _of_channel(fields: Mapping[str, Any]) -> Iterator[str]:
    yield str(fields.get("channel", ""))


# kind → the partitions that its fields name
TIES: Mapping[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "agreement.signed": _of_terms,
    "channel.opened": _of_agreement,
    "keys.released": _of_orders,
    "keys.received": _of_orders,
    "trade.recorded": _of_channel,
    "payment.made": _of_agreement,
    "complaint.moved": _of_agreement,
}
