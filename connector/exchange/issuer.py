"""The exchange as an issuer of credentials (DCP 1.0.1): membership, roles, and what its operator grants besides.

Law: (1) a member may have its membership and its roles, as the space's document has them; anybody may have what was
granted by name; of the rest nothing is issued, and that is said at once. (2) The request, the credentials, their events
and the message that delivers them are one transaction; the message leaves until it is taken. (3) A credential is
revoked once and for all, with the membership that it is of, or by itself: a bit of the list that everybody reads.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from connector.exchange.status_lists import NEXT, PURPOSE, StatusLists
from connector.negotiation.notices import PATIENCE
from connector.negotiation.outbox import NOTICE
from connector.operation.dcp import concealing, jose
from connector.operation.dcp.asking import SERVICE
from connector.runtime import reasons
from connector.runtime.errors import Absent, Conflict, InvalidInput, NotPermitted
from connector.runtime.limits import (
    CREDENTIAL_DAYS,
    DAILY_ISSUANCES_MAX,
    DID_CHARACTERS_MAX,
    PAGE_ROWS_MAX,
)
from connector.store.rows.credential import EntitlementRow, IssuanceRow, IssuedRow, RequestState
from connector.store.rows.space import MemberRow, MemberState
from contracts.canonical import sha
from contracts.credential import kinds, messages, model, status_list
from contracts.credential.claims import check as check_claims
from contracts.credential.kinds import MEMBERSHIP, ROLE
from contracts.credential.profiles import PROFILES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.tokens import Claims
    from connector.negotiation.engine import Engine
    from connector.store.evidence import Evidence
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from contracts.credential.profiles import Profile

    Admit = Callable[[Tx], None]

OF_MEMBERS: Final = (MEMBERSHIP, ROLE)
MOVED: Final = "credential.moved"
# who may have credentials of members
STANDING: Final = frozenset({MemberState.ADMITTED, MemberState.LEAVING})
# moves of a member with which its credentials end
ENDING: Final = frozenset({"suspend", "revoke"})
CLAIMS_MAX: Final = 32
ASKED: Final = "SELECT count(*) FROM issuances WHERE holder = ? AND created > ?"


@dataclass(frozen=True, slots=True)
class Order:
    """One credential that is to be issued."""

    holder: str
    type: str
    profile: Profile
    claims: Mapping[str, Any]


class Issuer:
    """What one exchange issues."""

    def __init__(self, core: Core, engine: Engine, peers: Peers) -> None:
        self._core, self._outbox, self._peers = core, engine.outbox, peers
        self._lists = StatusLists(core, self._signed)

    async def metadata(self, member: str) -> JsonObject:
        """Say what is issued, each type in every profile: to a member what it may have, to others all there is."""

        def read(tx: Tx) -> list[str]:
            own = list(_entitled(tx, member)) if member else []
            return own or [*OF_MEMBERS, *sorted(map(str, tx.column("SELECT DISTINCT type FROM entitlements")))]

        types = dict.fromkeys(await self._core.store.read(read))
        objects = [self._object(kind, profile) for kind in types for profile in PROFILES.values()]
        return messages.message(
            messages.METADATA, issuer=self._core.identity.did, credentialsSupported=objects[: 2 * PAGE_ROWS_MAX]
        )

    def _object(self, kind: str, profile: Profile, reason: str = "issuance") -> JsonObject:
        return {
            "id": self.object_id(kind, profile),
            "type": messages.OBJECT,
            "credentialType": kind,
            "offerReason": reason,
            "bindingMethods": ["did:web"],
            "profile": profile.alias,
        }

    def object_id(self, kind: str, profile: Profile) -> str:
        """Return the id under which a type is asked for in a profile: always the same."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._core.identity.did}#{profile.alias}:{kind}"))

    async def offer(self, holder: str, kind: str, reason: str, *, who: str = "") -> JsonObject:
        """Tell somebody that it may ask for a credential; raises NotPermitted, and Absent where nobody takes offers.

        A holder of ours that has one of the type asks for it anew, any other lists the offer.
        """
        reasons.check(reason, "the holder reads it")
        service = (await self._peers.document(holder)).services.get(SERVICE)
        if service is None:
            raise Absent(f"the DID document of `{holder[:200]}` has no `{SERVICE}`", "it takes no offers")
        await self._core.outbound.vet(service)
        now, by = self._core.clock.now(), who or self._core.identity.did
        objects = [self._object(kind, profile, reason) for profile in PROFILES.values()]
        body = messages.message(messages.OFFER, issuer=self._core.identity.did, credentials=objects)

        def act(tx: Tx) -> JsonObject:
            claims = _entitled(tx, holder).get(kind)
            if claims is None:
                raise NotPermitted(f"`{holder[:200]}` may have no `{kind[:60]}`", "penstock exchange credential grant")
            row = EntitlementRow(holder=holder, type=kind, claims=dict(claims), by=by, created=now)
            _moved(tx, self._core.evidence, row, ("", "offered"), by, reason, now)
            self._send(tx, holder, service.rstrip("/") + "/offers", body, uuid.uuid4().hex, now)
            return {"holder": holder, "type": kind, "reason": reason}

        return await self._core.store.write(act)

    async def request(self, document: Any, claims: Claims, admit: Admit) -> str:
        """Issue what a holder asks for; returns the id of its request. Raises ContractError, Absent, NotPermitted."""
        holder_pid, wanted = messages.read_request(document)
        service = claims.document.services.get(SERVICE)
        if service is None:
            raise NotPermitted(f"the DID document of `{claims.issuer}` has no `{SERVICE}` to deliver to")
        await self._core.outbound.vet(service)
        now = self._core.clock.now()
        row = IssuanceRow(
            id=str(uuid.uuid4()),
            holder=claims.issuer,
            request=holder_pid,
            wanted=list(wanted),
            state=RequestState.ISSUED,
            created=now,
        )

        def act(tx: Tx) -> str:
            admit(tx)
            day = now - timedelta(days=1)
            if tx.column(ASKED, row.holder, day)[0] >= DAILY_ISSUANCES_MAX:
                raise Conflict(f"{DAILY_ISSUANCES_MAX} requests a day are taken of one holder", "ask tomorrow")
            orders = [self.order(tx, row.holder, one) for one in wanted]
            tx.insert(row)
            issued = [(one, self.issue(tx, one, now)) for one in orders]
            self.deliver(tx, row, service, issued, now)
            return row.id

        return await self._core.store.write(act)

    def order(self, tx: Tx, holder: str, wanted: str) -> Order:
        """Return what a holder asks for by an id of ours; raises Absent, NotPermitted."""
        entitled = _entitled(tx, holder)
        for profile in PROFILES.values():
            for kind, claims in entitled.items():
                if self.object_id(kind, profile) == wanted:
                    return Order(holder, kind, profile, claims)
        raise NotPermitted(
            f"you may not have the credential `{wanted[:60]}` of this space",
            "a member may have its membership and roles; ask the operator for others",
        )

    def issue(self, tx: Tx, order: Order, now: datetime) -> str:
        """Sign a credential and keep that it was issued; returns it as a JWT."""
        identity, place, begins = self._core.identity, tx.column(NEXT)[0], now.replace(microsecond=0)
        ends = begins + timedelta(days=CREDENTIAL_DAYS)
        over = kinds.over(order.type, order.claims)
        if over is not None and over <= begins:
            raise NotPermitted(f"the {order.type} that was granted ended on {over.date()}", "have it granted anew")
        number, index = divmod(place, status_list.BITS)
        url = f"{identity.url}/issuer/status/{order.profile.alias.partition('/')[0]}/{number}"
        credential = model.Credential(
            id=f"urn:uuid:{uuid.uuid4()}",
            types=(order.type,),
            issuer=identity.did,
            holder=order.holder,
            subject=order.claims,
            begins=begins,
            ends=ends if over is None else min(ends, over),
            statuses=(model.Status(order.profile.entry, PURPOSE, index, url),),
            profile=order.profile,
        )
        raw = self._signed(order.profile, model.claims(credential, now))
        assert credential.ends is not None
        row = IssuedRow(
            id=credential.id,
            holder=order.holder,
            type=order.type,
            profile=order.profile.alias,
            place=place,
            digest=sha256(raw.encode()).hexdigest(),
            reason="",
            issued=now,
            ends=credential.ends,
        )
        tx.insert(row)
        _moved(tx, self._core.evidence, row, ("unknown", "issued"), identity.did, "", now)
        return raw

    def _signed(self, profile: Profile, payload: Mapping[str, Any]) -> str:
        return jose.sign(self._core.identity.credential, profile.typ, payload)

    def deliver(
        self, tx: Tx, row: IssuanceRow, service: str, issued: Sequence[tuple[Order, str]], now: datetime
    ) -> None:
        """Have the holder's credential service get what was issued."""
        containers = [{"credentialType": one.type, "payload": raw, "format": one.profile.format} for one, raw in issued]
        body = messages.message(
            messages.CREDENTIALS,
            issuerPid=row.id,
            holderPid=row.request,
            requestId=row.request,
            status=messages.ISSUED,
            credentials=containers,
        )
        self._send(tx, row.holder, service.rstrip("/") + "/credentials", body, row.id, now)

    def _send(self, tx: Tx, holder: str, url: str, body: JsonObject, about: str, now: datetime) -> None:
        """Have a message leave until the holder's credential service takes it."""
        told = {"process": NOTICE, "subject": f"{NOTICE}:credentials:{about}", "kind": body["type"]}
        self._outbox.enqueue(tx, peer=holder, url=url, body=body, now=now, deadline=now + PATIENCE, **told)

    async def status(self, request: str, claims: Claims, admit: Admit) -> JsonObject:
        """Say how a request stands to who made it; raises Absent to anybody else."""

        def act(tx: Tx) -> IssuanceRow:
            row = tx.get(IssuanceRow, id=request)
            if row is None or row.holder != claims.issuer:
                raise Absent(f"no request `{request[:60]}` of yours is known here")
            admit(tx)
            return row

        row: IssuanceRow = await self._core.store.write(act)
        return messages.message(messages.STATUS, issuerPid=row.id, holderPid=row.request, status=row.state)

    async def status_list(self, alias: str, number: int, *, signs: bool) -> JsonObject | str:
        """Return the status list of a number as a credential of ours, a JWT if it `signs`; raises Absent for none."""
        return await self._lists.told(alias, number, signs=signs)

    async def grant(self, holder: str, kind: str, claims: JsonObject | None = None, *, who: str = "") -> JsonObject:
        """Let somebody have a credential of a type, which says these claims of it; raises InvalidInput."""
        if not holder.startswith("did:web:") or len(holder) > DID_CHARACTERS_MAX:
            raise InvalidInput(f"`{holder[:100]}` is no did:web")
        if not kind.isalnum() or not kind.isascii() or len(kind) > messages.TEXT_CHARACTERS_MAX:
            raise InvalidInput(
                f"`{kind[:100]}` is no type of credentials", "one word of letters, such as AuditCredential"
            )
        told = dict(claims or {})
        if len(told) > CLAIMS_MAX or "id" in told:
            raise InvalidInput(f"claims are at most {CLAIMS_MAX}, and `id` is none of them: it is the holder's DID")
        told = concealing.concealed(self._core.identity.keys.access, holder, kind, told)
        check_claims(kind, told)
        now = self._core.clock.now()
        row = EntitlementRow(holder=holder, type=kind, claims=told, by=who or self._core.identity.did, created=now)

        def act(tx: Tx) -> None:
            tx.put(row)
            _moved(tx, self._core.evidence, row, ("unknown", "granted"), row.by, "", now)

        await self._core.store.write(act)
        return _entitlement(row)

    async def withdraw(self, holder: str, kind: str, reason: str, *, who: str = "") -> JsonObject:
        """Give somebody no credential of a type any more, and revoke what it has; raises Absent."""
        reasons.check(reason, "the holder reads it")
        now, by = self._core.clock.now(), who or self._core.identity.did

        def act(tx: Tx) -> EntitlementRow:
            row = tx.get(EntitlementRow, holder=holder, type=kind)
            if row is None:
                raise Absent(f"`{holder[:200]}` was granted no `{kind[:60]}`", "penstock exchange credential list")
            tx.delete(EntitlementRow, holder=holder, type=kind)
            _moved(tx, self._core.evidence, row, ("granted", "withdrawn"), by, reason, now)
            revoke_all(tx, self._core.evidence, holder, by, reason, now, (kind,))
            return row

        return _entitlement(await self._core.store.write(act))

    async def page(self, holder: str | None = None, first: int = 0) -> list[JsonObject]:
        """List what was issued, newest first, of one holder or of all."""
        where, params = ("holder = ?", (holder,)) if holder else ("", ())
        order, most, now = "place desc", first + PAGE_ROWS_MAX, self._core.clock.now()
        rows = await self._core.store.read(lambda tx: tx.find(IssuedRow, where, params, order, most))
        return [_issued(row, now) for row in rows[first:]]

    async def grants(self) -> list[JsonObject]:
        """List what was granted by name, newest first."""
        store = self._core.store
        rows = await store.read(lambda tx: tx.find(EntitlementRow, order="created desc", limit=PAGE_ROWS_MAX))
        return list(map(_entitlement, rows))

    async def revoke(self, credential: str, reason: str, *, who: str = "") -> JsonObject:
        """Revoke one credential; raises Absent, Conflict where that was done before."""
        reasons.check(reason, "the holder reads it")
        now = self._core.clock.now()

        def act(tx: Tx) -> IssuedRow:
            row = tx.get(IssuedRow, id=credential)
            if row is None:
                raise Absent(f"no credential `{credential[:100]}` was issued here", "penstock exchange credential list")
            if row.revoked is not None:
                raise Conflict(f"it was revoked on {row.revoked.date()}: {row.reason}", "there is nothing to do")
            return revoke(tx, self._core.evidence, row, who or self._core.identity.did, reason, now)

        return _issued(await self._core.store.write(act), now)


def revoke_all(
    tx: Tx,
    evidence: Evidence,
    holder: str,
    by: str,
    reason: str,
    now: datetime,
    types: Sequence[str] = OF_MEMBERS,
) -> None:
    """Revoke what a holder has of some types and what still holds, in the transaction of what it follows from."""
    for row in tx.find(IssuedRow, "holder = ? and revoked is null and ends > ?", (holder, now)):
        if row.type in types:
            revoke(tx, evidence, row, by, reason, now)


def revoke(tx: Tx, evidence: Evidence, row: IssuedRow, by: str, reason: str, now: datetime) -> IssuedRow:
    """Revoke a credential that still holds, in the transaction of what it follows from."""
    after = replace(row, revoked=now, reason=reason)
    tx.change(row, after)
    _moved(tx, evidence, after, ("issued", "revoked"), by, reason, now)
    return after


def _moved(
    tx: Tx,
    evidence: Evidence,
    row: IssuedRow | EntitlementRow,
    move: tuple[str, str],
    by: str,
    reason: str,
    now: datetime,
) -> None:
    """Record what became of a credential, or of the grant of one."""
    if isinstance(row, IssuedRow):
        part, digest = row.id, row.digest
    else:
        part, digest = f"{row.holder}#{row.type}", sha(row.claims).hex()
    fields = {"from": move[0], "to": move[1], "by": by, "reason": reason, "digest": digest}
    evidence.record(tx, MOVED, part=part, fields=fields | {"holder": row.holder, "type": row.type}, now=now)


def _entitled(tx: Tx, holder: str) -> dict[str, Mapping[str, Any]]:
    """Return type → claims of what somebody may have now."""
    rows = tx.find(EntitlementRow, "holder = ?", (holder,))
    # a credential that says nothing of its holder is none to others (an EDC answers 500)
    granted = {row.type: row.claims or {"since": row.created.isoformat(timespec="seconds")} for row in rows}
    member = tx.get(MemberRow, did=holder)
    if member is None or member.state not in STANDING:
        return dict(granted)
    about = {"name": member.name, "region": member.region, "since": member.created.isoformat(timespec="seconds")}
    return {**granted, MEMBERSHIP: about | {"status": "active"}, ROLE: {"role": member.role}}


def _entitlement(row: EntitlementRow) -> JsonObject:
    return {"holder": row.holder, "type": row.type, "claims": row.claims, "by": row.by}


def _issued(row: IssuedRow, now: datetime) -> JsonObject:
    state = "revoked" if row.revoked is not None else "over" if row.ends <= now else "valid"
    return {
        "credential": row.id,
        "holder": row.holder,
        "type": row.type,
        "profile": row.profile,
        "state": state,
        "reason": row.reason,
        "issued": row.issued.isoformat(timespec="seconds"),
        "until": row.ends.isoformat(timespec="seconds"),
    }
