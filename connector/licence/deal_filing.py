"""Deals of ours that were made elsewhere: filed at the exchange in our name, and our word of what others file.

Law: (1) a word is on our log before anybody else has it. (2) The exchange is not trusted: what it shows us is signed
only when it names us, under the digest that follows from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from catalog.deal import MEMBERS, VERSION, WORDS, Deal, Move, Paper, from_json
from connector.runtime.errors import Conflict, InvalidInput, NotPermitted, PeerMisbehaved
from connector.runtime.typed_instant import read_until
from contracts.filed_deal import FILED, digest_of, signed_part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.core.core import Core
    from connector.identity.space.exchange import ExchangeDoor
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

SIGNED: Final = "deal.signed"
PATH: Final = "/exchange/deals"
PAPER_WORDS: Final = "KIND=NAME=SHA256, such as contract=contract.pdf=9f86d081…; contract, payment, delivery or other"
PROVIDER, CONSUMER = "provider", "consumer"


class DealFiling:
    """What one participant files, and says of what others file."""

    def __init__(self, core: Core, space: SpaceView, exchange: ExchangeDoor) -> None:
        self._core, self._space, self._exchange = core, space, exchange

    async def file(
        self,
        deal: str,
        name: str,
        other: str,
        role: str,
        signed: str,
        product: str,
        amount: str | None,
        currency: str,
        text: str,
        papers: Sequence[str],
    ) -> JsonObject:
        """Sign a deal and file it at the exchange; `role` is ours in it, `signed` when it was made."""
        if role not in (PROVIDER, CONSUMER):
            raise InvalidInput(f"`{role[:40]}` is no side of a deal", f"{PROVIDER} or {CONSUMER}")
        own = self._core.identity.did
        provider, consumer = (own, other) if role == PROVIDER else (other, own)
        made = Deal(
            id=deal,
            name=name,
            product=product,
            provider=provider,
            consumer=consumer,
            signed=read_until(signed),
            amount=None if amount is None else int(amount),
            currency=currency or ("" if amount is None else self._space.known_currency()),
            text=text,
            papers=tuple(_paper(one) for one in papers),
        )
        document = from_json(made.json()).json()  # what is wrong with it is said before it is signed
        if made.signed > self._core.clock.now():
            raise InvalidInput(f"`signed` is {signed}, which is to come", "say when it was made")
        body = {"document": document, "signature": await self._word(document, FILED)}
        answer: JsonObject = await self._exchange.ask("POST", PATH, body)
        return answer

    async def confirm(self, deal: str, digest: str) -> JsonObject:
        """Say that a deal which another party filed was made so; with `digest` only if it is the one of that digest."""
        return await self._say(deal, Move.CONFIRM, digest, "")

    async def contest(self, deal: str, reason: str) -> JsonObject:
        """Say that a deal which another party filed was not made so."""
        return await self._say(deal, Move.CONTEST, "", reason)

    async def _say(self, deal: str, step: Move, digest: str, reason: str) -> JsonObject:
        told = await self._exchange.ask("GET", f"{PATH}/{quote(deal, safe='')}")
        try:
            document = from_json({"v": VERSION, **{name: told[name] for name in MEMBERS - {"v"}}}).json()
        except (KeyError, TypeError, ValueError) as error:
            raise PeerMisbehaved("the exchange tells of a filed deal in another form") from error
        found = digest_of(document).hex()
        if document["id"] != deal or told.get("digest") != found:
            raise PeerMisbehaved("the exchange tells of another deal than was asked for")
        if digest and digest != found:
            raise Conflict(f"the filed deal `{deal}` is another one: its digest is {found}", "read it anew")
        if self._core.identity.did not in (document["provider"], document["consumer"]):
            raise NotPermitted("the filed deal does not name us", "tell its filer")
        body = {"reason": reason, "signature": await self._word(document, WORDS[step])}
        answer: JsonObject = await self._exchange.ask("POST", f"{PATH}/{quote(deal, safe='')}/{step}", body)
        return answer

    async def _word(self, document: JsonObject, word: str) -> str:
        """Return our signature of a word of a deal; it is on the log by then."""
        identity, digest, now = self._core.identity, digest_of(document), self._core.clock.now()
        signed = identity.sign(signed_part(digest, word)).hex()

        def act(tx: Tx) -> None:
            fields = {"document": document, "word": word, "signature": signed}
            self._core.evidence.record(tx, SIGNED, part=digest.hex(), fields=fields, now=now)

        await self._core.store.write(act)
        return signed


def _paper(told: str) -> Paper:
    kind, _, rest = told.partition("=")
    name, _, digest = rest.rpartition("=")
    if not kind or not name or not digest:
        raise InvalidInput(f"`{told[:100]}` is no paper", PAPER_WORDS)
    return Paper(kind, name, digest)
