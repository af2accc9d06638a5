"""Filed deals (备案交易), as the exchange keeps them: made elsewhere, filed by one party, confirmed by the other.

Law: (1) a word of a deal counts when the party has signed it with the key that the space knows it by, and is on that
party's own log. (2) Its parties and whoever supervises read a deal; nobody else hears that there is one. (3) The
exchange judges nothing: a grade follows from what both said and which papers they name (`catalog.deal`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from catalog.deal import FILER, GRADES, OTHER, WORDS, Move, State, from_json, grade, moved
from connector.exchange.case import Case, Turn
from connector.exchange.membership import refuse_leaving
from connector.exchange.sight import SUPERVISE
from connector.runtime.errors import Conflict, InvalidInput, NotPermitted, Unproven
from connector.runtime.limits import MEMBER_DEALS_MAX
from connector.store.rows.deal import FiledDealRow
from contracts import signature
from contracts.decimals import read_hex
from contracts.filed_deal import FILED, digest_of, signed_part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.core import Core
    from connector.exchange.case import Write
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

DEALS: Final = Case(
    FiledDealRow,
    "id",
    "there is no filed deal `{}` of yours",
    "penstock deal list",
    "deal.moved",
    lambda row: row.document,
    part="digest",
)


class FiledDeals:
    """The filed deals of a space."""

    def __init__(self, core: Core, space: SpaceView) -> None:
        self._core, self._space = core, space

    async def file(self, document: Any, signed: str, member: str, write: Write) -> JsonObject:
        """Take in a deal of a party's with its signature; the same one again changes nothing."""
        deal, now = from_json(document), self._core.clock.now()
        if member not in deal.parties:
            raise NotPermitted("a deal is filed by one of its two parties", "name yourself as one of them")
        if deal.signed > now:
            raise InvalidInput(f"`signed` is {deal.signed.isoformat()}, which is to come", "say when it was made")
        digest = digest_of(deal.json()).hex()
        row = FiledDealRow(
            id=deal.id,
            digest=digest,
            provider=deal.provider,
            consumer=deal.consumer,
            filer=member,
            document=deal.json(),
            signatures=self._said({}, digest, member, FILED, signed),
            state=State.FILED,
            created=now,
            updated=now,
        )

        def act(tx: Tx) -> None:
            refuse_leaving(tx, member)
            same = member, row.digest
            if DEALS.known(tx, deal.id, "filed deal", lambda one: (one.filer, one.digest) == same):
                return
            waiting = tx.find(FiledDealRow, "filer = ? and state = ?", (member, State.FILED), limit=MEMBER_DEALS_MAX)
            if len(waiting) == MEMBER_DEALS_MAX:
                text = f"{MEMBER_DEALS_MAX} deals of yours wait for the other side's word"
                raise Conflict(text, "ask it to confirm them, or withdraw some")
            DEALS.keep(tx, self._core.evidence, None, Turn(row, member, digest=row.digest))

        await write(act)
        return await self.show(deal.id, member)

    async def move(self, key: str, step: Move, member: str, told: Mapping[str, str], write: Write) -> JsonObject:
        """Make a party's move: `reason`, and of the other party's word its `signature`."""
        now = self._core.clock.now()

        def act(tx: Tx) -> None:
            row = DEALS.find(tx, key)
            if member not in (row.provider, row.consumer):
                raise DEALS.absent(key)
            role = FILER if row.filer == member else OTHER
            state, signatures = moved(State(row.state), step, role), row.signatures
            if step in WORDS:
                signatures = self._said(signatures, row.digest, member, WORDS[step], told["signature"])
            turned = replace(row, state=state, reason=told["reason"], signatures=signatures, updated=now)
            DEALS.keep(tx, self._core.evidence, row, Turn(turned, member, told["reason"], digest=row.digest))

        await write(act)
        return await self.show(key, member)

    async def show(self, key: str, member: str) -> JsonObject:
        """Return a deal to who may read it; raises Absent."""
        row = await self._core.store.read(lambda tx: DEALS.find(tx, key))
        if member not in (row.provider, row.consumer) and not self._supervises(member):
            raise DEALS.absent(key)
        return view(row)

    async def page(self, member: str, first: int) -> list[JsonObject]:
        """Return the deals that a member may read, the last to move first."""
        every = self._supervises(member)
        where, params = ("", ()) if every else ("provider = ? or consumer = ?", (member, member))
        return [view(row) for row in await DEALS.page(self._core, where, params, "updated desc", first)]

    def _supervises(self, member: str) -> bool:
        return self._space.last().members[member].role in SUPERVISE

    def _said(self, before: Mapping[str, Any], digest: str, member: str, word: str, signed: str) -> JsonObject:
        """Return the words that were said with another one; raises Unproven unless the member has signed it."""
        proof = read_hex(signed, "signature", signature.SIGNATURE_BYTES)
        over = signed_part(bytes.fromhex(digest), word)
        if not signature.is_by(self._space.last().members[member].address, over, proof):
            raise Unproven("the word is not signed with the key that the space knows this member by")
        return {**before, member: {"word": word, "signature": signed}}


def view(row: FiledDealRow) -> JsonObject:
    """Return what is told of a filed deal."""
    papers = from_json(row.document).papers
    told = grade(row.state, papers)
    en, zh = GRADES[told]
    return {
        **{name: value for name, value in row.document.items() if name != "v"},
        "digest": row.digest,
        "by": row.filer,
        "state": row.state,
        "reason": row.reason,
        "grade": told,
        "meaning": {"en": en, "zh": zh},
        "words": [{"did": did, **said} for did, said in row.signatures.items()],
        "updated": row.updated.isoformat(timespec="seconds"),
    }
