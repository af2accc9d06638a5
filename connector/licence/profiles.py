"""Profiles of policies that this participant's operator registered: kept in the store, in the tables while it runs.

Law: (1) what is kept is in the tables of every process of the participant before it answers. (2) Nothing is taken back
that an offer, a negotiation or an agreement of ours, or what we list for others, still needs to be read.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, Final, Self

import orjson

from catalog import listing
from connector.enforcement import rules
from connector.licence import audience
from connector.runtime.errors import Absent, Conflict
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.catalogue import ListingRow
from connector.store.rows.console import FactRow
from connector.store.rows.product import ProductRow, ProductState
from connector.store.rows.protocol import NegotiationRow, ProcessState
from connector.store.rows.space import SpaceRow
from policy.errors import PolicyError
from policy.vocabulary import registered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from connector.core.core import Core
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

FACT: Final = "policy-profiles"
_log = logging.getLogger(__name__)


class Profiles:
    """The registered profiles of one participant."""

    def __init__(self, core: Core) -> None:
        self._core = core
        # those of ours that are in the tables
        self._here: dict[str, registered.Profile] = {}

    @classmethod
    async def open(cls, core: Core) -> Self:
        """Return them, those that are kept in the tables already."""
        made = cls(core)
        await made.look()
        return made

    async def look(self) -> None:
        """Have in the tables what is kept, and nothing else of ours; one that can be read no more is left out."""
        kept = {each["profile"]: each for each in await self._core.store.read(_kept)}
        for iri in [iri for iri, profile in self._here.items() if kept.get(iri) != profile.json()]:
            self._strike(iri)
        for iri, document in kept.items():
            if iri not in self._here:
                try:
                    self._enrol(registered.read(document))
                except PolicyError as fault:
                    _log.warning("the profile `%s` is left out: %s", iri, fault)

    async def close(self) -> None:
        """Take ours out of the tables; what is kept stays."""
        for iri in [*self._here]:
            self._strike(iri)

    async def add(self, document: JsonObject) -> JsonObject:
        """Register a profile from now on; returns it as it is kept. Raises PolicyError, Conflict."""
        profile = registered.read(document)
        told = profile.json()

        def act(tx: Tx) -> None:
            kept = [each for each in _kept(tx) if each["profile"] != profile.iri]
            tx.put(FactRow(name=FACT, value={"profiles": [*kept, told]}))

        if self._here.get(profile.iri) == profile:
            return told
        self._enrol(profile)  # refuses what another one says already
        try:
            await self._core.store.write(act)
        except BaseException:
            await self.look()
            raise
        return told

    async def page(self) -> list[JsonObject]:
        """Return each profile: its name, its prefix, and how many operands it has."""
        kept = await self._core.store.read(_kept)
        return [
            {
                "profile": each["profile"],
                "prefix": each["prefix"],
                "operands": len(each["operands"]),
                "known": each["profile"] in self._here,
            }
            for each in kept
        ]

    async def show(self, profile: str) -> JsonObject:
        """Return the document of a profile; raises Absent."""
        return _named(await self._core.store.read(_kept), profile)

    async def remove(self, profile: str) -> JsonObject:
        """Take a profile back; raises Absent, and Conflict while something of ours is read by it."""
        now = self._core.clock.now()

        def act(tx: Tx) -> None:
            kept = _kept(tx)
            if user := next(_users(tx, _named(kept, profile), now), None):
                text = f"{user} is under the profile `{profile[:200]}`: without it nobody here could read its rules"
                raise Conflict(text, "withdraw what is offered, and wait until what was agreed is over")
            tx.put(FactRow(name=FACT, value={"profiles": [each for each in kept if each["profile"] != profile]}))

        await self._core.store.write(act)
        if profile in self._here:
            self._strike(profile)
        return {"profile": profile}

    def _enrol(self, profile: registered.Profile) -> None:
        registered.add(profile)
        self._here[profile.iri] = profile
        _forget()

    def _strike(self, iri: str) -> None:
        del self._here[iri]
        registered.remove(iri)
        _forget()


def _forget() -> None:
    """Forget what was read of policies by other tables."""
    rules.forget()
    audience.forget()


def _kept(tx: Tx) -> list[Any]:
    row = tx.get(FactRow, name=FACT)
    return [] if row is None else list(row.value["profiles"])


def _named(kept: list[Any], profile: str) -> JsonObject:
    found: JsonObject | None = next((each for each in kept if each["profile"] == profile), None)
    if found is None:
        raise Absent(f"no profile `{profile[:200]}` is registered", "`penstock policy profile list` has those that are")
    return found


def _users(tx: Tx, document: JsonObject, now: datetime) -> Iterator[str]:
    """Yield in words what of ours names the profile or an operand of it, whatever prefix stands before that."""
    words = "|".join(re.escape(registered.local(each["name"])) for each in document["operands"])
    names = re.compile(rf'[#/:](?:{words})"|"{re.escape(document["profile"])}"'.encode())
    for row in tx.find(ProductRow, "state <> ? and state <> ?", (ProductState.WITHDRAWN, ProductState.FAILED)):
        if names.search(orjson.dumps([row.policy, row.limits, row.brief, row.renewal, row.standing])):
            yield f"the product `{row.id}`"
    for one in tx.find(ListingRow, "state <> ? and state <> ?", (listing.State.WITHDRAWN, listing.State.REFUSED)):
        if names.search(orjson.dumps([one.offer, one.dataset, one.standing])):
            yield f"the listing `{one.id}`"
    for space in tx.find(SpaceRow):
        if names.search(orjson.dumps(space.rules)):
            yield f"the space `{space.id}`"
    for talk in tx.find(NegotiationRow, "state <> ? and state <> ?", (ProcessState.FINALIZED, ProcessState.TERMINATED)):
        if names.search(orjson.dumps([talk.offer, talk.terms, talk.mandate])):
            yield f"the negotiation `{talk.id}`"
    for held in tx.find(AgreementRow, "not_after is null or not_after > ?", (now,)):
        if names.search(orjson.dumps([held.odrl, held.terms])):
            yield f"the agreement `{held.digest}`"
