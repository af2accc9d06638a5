"""Contracts of the interfaces in place of others: each of one that was signed, of the same parties and product.

Law: (1) a contract whose strategy names what it supersedes names one that a log says was signed, by the same two, on
the same product, with the same service parties. (2) Of one contract the exchange files one in its place. (3) Whose log
says that such a one is in force says that the one before it ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from contracts.errors import ContractError
from contracts.ndi import strategy
from ledger.audit.amendments import ENDED
from ledger.audit.horizon import behind
from ledger.audit.matters import names
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.audit.books import Books
    from ledger.audit.event import Event
    from ledger.audit.report import Report

PARTIES: Final = ("provider", "consumer")


def above(signed: Mapping[str, Event]) -> dict[str, str]:
    """Return in place of which contract each of these is, where it is in place of any; all by their digests."""
    return {part: old for part, event in signed.items() if (old := "".join(names(event.kind, event.fields)))}


def check(
    signed: Mapping[str, Event], filed: list[Event], instructed: list[Event], books: Books, report: Report
) -> None:
    """Check every contract in place of another.

    `signed` are the contracts that a party says were signed, by their digests; `filed` what the exchange says it filed;
    `instructed` what members say is in force.
    """
    pairs = above(signed)
    for part, old in pairs.items():
        _check_pair(signed[part], signed.get(old), old, books, report)
    first: dict[str, str] = {}
    for event in filed:
        old = pairs.get(event.part, "")
        if old and first.setdefault(old, event.part) != event.part:
            report.find("amendment-forked", event.did, event, agreement=event.part, other=old)
    for event in instructed:
        old, book = pairs.get(event.part, ""), books[event.did]
        if not old or event.did not in _sides(signed[event.part]):
            continue
        if not book.has(ENDED, old) and not behind(report, event.part, event.time, book):
            report.find("amendment-both-stand", event.did, event, agreement=event.part, other=old)


def _check_pair(event: Event, before: Event | None, old: str, books: Books, report: Report) -> None:
    if before is None:
        if not behind(report, event.part, event.time, *books.values()):
            report.find("amendment-orphaned", event.did, event, agreement=event.part, other=old)
        return
    now, was = _said(event), _said(before)
    for field in now:
        if now[field] != was[field]:
            report.find("amendment-differs", event.did, event, agreement=event.part, other=old, field=field)


def _said(event: Event) -> dict[str, Any]:
    """Return what a contract and the one before it have in common."""
    told: Mapping[str, Any] = event.fields["strategy"]
    try:
        services = strategy.services(told)
    except (ContractError, PolicyError):
        services = ()
    product = told.get("subjectInfo", {}).get("dataProductId")
    return {**{name: event.fields[name] for name in PARTIES}, "product": product, "services": services}


def _sides(event: Event) -> tuple[str, ...]:
    return tuple(str(event.fields[name]) for name in PARTIES)
