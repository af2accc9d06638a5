"""The authorities to sign that one participant grants, and what it shows its peers of them, and is shown.

Law: (1) the owner alone grants and revokes: no account gives itself, or anybody, what it may sign. (2) A grant is on
the log before anything is signed under it, a revocation ends nothing that was signed before. (3) A peer is shown the
authority of an agreement with it, and no other; who the person is it is not told. (4) The heads that come with what a
peer shows are held against those that it showed before, as with a message: its log has one history for everybody.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from connector.negotiation import authority as signers
from connector.negotiation.protocol.states import CONSUMER, PROVIDER
from connector.runtime import reasons
from connector.runtime.errors import Absent, Conflict, InvalidInput, PeerRefused, VerificationFailed
from connector.runtime.limits import AUTHORITIES_MAX, PAGE_ROWS_MAX
from connector.runtime.typed_instant import read_until
from connector.store import peer_heads
from connector.store.entries import entry_at
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.authority import AuthorityRow, SigningRow
from connector.store.rows.console import AccountRow
from connector.store.rows.evidence import LogEntryRow
from contracts import authority as authorities
from contracts import instants
from contracts.authority import BUYER, ROLES, SALT_BYTES, SERVICE, Authority
from contracts.errors import ContractError
from contracts.typed_data import Agreement
from contracts.typed_json import from_json
from ledger.agreement import authority_proof
from ledger.agreement.authority_proof import Principal
from ledger.log.note import b64
from policy.purposes import resolve

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.space.peer_logs import PeerLogs
    from connector.identity.space.view import SpaceView
    from connector.store.entries import KeptEntry
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

NOT_FOUND: Final = 404
STANDING, REVOKED, OVER = "standing", "revoked", "over"


class Authorities:
    """Who of a participant's accounts may sign for it."""

    def __init__(self, core: Core, space: SpaceView, peers: Peers, peer_logs: PeerLogs) -> None:
        self._core, self._space, self._peers, self._peer_logs = core, space, peers, peer_logs

    async def grant(
        self,
        name: str,
        most: str,
        roles: Sequence[str],
        products: Sequence[str],
        purposes: Sequence[str],
        until: str,
        daily: str | None = None,
    ) -> JsonObject:
        """Let an account sign up to an amount per agreement (minor units) until an end; return the authority.

        Without roles it signs in those of ours that trade. Raises Absent, Conflict, InvalidInput.
        """
        end, now = read_until(until), self._core.clock.now().replace(microsecond=0)
        if end <= now:
            raise InvalidInput(f"`until` is {until}, which is over", "name a later time")
        if unknown := set(roles) - set(ROLES):
            raise InvalidInput(f"`{min(unknown)[:40]}` is no role to sign in", f"one of {', '.join(ROLES)}")
        own = set(roles) or self._core.identity.roles & {authorities.PROVIDER, BUYER} or {SERVICE}
        salt = secrets.token_bytes(SALT_BYTES)
        try:
            made = Authority(
                principal=self._core.identity.did,
                account=self._core.identity.keys.address,
                person=authorities.reference(salt, name),
                roles=tuple(role for role in ROLES if role in own),
                most=int(most),
                daily=None if daily is None else int(daily),
                currency=self._space.known_currency(),
                products=tuple(products),
                purposes=tuple(resolve(one) for one in purposes),
                since=now,
                until=end,
            )
        except ContractError as error:
            raise InvalidInput(str(error)) from error
        return await self._core.store.write(lambda tx: self._grant(tx, name, salt, made))

    def _grant(self, tx: Tx, name: str, salt: bytes, made: Authority) -> JsonObject:
        account = tx.get(AccountRow, name=name)
        if account is None:
            raise Absent(f"there is no account `{name[:100]}`", "penstock admin account add")
        if not account.operator:
            raise Conflict(f"the account `{name}` may only look", "make one that may act: `--operator`")
        if len(tx.find(AuthorityRow, "revoked is null", limit=AUTHORITIES_MAX)) == AUTHORITIES_MAX:
            raise Conflict(f"at most {AUTHORITIES_MAX} authorities stand at a time", "revoke one that is old")
        row = AuthorityRow(
            digest=made.digest.hex(),
            name=name,
            made=account.created,
            salt=salt,
            document=made.json(),
            signature=self._core.identity.sign(made.digest),
            granted=self._core.clock.now(),
            until=made.until,
        )
        tx.insert(row)
        told = {"document": row.document, "signature": row.signature.hex(), "name": name, "salt": salt.hex()}
        self._core.evidence.record(tx, signers.GRANTED, part=row.digest, fields=told, now=row.granted)
        return _view(row, row.granted)

    async def page(self, first: int) -> list[JsonObject]:
        """Return the authorities, the newest first."""
        now = self._core.clock.now()
        rows = await self._core.store.read(
            lambda tx: tx.find(AuthorityRow, order="granted desc, digest", limit=first + PAGE_ROWS_MAX)
        )
        return [_view(row, now) for row in rows[first:]]

    async def show(self, authority: str) -> JsonObject:
        """Return an authority as it was signed, and the newest of what was signed under it; raises Absent."""

        def read(tx: Tx) -> JsonObject:
            row = _found(tx, authority)
            rows = tx.find(SigningRow, "authority = ?", (row.digest,), "at desc", PAGE_ROWS_MAX)
            signed = [
                {"agreement": one.about, "role": one.role, "amount": str(one.amount), "at": instants.show(one.at)}
                for one in rows
            ]
            told = {"document": row.document, "signature": row.signature.hex(), "signed": signed}
            return _view(row, self._core.clock.now()) | told

        return await self._core.store.read(read)

    async def revoke(self, authority: str, reason: str) -> JsonObject:
        """End an authority: nothing more is signed under it; raises Absent, Conflict."""
        reasons.check(reason, "the log keeps it")

        def act(tx: Tx) -> JsonObject:
            row, now = _found(tx, authority), self._core.clock.now()
            if row.revoked is not None:
                raise Conflict(f"the authority was revoked: {row.reason}")
            return _view(signers.end(tx, self._core.evidence, row, reason, now), now)

        return await self._core.store.write(act)

    # ---- between peers

    async def shown(self, agreement: str, peer: str) -> JsonObject:
        """Return what shows a peer under which authority we signed an agreement with it; raises Absent."""
        # an object that an entry rests in is fetched here: the writer, of which there is one, waits for no bucket
        await self._core.store.read(lambda tx: self._entries(tx, agreement, peer))
        return await self._core.store.write(lambda tx: self._shown(tx, agreement, peer))

    def _shown(self, tx: Tx, digest: str, peer: str) -> JsonObject:
        row, granted, signed = self._entries(tx, digest, peer)
        ended = None if row.revoked is None else row.revoked.isoformat()
        # a clock that was set back takes nothing off what we say: our log has the signature by now
        at = max(signed.at, self._core.clock.now())
        said = authority_proof.statement(digest, row.digest, signed.at.isoformat(), ended, at.isoformat())
        return {
            "authority": row.document,
            "signature": row.signature.hex(),
            "statement": said,
            "said": self._core.identity.sign(authority_proof.said_digest(said)).hex(),
            "granted": self._proven(tx, granted),
            "signed": self._proven(tx, signed),
        }

    def _entries(self, tx: Tx, digest: str, peer: str) -> tuple[AuthorityRow, KeptEntry, KeptEntry]:
        """Return the authority of an agreement with a peer, and the entries of its grant and of the signature."""
        agreement = tx.get(AgreementRow, digest=digest)
        if agreement is None or agreement.peer != peer:
            raise Absent(f"there is no agreement `{digest[:64]}` between the two of us")
        signing = signers.under(tx, digest, agreement.role)
        if signing is None:
            raise Absent(f"the agreement `{digest[:64]}` was signed under no authority of a person")
        row = _found(tx, signing.authority)
        return row, _entry(tx, signers.GRANTED, row.digest), _entry(tx, authority_proof.SIGNED, digest)

    def _proven(self, tx: Tx, kept: KeptEntry) -> JsonObject:
        return {"entry": b64(kept.entry), "proof": self._core.evidence.proof(tx, kept.idx, newest=True)}

    async def ask(self, agreement: str) -> JsonObject:
        """Ask the other party of an agreement under whose authority it signed, and check what it shows.

        Raises Absent where it signed under none, VerificationFailed for what does not hold.
        """
        row = await self._core.store.read(lambda tx: tx.get(AgreementRow, digest=agreement))
        if row is None or row.agreement is None:
            text = f"there is no agreement `{agreement[:100]}` under terms of ours here"
            raise Absent(text, "penstock show says which there are")
        member = await self._space.require(row.peer)
        url = f"{member.url}/authority/{row.digest}"
        try:
            answer = await self._core.outbound.get(url, headers=self._peers.authorization(member.did))
        except PeerRefused as refusal:
            if refusal.status != NOT_FOUND:
                raise
            text = f"`{row.peer}` signed it under no authority of a person: by its own key, within its limits"
            raise Absent(text) from refusal
        theirs = CONSUMER if row.role == PROVIDER else PROVIDER
        deed = signers.agreed(row, theirs, from_json(Agreement, row.agreement), self._space.known_currency())
        try:
            found = authority_proof.verify(answer.json(), row.digest, deed, Principal(member.did, member.log_vkey))
        except ValueError as error:
            raise VerificationFailed(f"what `{row.peer}` shows does not hold: {error}") from error
        for head in found.heads:
            await self._core.store.write(await self._peer_logs.check(member.did, peer_heads.alone(head)))
        told = _told(found.authority)
        return told | {
            "agreement": row.digest,
            "authority": found.authority.digest.hex(),
            "principal": row.peer,
            "person": found.authority.person.hex(),
            "signed": found.signed.isoformat(),
            "revoked": found.revoked,
        }


def _found(tx: Tx, digest: str) -> AuthorityRow:
    row = tx.get(AuthorityRow, digest=digest)
    if row is None:
        raise Absent(f"there is no authority `{digest[:100]}`", "penstock authority list")
    return row


def _entry(tx: Tx, kind: str, part: str) -> KeptEntry:
    rows = tx.find(LogEntryRow, "part = ? and kind = ?", (part, kind), "idx", 1)
    found = entry_at(tx, rows[0].idx) if rows else None
    if found is None:
        raise Absent(f"our log has no `{kind}` of `{part[:64]}`")
    return found


def _told(made: Authority) -> JsonObject:
    """Return what a list says of how far an authority goes."""
    return {
        "roles": list(made.roles),
        "most": str(made.most),
        "daily": None if made.daily is None else str(made.daily),
        "currency": made.currency,
        "products": list(made.products),
        "purposes": list(made.purposes),
        "since": instants.show(made.since),
        "until": instants.show(made.until),
    }


def _view(row: AuthorityRow, now: datetime) -> JsonObject:
    state = REVOKED if row.revoked is not None else OVER if row.until <= now else STANDING
    told: dict[str, Any] = _told(authorities.from_json(row.document))
    return {"authority": row.digest, "name": row.name, "state": state, "reason": row.reason, **told}
