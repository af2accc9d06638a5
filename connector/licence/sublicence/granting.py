"""Sub-licences, by the holder of an agreement: granted to a member of the space, and taken back.

Law: (1) nothing is signed that the key holder would refuse for what it says. (2) Bytes and keys never come from here:
the child presents its chain to the key holder. (3) A sub-licence that was taken back stays so; the key holder is told.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from connector.licence.sublicence import onward
from connector.licence.sublicence.onward import DIGEST_CHARACTERS, WITHDRAWAL
from connector.negotiation import authority
from connector.negotiation.notices import Notice
from connector.negotiation.protocol import offers
from connector.negotiation.protocol.states import CONSUMER
from connector.runtime import reasons, rehearsal
from connector.runtime.errors import Absent, Conflict, InvalidInput, NotPermitted
from connector.runtime.limits import REASON_CHARACTERS_MAX
from connector.store.rows.agreement import AgreementRow, SubLicenceRow, SubLicenceState
from contracts import sublicence
from contracts.authority import BUYER, Deed
from contracts.errors import ContractError
from contracts.signature import sign
from contracts.sublicence import LINKS_MAX, Asked, Link
from contracts.terms import SALT_BYTES
from contracts.typed_data import digest as typed_digest
from policy.compare.onward import derive
from policy.errors import PolicyError

if TYPE_CHECKING:
    from datetime import datetime

    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from connector.licence.intact import Intact
    from connector.licence.standing import Standing
    from connector.negotiation.notices import Notices
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs
    from ledger.space.document import Member
    from policy.compare.onward import Narrower


WORDS_MAX = REASON_CHARACTERS_MAX - DIGEST_CHARACTERS - 1  # beside the digest


class Granting:
    """The sub-licences that one participant grants."""

    def __init__(
        self, core: Core, space: SpaceView, programs: Programs, notices: Notices, standing: Standing, intact: Intact
    ) -> None:
        self._core, self._space, self._programs, self._notices = core, space, programs, notices
        self._standing, self._intact = standing, intact

    async def grant(self, agreement: str, child: str, asked: Narrower) -> JsonObject:
        """Sign a sub-licence of an agreement of ours for the member `child`; return what the child needs.

        `{"digest", "provider", "product", "chain": […]}`. Raises Absent, Conflict, InvalidInput, and NotPermitted with
        a case that the licence does not allow.
        """
        member = await self._space.require(child)
        held = await self._core.store.read(lambda tx: self._own(tx, agreement, self._core.clock.now()))
        if await self._programs.pledge("licences", bytes.fromhex(held.digest)) is not None:
            raise Conflict("the licence is pledged, and is not passed on meanwhile", "its creditor releases it first")
        return await self._core.store.write(partial(self._grant, digest=agreement, member=member, asked=asked))

    def _grant(self, tx: Tx, digest: str, member: Member, asked: Narrower) -> JsonObject:
        now = self._core.clock.now()
        if asked.until <= now:
            raise InvalidInput("the sub-licence would be over already", "choose a later end")
        row = self._own(tx, digest, now)
        terms = row.signed_terms
        authority.require(tx, Deed(BUYER, row.product, 0, "", terms["policy"], self._core.identity.keys.address), now)
        try:
            chain = onward.chain_of(tx, row)
            link = self._signed(row, chain, member, asked)
        except (ContractError, PolicyError) as error:
            raise NotPermitted(f"the agreement gives no such sub-licence: {error}") from error
        key = typed_digest(onward.domain(self._programs), link.said).hex()
        shown = [each.json() for each in (*chain, link)]
        document = {"digest": key, "provider": row.peer, "product": link.terms.product, "chain": shown}
        about = {"digest": key, "parent": row.digest, "child": member.did}
        tx.insert(SubLicenceRow(**about, document=document, state=SubLicenceState.ISSUED, created=now))
        told = {"licence": key, "child": member.did}
        links = (row.digest, link.said.draws_on.hex())
        self._core.evidence.record(tx, "licence.sublicensed", part=row.digest, link=links, fields=told, now=now)
        return document

    def _own(self, tx: Tx, digest: str, now: datetime) -> AgreementRow:
        row = tx.get(AgreementRow, digest=digest)
        if row is None or row.role != CONSUMER:
            raise Absent(f"there is no agreement `{digest[:100]}` here of which we are the buyer", "see penstock show")
        if row.terms is None or row.buyer_signature is None:
            raise NotPermitted("only an agreement that is signed can be passed on")
        if over := self._standing.over(tx, row, now):
            raise Conflict(over)
        return row

    def _signed(self, row: AgreementRow, chain: tuple[Link, ...], member: Member, asked: Narrower) -> Link:
        """Return the link that was asked for; raises what the key holder would refuse it for."""
        if len(chain) >= LINKS_MAX:
            raise NotPermitted(f"a chain has at most {LINKS_MAX} sub-licences")
        domain = onward.domain(self._programs)
        above = onward.above_of(self._intact, row)
        root = chain[0].said.parent if chain else above.digest
        if above.agreement.buyer != self._core.identity.keys.address:
            raise Conflict("it was agreed under a former account of ours, which passes nothing on", "buy it again")
        policy = offers.rules(derive(onward.read(above.terms.policy), asked))
        salt = secrets.token_bytes(SALT_BYTES)
        terms = replace(above.terms, policy=policy, not_after=asked.until, salt=salt, parent=above.digest, amends=b"")
        said = sublicence.grant(above, terms, member.address, root)
        identity, digest = self._core.identity, typed_digest(domain, said)
        link = Link(said, identity.sign(digest), terms)
        # a rehearsal shows no signature; what it would be refused for is looked at as it would be signed
        intact = link if rehearsal.current() is None else replace(link, signature=sign(digest, identity.keys.agreement))
        sublicence.check(Asked(domain, above, root, intact))
        if why := onward.beyond(policy, above.terms.policy, member.did):
            raise NotPermitted(why, "ask for less, or ask the provider for a licence that may be passed on")
        return link

    async def withdraw(self, digest: str, reason: str) -> JsonObject | None:
        """Take back a sub-licence that we granted and tell the key holder; None when `digest` is of none."""
        return await self._core.store.write(partial(self._withdraw, digest=digest, reason=reason))

    def _withdraw(self, tx: Tx, digest: str, reason: str) -> JsonObject | None:
        found, now = tx.find(SubLicenceRow, "digest = ? and document is not null", (digest,)), self._core.clock.now()
        if not found:
            return None
        reasons.check(reason, "the key holder reads it", most=WORDS_MAX)
        if found[0].state == SubLicenceState.WITHDRAWN:
            raise Conflict("the sub-licence is at its end: it was withdrawn")
        row = tx.change(found[0], replace(found[0], state=SubLicenceState.WITHDRAWN))
        above = tx.get(AgreementRow, digest=row.parent)
        assert above is not None, "a sub-licence is of an agreement that we keep"
        self._notices.send(tx, above, Notice(WITHDRAWAL, row.parent, f"{digest} {reason}", now))
        return {"agreement": digest, "state": row.state, "reason": reason}
