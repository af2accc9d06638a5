"""Projects that we are a party of: proposed and signed in our name, and kept here with the signatures of all.

Law: (1) nothing is signed that does not name us under our own account; what is signed is kept, and on our log, before
the exchange hears of it. (2) The exchange is not trusted: what counts is what all parties have signed, looked at here.
(3) An account signs within its authority alone: whoever brings data as a provider, everybody else as a service party,
under the project's id in place of a product, and for whatever purpose the project turns to.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from connector.custody import joined, lineage
from connector.negotiation import authority
from connector.negotiation.protocol.states import CONSUMER
from connector.runtime.errors import Absent, Conflict, InvalidInput, NotPermitted, PeerMisbehaved
from connector.runtime.typed_instant import read_until
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.project import PartnershipRow
from contracts import project as projects
from contracts.authority import PROVIDER, SERVICE, Deed
from contracts.decimals import read_hex, read_money
from contracts.project import Party, Project
from contracts.signature import SIGNATURE_BYTES, is_by
from contracts.split import WHOLE_BPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.core.core import Core
    from connector.identity.space.exchange import ExchangeDoor
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from contracts.split import Split

SIGNED = "project.signed"
AGREED = "agreed"
PATH = "/exchange/projects"
PARTY_WORDS = "DID=ROLE:SHARE, such as did:web:bank.example=provider:45"
READ_BYTES = 1 << 20


class Partnership:
    """The projects of one participant."""

    def __init__(self, core: Core, space: SpaceView, exchange: ExchangeDoor) -> None:
        self._core, self._space, self._exchange = core, space, exchange

    async def propose(self, project: str, title: str, text: str, parties: Sequence[str], until: str) -> JsonObject:
        """Sign a project and hand it in at the exchange, which shows it to all parties."""
        found = []
        for did, role, bps in [_party(one) for one in parties[: projects.PARTIES_MAX + 1]]:
            if (member := await self._space.member(did)) is None:
                raise InvalidInput(f"`{did[:200]}` is no member of this space", "penstock exchange members")
            found.append(Party(did, role, member.address, bps))
        made = Project(project, title, text, tuple(found), read_until(until))
        if made.until <= self._core.clock.now():
            raise InvalidInput(f"`until` is {until}, which is over", "name a later time")
        signed = await self._sign(made)
        body = {"document": made.json(), "signature": signed}
        answer: JsonObject = await self._exchange.ask("POST", PATH, body)
        return answer

    async def sign(self, project: str, digest: str) -> JsonObject:
        """Sign a project that names us, and tell the exchange; with `digest` only if it is the one of that digest."""
        _, document = await self._read(project)
        made = projects.from_json(document)
        if digest and made.digest.hex() != digest:
            raise Conflict(f"the project `{project}` is another one: its digest is {made.digest.hex()}", "read it anew")
        if made.until <= self._core.clock.now():
            raise Conflict(f"the project `{project}` is over", "ask for another one")
        signed = await self._sign(made)
        answer: JsonObject = await self._exchange.ask("POST", f"{_path(project)}/signature", {"signature": signed})
        return answer

    async def add(self, project: str, name: str, file: str, made_of: Sequence[str], note: str) -> JsonObject:
        """Put a result into the workspace: what the file's bytes are, and under which agreements it was made."""
        digest, size = await asyncio.to_thread(_digest_of, file)
        made = await self._core.store.read(lambda tx: _sources(tx, made_of))
        body = {"name": name, "digest": digest, "size": size, "note": note, "madeOf": made}
        answer: JsonObject = await self._exchange.ask("POST", f"{_path(project)}/results", body)
        return answer

    async def ready(self, project: str | None) -> None:
        """Take up who has signed a project that something is to be published under; raises unless it counts."""
        if project is None:
            return
        told, document = await self._read(project)
        made = projects.from_json(document)
        signatures = {str(one["did"]): str(one["signature"]) for one in told["parties"]}
        for one in made.parties:
            member = await self._space.member(one.did)
            if member is None or not _is_signed(member.address, made, signatures.get(one.did, "")):
                raise Conflict(f"`{one.did}` has not signed the project `{project}`", "penstock project show")
        made.split(self._core.identity.keys.address, b"", 0)  # raises where we have no share
        if told["state"] != AGREED or made.until <= self._core.clock.now():
            raise Conflict(f"the project `{project}` is {told['state']}: nothing is sold under it any more")
        now = self._core.clock.now()

        def act(tx: Tx) -> None:
            row = tx.get(PartnershipRow, project=project)
            if row is None or row.digest != made.digest.hex():
                raise Conflict(f"the project `{project}` is not the one signed here", "`penstock project sign`")
            tx.change(row, replace(row, signatures=signatures, updated=now))

        await self._core.store.write(act)

    async def sharing(self, project: str | None) -> tuple[str, Split] | None:
        """Return the digest of a project that is ready, and how what is sold under it is split; None for none."""
        if project is None:
            return None
        row = await self._core.store.read(lambda tx: tx.get(PartnershipRow, project=project))
        assert row is not None, "it was ready when its product was begun"
        last = self._space.last()
        made = projects.from_json(row.document)
        own, exchange = self._core.identity.keys.address, last.members[last.exchange].address
        return row.digest, made.split(own, exchange, last.fee_bps)

    async def _read(self, project: str) -> tuple[JsonObject, JsonObject]:
        """Return what the exchange tells of a project, and its document without what is told besides."""
        told = await self._exchange.ask("GET", _path(project))
        try:
            parties = [{name: one[name] for name in ("did", "role", "payee", "bps")} for one in told["parties"]]
            about = {name: told[name] for name in ("id", "title", "text", "until")}
        except (KeyError, TypeError) as error:
            raise PeerMisbehaved("the exchange tells of a project in another form") from error
        if about["id"] != project:
            raise PeerMisbehaved("the exchange tells of another project than was asked for")
        return told, {"v": projects.VERSION, **about, "parties": parties}

    async def _sign(self, made: Project) -> str:
        """Return our signature of a project that names us; it is kept and on the log by then."""
        identity, now = self._core.identity, self._core.clock.now()
        party = made.party(identity.did)
        if party is None:
            raise NotPermitted("the project does not name us among its parties", "name yourself, or ask its proposer")
        if party.payee != identity.keys.address:
            raise NotPermitted("the project pays our share to an account that is not ours", "ask its proposer")
        digest, role = made.digest.hex(), PROVIDER if party.role == PROVIDER else SERVICE

        def act(tx: Tx) -> str:
            wanted = Deed(role, made.id, 0, "", {}, party.payee)
            under = authority.require(tx, wanted, now)
            known = tx.get(PartnershipRow, project=made.id)
            if known is not None and known.digest == digest:
                return str(known.signatures[identity.did])
            signed = identity.sign(made.digest).hex()
            row = PartnershipRow(
                project=made.id,
                digest=digest,
                document=made.json(),
                signatures={identity.did: signed},
                signed=now,
                updated=now,
            )
            tx.put(row)  # of one id the newest that was signed: the exchange has one
            authority.keep(tx, under, digest, wanted, now)
            fields = {"document": made.json(), "signature": signed}
            self._core.evidence.record(tx, SIGNED, part=digest, fields=fields, now=now)
            return signed

        return await self._core.store.write(act)


def _party(told: str) -> tuple[str, str, int]:
    """Return the DID, role and basis points of a party as it is typed."""
    did, _, rest = told.rpartition("=")
    role, _, share = rest.partition(":")
    if not did or not role or not share:
        raise InvalidInput(f"`{told[:100]}` is no party", PARTY_WORDS)
    bps = read_money(share.removesuffix("%"), "share")
    if bps > WHOLE_BPS:
        raise InvalidInput(f"the share `{share[:40]}` is more than 100 per cent", PARTY_WORDS)
    return did, role, bps


def _is_signed(address: bytes, made: Project, signed: str) -> bool:
    return bool(signed) and is_by(address, made.digest, read_hex(signed, "signature", SIGNATURE_BYTES))


def _digest_of(file: str) -> tuple[str, int]:
    """Return the SHA-256 (hex) of a file and its bytes; raises InvalidInput where it cannot be read."""
    if not Path(file).is_file():
        raise InvalidInput(f"`{file}` is no regular file", "name a file of this machine")
    found, size = hashlib.sha256(), 0
    try:
        with open(file, "rb") as opened:  # noqa: PTH123  # any path that the owner names
            while some := opened.read(READ_BYTES):
                found.update(some)
                size += len(some)
    except OSError as error:
        raise InvalidInput(
            f"the file `{file}` cannot be read: {error.strerror}", "name a file of this machine"
        ) from error
    return found.hexdigest(), size


def _sources(tx: Tx, made_of: Sequence[str]) -> list[JsonObject]:
    """Return the agreements that something was made under, each once; an opening's id stands for all that it read."""
    found: dict[str, JsonObject] = {}
    for named in made_of:
        try:
            sources = [_source(tx, named)]
        except Absent:
            if not (read := joined.opened_under(tx, named)):
                raise
            sources = [_source(tx, digest) for digest in read]
        found |= {source["agreement"]: source for source in sources}
    return list(found.values())


def _source(tx: Tx, prefix: str) -> JsonObject:
    """Return the agreement of ours that something was made under, given the beginning of its id or its product."""
    by_product = tx.find(AgreementRow, "product = ? and role = ?", (prefix, CONSUMER), "created desc", 1)
    if by_product:
        return _named(by_product[0])
    found = tx.get(AgreementRow, digest=prefix) or tx.get(AgreementRow, digest=lineage.replica_of(tx, prefix).agreement)
    if found is None:
        raise Absent(f"there is no agreement `{prefix[:100]}` here", "see `penstock show`")
    return _named(found)


def _named(row: AgreementRow) -> JsonObject:
    return {"agreement": row.digest, "product": row.product, "provider": row.peer}


def _path(project: str) -> str:
    return f"{PATH}/{quote(project, safe='')}"
