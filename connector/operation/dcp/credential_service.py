"""Our credential service: what was issued to us, and what of it we show to whom (DCP 1.0.1, 5 and 6).

Law: (1) a credential is taken only from an issuer whom we asked, under the name of that request, and only if it is
signed by it and is of us; a newer one takes the place of the older of its types. (2) Shown is what the asker's access
token opens, what it asks for, and what holds now; of the rest it does not learn that it is there. (3) An access token
is one that we put into a token of ours for the one who asks now, and is used up with the answer.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from connector.identity import tokens
from connector.operation.dcp import access, jose
from connector.operation.dcp.trust import EVERY
from connector.runtime.errors import Absent, Conflict, TokenError, VerificationFailed
from connector.runtime.limits import HELD_CREDENTIALS_MAX, PAGE_ROWS_MAX
from connector.store.errors import Duplicate
from connector.store.rows.credential import CredentialOfferRow, CredentialRequestRow, CredentialRow, RequestState
from connector.store.rows.protocol import TokenSeenRow
from contracts.credential import messages, model, presentation
from contracts.credential.profiles import PROFILES
from contracts.credential.scopes import Scope
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.tokens import Claims
    from connector.operation.dcp.jose import Signed
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from contracts.credential.messages import Delivery
    from contracts.credential.model import Credential

    Spend = Callable[[Tx], None]  # uses up the caller's token

RECEIVED: Final = "credential.received"
HELD: Final = "SELECT count(*) FROM credentials"


class CredentialService:
    """The credentials of one participant."""

    def __init__(self, core: Core, peers: Peers) -> None:
        self._core, self._peers = core, peers
        self._granted: tuple[Scope, ...] = ()
        self.held: tuple[tuple[Signed, Credential], ...] = ()
        peers.grant = self.grant

    async def look(self) -> None:
        """Know anew what we hold."""
        rows, now = await self._core.store.read(lambda tx: tx.find(CredentialRow)), self._core.clock.now()
        signed = [jose.take_apart(row.raw) for row in rows]
        self.held = tuple((one, model.read(one.payload, now)) for one in signed)
        shown = self._core.settings.trust.shown
        held = dict.fromkeys(kind for row in rows for kind in row.type.split(","))
        self._granted = tuple(Scope("type", kind) for kind in held if kind in shown or EVERY in shown)

    def grant(self, audience: str) -> str:
        """Return an access token for whom we call, empty where there is nothing that it may see."""
        return self.issue(audience, self._granted) if self._granted else ""

    def issue(self, audience: str, granted: Sequence[Scope]) -> str:
        """Return an access token by which `audience` may ask for what is granted."""
        return access.issue(self._core.identity.keys.access, audience, granted, self._core.clock.now())

    async def present(self, document: Any, claims: Claims) -> JsonObject:
        """Answer a query with presentations, one of each profile; raises ContractError, TokenError."""
        wanted, now = messages.read_query(document), self._core.clock.now()
        opened = access.read(self._core.identity.keys.access, claims.access, claims.issuer, now)

        def act(tx: Tx) -> list[CredentialRow]:
            tokens.remember(tx, claims)
            _use_up(tx, self._core.identity.did, opened)
            return tx.find(CredentialRow, order="received")

        rows = [row for row in await self._core.store.write(act) if row.ends is None or row.ends > now]
        rows = [row for row in rows if row.begins <= now and _covers(wanted, row) and _covers(opened.scopes, row)]
        profiles = [one for one in PROFILES.values() if any(row.profile == one.alias for row in rows)]
        shown = [self._presented([row for row in rows if row.profile == one.alias], claims.issuer) for one in profiles]
        return messages.message(messages.RESPONSE, presentation=shown)

    def _presented(self, rows: Sequence[CredentialRow], verifier: str) -> str:
        """Return a presentation of credentials of one profile as a JWT."""
        identity, profile = self._core.identity, PROFILES[rows[0].profile]
        raw = [row.raw for row in rows[: model.LISTED_MAX]]
        told = presentation.claims(identity.did, verifier, raw, profile, str(uuid.uuid4()), self._core.clock.now())
        return jose.sign(identity.token, profile.presented, told)

    async def take(self, document: Any, claims: Claims) -> None:
        """Take what an issuer delivers for a request of ours; raises Absent where there is none, ContractError."""
        told = messages.read_delivery(document)
        await self._core.store.read(lambda tx: _asked(tx, told, claims.issuer))
        keys = claims.document.proofs.get("assertionMethod", {})
        taken = [self._checked(raw, claims.issuer, keys) for raw in told.payloads]

        def act(tx: Tx) -> None:
            tokens.remember(tx, claims)
            row = _asked(tx, told, claims.issuer)
            state = RequestState(told.status)
            now = self._core.clock.now()
            tx.change(row, replace(row, state=state, reason=told.reason, updated=now))
            for raw, credential in zip(told.payloads, taken, strict=True):
                self._keep(tx, row, raw, credential, now)

        await self._core.store.write(act)
        await self.look()

    def _checked(self, raw: str, issuer: str, keys: Any) -> Credential:
        """Return a credential that its issuer signed for us; raises VerificationFailed for any other."""
        signed = jose.take_apart(raw)
        if signed.signer != issuer:
            raise VerificationFailed("a credential is signed by another than the one who delivers it")
        jose.verify(signed, keys)
        try:
            credential = model.read(signed.payload, self._core.clock.now())
        except ContractError as error:
            raise VerificationFailed(f"a credential cannot be read: {error}") from error
        if credential.issuer != issuer or credential.holder != self._core.identity.did:
            raise VerificationFailed("a credential is of another issuer, or of somebody else than us")
        return credential

    def _keep(self, tx: Tx, request: CredentialRequestRow, raw: str, credential: Credential, now: datetime) -> None:
        """Keep a credential in the place of the one of its types and profile that the issuer gave us before."""
        row = CredentialRow(
            id=sha256(raw.encode()).hexdigest(),
            issuer=request.issuer,
            type=",".join(credential.types),
            profile=credential.profile.alias,
            name=credential.id,
            request=request.id,
            raw=raw,
            begins=credential.begins,
            ends=credential.ends,
            received=now,
        )
        for old in tx.find(CredentialRow, "issuer = ? and type = ?", (row.issuer, row.type)):
            if old.profile == row.profile:
                tx.delete(CredentialRow, id=old.id)
        if tx.column(HELD)[0] >= HELD_CREDENTIALS_MAX:
            raise Conflict(f"{HELD_CREDENTIALS_MAX} credentials are held here", "penstock credential drop")
        tx.insert(row)
        fields = {"issuer": row.issuer, "type": row.type, "digest": row.id}
        self._core.evidence.record(tx, RECEIVED, part=credential.id or row.id, fields=fields, now=now)

    async def offered(self, document: Any, claims: Claims) -> None:
        """Take an offer of an issuer; it asks for nothing (`connector.operation.dcp.requesting`)."""
        issuer, offers = messages.read_offer(document)
        if issuer != claims.issuer:
            raise ContractError("dcp", "`issuer` is not who sends the offer")
        now = self._core.clock.now()

        def act(tx: Tx) -> None:
            tokens.remember(tx, claims)
            kept = tx.find(CredentialOfferRow, "issuer = ?", (issuer,), order="received")
            for old in kept[: max(0, len(kept) + len(offers) - PAGE_ROWS_MAX)]:
                tx.delete(CredentialOfferRow, issuer=old.issuer, id=old.id)
            for one in offers:
                tx.put(CredentialOfferRow(issuer=issuer, id=one.id, type=one.type, reason=one.reason, received=now))

        await self._core.store.write(act)

    async def page(self) -> list[JsonObject]:
        """List what we hold, newest first."""
        now = self._core.clock.now()
        rows = await self._core.store.read(lambda tx: tx.find(CredentialRow, order="received desc"))
        return [_shown(row, now) for row in rows]

    async def drop(self, credential: str) -> JsonObject:
        """Forget a credential; raises Absent."""

        def act(tx: Tx) -> CredentialRow:
            row = tx.get(CredentialRow, id=credential)
            if row is None:
                raise Absent(f"no credential `{credential[:100]}` is held here", "penstock credential list")
            tx.delete(CredentialRow, id=row.id)
            return row

        row = await self._core.store.write(act)
        await self.look()
        return _shown(row, self._core.clock.now())


def _use_up(tx: Tx, us: str, opened: access.Access) -> None:
    """Use up an access token; raises TokenError when that was done before."""
    try:
        tx.insert(TokenSeenRow(issuer=us, jti=opened.nonce, expires=opened.expires))
    except Duplicate:
        raise TokenError("the access token was used before", "use the one of the newest request") from None


def _covers(named: Sequence[Scope], row: CredentialRow) -> bool:
    return any(one.covers(row.type.split(","), row.name) for one in named)


def _asked(tx: Tx, told: Delivery, issuer: str) -> CredentialRequestRow:
    """Return our request that a delivery answers; raises Absent where we asked for nothing of the kind."""
    row = tx.get(CredentialRequestRow, id=told.holder_pid)
    if row is None or row.issuer != issuer:
        raise Absent("nothing was asked of you under this `holderPid`", "deliver what was asked for")
    return row


def _shown(row: CredentialRow, now: datetime) -> JsonObject:
    ends = row.ends
    return {
        "credential": row.id,
        "type": row.type,
        "issuer": row.issuer,
        "profile": row.profile,
        "name": row.name,
        "from": row.begins.isoformat(timespec="seconds"),
        "until": "" if ends is None else ends.isoformat(timespec="seconds"),
        "state": "over" if ends is not None and ends <= now else "held",
    }
