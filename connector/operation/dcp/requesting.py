"""Asking an issuer for credentials, and asking again before they end (DCP 1.0.1, "Credential Issuance Protocol").

Law: (1) a request is a row before it is sent: what is delivered under its name finds it. (2) What we hold is asked for
again when a third of its time is left, or when its issuer offers it anew; nothing is asked of an issuer that we did
not ask before. (3) What an issuer took and has not delivered when it gives up its messages never comes.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from connector.identity.space.exchange import EXCHANGE
from connector.negotiation.notices import PATIENCE
from connector.runtime.errors import Absent, InvalidInput, PeerMisbehaved, PenstockError
from connector.runtime.limits import PAGE_ROWS_MAX
from connector.store.rows.credential import CredentialOfferRow, CredentialRequestRow, CredentialRow, RequestState
from contracts.credential import messages
from contracts.credential.profiles import FIRST, PROFILES
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

SERVICE: Final = "IssuerService"
# an issuer that gives nothing is asked again after this
AGAIN: Final = timedelta(hours=1)
LATE: Final = "state = 'RECEIVED' and created < ?"
# of the time that a credential holds: so much is left when the next one is asked for
LEFT: Final = 3

log = logging.getLogger(__name__)


class Requesting:
    """The requests of one holder."""

    def __init__(self, core: Core, peers: Peers, space: SpaceView) -> None:
        self._core, self._peers, self._space = core, peers, space

    async def request(self, types: Sequence[str], issuer: str | None = None, profile: str | None = None) -> JsonObject:
        """Ask an issuer, the exchange of our space by default, for credentials of these types, or of all it gives."""
        profile = profile or FIRST.alias
        if profile not in PROFILES:
            raise InvalidInput(f"`{profile[:60]}` is no profile", f"choose from {', '.join(PROFILES)}")
        issuer = issuer or self._space.last().exchange
        if issuer == self._core.identity.did and EXCHANGE not in self._core.identity.roles:
            raise Absent("we are in no space whose exchange could issue anything", "name an issuer: --issuer DID")
        base = (await self._peers.document(issuer)).services.get(SERVICE)
        if base is None:
            raise Absent(f"`{issuer[:200]}` issues no credentials: its DID document has no `{SERVICE}`")
        wanted = await self._wanted(issuer, base, types, profile)
        now = self._core.clock.now()
        row = CredentialRequestRow(
            id=f"urn:uuid:{uuid.uuid4()}",
            issuer=issuer,
            wanted=[kind for _, kind in wanted],
            state=RequestState.RECEIVED,
            place="",
            reason="",
            created=now,
            updated=now,
        )
        await self._core.store.write(lambda tx: tx.insert(row))
        asked = messages.message(
            messages.REQUEST, holderPid=row.id, credentials=[{"id": identifier} for identifier, _ in wanted]
        )
        url = base.rstrip("/") + "/credentials"
        try:
            answer = await self._core.outbound.post(url, asked, headers=self._peers.authorization(issuer))
        except PenstockError as fault:
            why = str(fault)
            await self._core.store.write(lambda tx: self._refused(tx, row.id, why))
            raise
        place = urljoin(url, answer.headers.get("Location", ""))
        return await self._core.store.write(lambda tx: self._placed(tx, row.id, place))

    async def _wanted(self, issuer: str, base: str, types: Sequence[str], profile: str) -> list[tuple[str, str]]:
        """Return (id, type) of what an issuer gives in a profile of these types; raises Absent for one it gives not."""
        headers = self._peers.authorization(issuer)
        answer = await self._core.outbound.get(base.rstrip("/") + "/metadata", headers=headers)
        try:
            named, supported = messages.read_metadata(answer.json())
        except ContractError as error:
            raise PeerMisbehaved(f"`{issuer[:200]}` does not say what it issues: {error}") from error
        if named != issuer:
            raise PeerMisbehaved(f"`{issuer[:200]}` says that another issues what it gives")
        given = {kind: identifier for identifier, kind, alias in supported if alias == profile}
        absent = [kind for kind in types if kind not in given]
        if absent or not given:
            raise Absent(
                f"`{issuer[:200]}` issues no `{', '.join(absent)[:100]}` as {profile}",
                f"it issues: {', '.join(given) or 'nothing in this profile'}",
            )
        return [(given[kind], kind) for kind in types or given]

    def _refused(self, tx: Tx, request: str, reason: str) -> None:
        row = tx.get(CredentialRequestRow, id=request)
        if row is not None and row.state == RequestState.RECEIVED:
            reason = reason[: messages.REASON_CHARACTERS_MAX]
            tx.change(row, replace(row, state=RequestState.REJECTED, reason=reason, updated=self._core.clock.now()))

    def _placed(self, tx: Tx, request: str, place: str) -> JsonObject:
        """Keep where the issuer says how a request stands; what it delivered meanwhile stays."""
        row = tx.get(CredentialRequestRow, id=request)
        assert row is not None, "a request is kept before it is sent"
        after = replace(row, place=place[: messages.TEXT_CHARACTERS_MAX])
        tx.change(row, after)
        return _shown(after)

    async def page(self) -> list[JsonObject]:
        """List the newest requests."""
        store = self._core.store
        rows = await store.read(lambda tx: tx.find(CredentialRequestRow, order="created desc", limit=PAGE_ROWS_MAX))
        return list(map(_shown, rows))

    async def offers(self) -> list[JsonObject]:
        """List what is offered to us, newest first."""
        store = self._core.store
        rows = await store.read(lambda tx: tx.find(CredentialOfferRow, order="received desc", limit=PAGE_ROWS_MAX))
        return list(map(_offer, rows))

    async def renew(self) -> None:
        """Ask again for what ends soon, or what was offered anew by who gave it; give up what was never delivered."""
        now = self._core.clock.now()
        for late in await self._core.store.read(lambda tx: tx.find(CredentialRequestRow, LATE, (now - PATIENCE,))):
            reason = f"its issuer delivered nothing within {PATIENCE.days} days"
            await self._core.store.write(partial(self._refused, request=late.id, reason=reason))
        due = await self._core.store.read(lambda tx: _due(tx, now))
        for (issuer, profile), types in due.items():
            try:
                await self.request(sorted(types), issuer, profile)
            except PenstockError as fault:
                log.warning("credentials of `%s` were not renewed: %s", issuer, fault)


def _due(tx: Tx, now: datetime) -> dict[tuple[str, str], set[str]]:
    """Return issuer and profile → types that are to be asked for again."""
    due: dict[tuple[str, str], set[str]] = {}
    held, offers = tx.find(CredentialRow), tx.find(CredentialOfferRow)
    lately = {row.issuer for row in tx.find(CredentialRequestRow, "created > ?", (now - AGAIN,))}
    for row in held:
        types = row.type.split(",")
        ending = row.ends is not None and row.ends - now < (row.ends - row.begins) / LEFT
        of_it = (one for one in offers if one.issuer == row.issuer and one.received > row.received)
        anew = any(not one.type or one.type in types for one in of_it)
        if (ending or anew) and row.issuer not in lately:
            due.setdefault((row.issuer, row.profile), set()).update(types)
    return due


def _shown(row: CredentialRequestRow) -> JsonObject:
    return {
        "request": row.id,
        "issuer": row.issuer,
        "types": row.wanted,
        "state": row.state,
        "reason": row.reason,
        "created": row.created.isoformat(timespec="seconds"),
    }


def _offer(row: CredentialOfferRow) -> JsonObject:
    return {"issuer": row.issuer, "credential": row.id, "type": row.type, "reason": row.reason}
