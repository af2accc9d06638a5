"""A policy decision as those see it who enforce it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from contracts.canonical import sha

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connector.enforcement.counted import Held

ALLOW, CONDITIONAL, DENY = "allow", "conditional", "deny"
# what nothing speaks against: of a conditional one its duties are still to be done
HOLDS: Final = frozenset({ALLOW, CONDITIONAL})


@dataclass(frozen=True)
class Ruling:
    """A policy decision on one order. `outstanding` names the actions of the duties not yet done.

    `document` is everything a replay needs (policy by its digest, request, world, decision); its digest is what offers
    and receipts cite, and is made when somebody does. `policy` is the policy itself, `at` the time it was decided at.
    """

    outcome: str
    document: Mapping[str, Any]
    reasons: tuple[Mapping[str, Any], ...] = ()
    rules: tuple[Mapping[str, Any], ...] = ()
    duties: tuple[Mapping[str, Any], ...] = ()
    outstanding: frozenset[str] = frozenset()
    held: tuple[Held, ...] = ()
    policy: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None

    @cached_property
    def digest(self) -> bytes:
        """Return the digest of the document, 32 bytes."""
        return sha(self.document)

    @cached_property
    def request_digest(self) -> bytes:
        """Return the digest of what was asked, 32 bytes."""
        return sha(self.document.get("request", {}))


def why_not(ruling: Ruling) -> str:
    """Return in words why a decision lets nothing flow, empty if it does."""
    return "" if ruling.outcome in HOLDS else words(ruling.outcome, ruling.reasons)


def words(outcome: str, reasons: Sequence[Mapping[str, Any]]) -> str:
    """Return the reasons of a refusal as one text."""
    return "; ".join(str(reason["text"]) for reason in reasons) or outcome
