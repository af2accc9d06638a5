"""Contract negotiations, both roles: what is on the table, what we say to it, and what both sides end up signing.

A `negotiations` row in use:
    terms      what is on the table: all members of `contracts.terms` but the salt, whatever price they show;
               after the agreement the final terms, with it; None with a peer that does not speak our terms
    offer      the newest offer, `rounds` how many requests and offers have passed
    own_price, their_price, price     our last word, the peer's, and the one agreed: `minor` of the tariff, whose other
               members are its shape and not open to negotiation
    mandate    within what we may agree: provider {"ask", "floor", "rounds", "units", "policy"}, a copy of the product's
               limits, or of a sub-licence {"ask", "floor", "rounds", "cap", "salt", "parent"}; buyer {"bid", "limit",
               "rounds", "cap"?, "tier"?, "policy"?, "salt"?}. What `units` cost is the cap of the agreement, of a
               subscription in each of its `periods`. `policy` is the provider's template (the offer's rules, unless
               the limits say wider ones), and the least rules that the buyer needs.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar, Final

from catalog.errors import PriceError
from catalog.prices import Accept, Answer, Counter, Side, respond
from connector.negotiation import agreement, amending, amendment, authority, offers_made, signing, tried, variants
from connector.negotiation.assent import asks
from connector.negotiation.conclusion import conclude, concluded
from connector.negotiation.doors import DeclinedError, OnTable, Parties
from connector.negotiation.envelope import pids, reason_of
from connector.negotiation.meeting import ShortError, meet, suffice
from connector.negotiation.ndi import sealed
from connector.negotiation.on_offer import offered_as, sold
from connector.negotiation.protocol import messages, offers
from connector.negotiation.protocol.errors import UnacceptableError
from connector.negotiation.protocol.states import (
    ACCEPTED,
    AGREED,
    CONSUMER,
    FINALIZED,
    NEGOTIATION,
    NONE,
    OFFERED,
    PROVIDER,
    REQUESTED,
    TERMINATED,
)
from connector.negotiation.steps import Step
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.product import ProductRow
from connector.store.rows.protocol import NegotiationRow
from connector.store.table_row import replace
from contracts import lifecycle
from contracts.namespace import CONTRACT, OFFER_TERMS, SIGNATURE, SUB_LICENCES, TRIED
from contracts.terms import SALT_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connector.negotiation.doors import Peer
    from connector.negotiation.protocol.messages import Document
    from connector.negotiation.steps import Facts
    from connector.store.rows.protocol import OutboxRow
    from connector.store.transaction import Tx

ROUNDS = 8  # messages about the price, of both sides, unless the product's limits say otherwise
OPENINGS = 1_000  # what a price per opening or call is capped at, unless the product's limits say `units`
POLICY: Final = "policy"  # the rules, beside the terms


class Negotiations(amending.Amending):
    """The acts of negotiations; see `connector.negotiation.process` for the laws."""

    process: ClassVar[str] = NEGOTIATION
    rows = NegotiationRow
    event: ClassVar[str] = "negotiation.moved"

    def acts(self) -> Mapping[str, Callable[[Tx, NegotiationRow, datetime], Step[NegotiationRow] | None]]:
        """Return the acts that the reactions may name."""
        return {
            **self.always(),
            "bargain": self._bargain,
            "offer": self._say_again,
            "counter": self._say_again,
            "request": self._say_again,
            "accept": self._settle,
            "agree": self._settle,
            "verify": self._verify,
            "finalize": self._finalize,
        }

    def about(self, row: NegotiationRow) -> str:
        """Return the product."""
        return row.product

    def start(self, tx: Tx, provider: str, base: str, offer: Document, mandate: Document, now: datetime) -> str:
        """Ask for an offer of the provider's catalogue within `mandate`; return our id.

        `offer` is the catalogue's and carries `target` (the dataset's id). Raises `DeclinedError` for what we would
        not ask for.
        """
        proposal = offers.read(offer)
        if proposal.target is None:
            raise DeclinedError("the offer names no `target`; add the id of its dataset")
        if amendment.said(offer):  # else a list could put an end to what was signed
            raise DeclinedError("the offer is in place of an agreement; such are asked for by `penstock amend` alone")
        sealed.require_meant(proposal.terms, mandate)
        if proposal.terms is None and mandate.get("tier") != offers.PLAIN:
            raise DeclinedError("the offer has no terms of ours, which only a mandate for the tier `plain` allows")
        table = OnTable(proposal.target, proposal.price or 0, terms=offers.table(proposal), mandate=mandate)
        row = replace(self._new(Parties(CONSUMER, provider, None, base), table, None, now), offer=offer)
        answer = self._answer(row)
        assert isinstance(answer, Accept | Counter), "nobody refuses before the first word"
        self._perform(tx, None, self._request(row, answer.price, now))
        return row.id

    def instruct(self, tx: Tx, pid: str, mandate: Document, now: datetime) -> None:
        """Give a waiting negotiation its mandate, e.g. one that a provider began."""
        row = self._ours(tx, pid)
        tx.change(row, replace(row, mandate=mandate))
        self.advance(tx, pid, now)

    # What peers send.

    def begin(
        self, tx: Tx, message: str, body: Document, parties: Parties, peer: Peer, now: datetime
    ) -> NegotiationRow:
        """Open a negotiation on an offer of ours, or take note of an offer made to us."""
        tried.require(tx, body["offer"], peer.did)
        if message == "request" and SUB_LICENCES in body["offer"]:
            return self._new(parties, self._doors.sub_licensed(tx, body["offer"], peer, now), peer.address, now)
        proposal = offers.read(body["offer"])
        if amendment.said(body["offer"]):
            return self._new(parties, amendment.begun(tx, body["offer"], parties.role, peer, now), peer.address, now)
        if sealed.named(proposal.terms):
            return self._new(parties, self._doors.contracted(tx, body["offer"], peer, now), peer.address, now)
        if message == "offer":
            assert proposal.target is not None, "an offer that is sent first names it"
            table = OnTable(proposal.target, proposal.price, terms=offers.table(proposal))
            return self._new(parties, table, peer.address, now)
        product = self._product(tx, proposal, peer)
        is_sealed = sealed.is_said(body["offer"], product, peer)
        if product.tier != offers.PLAIN and not is_sealed and (proposal.terms is None or peer.address is None):
            raise UnacceptableError(f"the tier `{product.tier}` needs `{OFFER_TERMS}` and signatures")
        terms = sealed.tabled(product, is_sealed=is_sealed) | {POLICY: offers.rules(product.policy)}
        ask = int(product.limits["ask"])
        begun = variants.begun(product.limits, terms[POLICY], self._doors.asker(parties.peer))
        limits = {"rounds": ROUNDS, "units": OPENINGS, POLICY: terms[POLICY]} | begun
        address = None if proposal.terms is None else peer.address
        return self._new(parties, OnTable(product.id, ask, ask, terms, limits), address, now)

    def _new(self, parties: Parties, table: OnTable, peer_address: bytes | None, now: datetime) -> NegotiationRow:
        return NegotiationRow(
            id=f"urn:uuid:{uuid.uuid4()}",
            role=parties.role,
            peer=parties.peer,
            peer_pid=parties.peer_pid,
            peer_address=peer_address,
            callback=parties.callback,
            product=table.product,
            state=NONE,
            pending=NONE,
            turn=CONSUMER,
            rounds=0,
            own_price=table.own_price,
            their_price=table.their_price,
            mandate=table.mandate,
            terms=table.terms,
            reason="",
            deadline=now + self.patience,
            created=now,
            updated=now,
        )

    def take(self, row: NegotiationRow, message: str, body: Document, peer: Peer) -> NegotiationRow:
        """Return the row with what a legal message says."""
        match message:
            case "request" | "offer":
                return self._offered(row, body)
            case "agreement":
                price = row.their_price if row.state == ACCEPTED else row.own_price
                return replace(row, agreement=body["agreement"], price=price, peer_address=peer.address)
            case "verification":
                return replace(row, buyer_signature=signing.read_verification(body.get(SIGNATURE), row.digest))
            case "termination":
                return replace(row, reason=reason_of(body))
        return row

    def arrives(
        self, row: NegotiationRow, body: Document, peer: Peer, digest: bytes, sent: OutboxRow | None, facts: Facts
    ) -> list[Step[NegotiationRow]]:
        """Return what a message does; an agreement said again with the same rules is taken at its newest word."""
        if row.state == AGREED and signing.says_again(row, body):
            return [Step(replace(row, agreement=body["agreement"], updated=facts.now))]
        return super().arrives(row, body, peer, digest, sent, facts)

    def moved(self, tx: Tx, row: NegotiationRow, now: datetime) -> None:
        """Keep what was offered; end the agreement of a negotiation that the peer has ended after the signatures."""
        offers_made.keep(tx, row, now)
        signing.keep_newest(tx, row)
        if row.state == TERMINATED:
            self._end(tx, row, row.peer, now)
        if row.state == FINALIZED:
            amending.supersede(tx, self._evidence, self._doors, self._me.did, row.digest, now)

    def said(self, tx: Tx, row: NegotiationRow, kind: str, now: datetime) -> None:
        """End at once the agreement of a negotiation that we end."""
        if kind == "termination":
            self._end(tx, row, self._me.did, now)

    # What we do.

    def _bargain(self, tx: Tx, row: NegotiationRow, now: datetime) -> Step[NegotiationRow] | None:
        if (mandate := row.mandate) is None:
            return None  # nobody has said yet what we may agree to
        try:
            row, within = self._met(row)
        except ShortError as short:
            return self._insist(row, short, now)
        if asks(row):
            return None  # a person does (`Operating.assent`)
        if not within or variants.overpaid(row):
            if row.rounds >= int(mandate["rounds"]):
                raise DeclinedError("the offer's rules do not lie within ours, and the rounds are over")
            return self._counter(row, row.own_price, now)
        answer = self._answer(row)
        if isinstance(answer, Accept):
            return self._accept(tx, row, now)
        if isinstance(answer, Counter):
            say = self._counter if row.role == PROVIDER else self._request
            return say(row, answer.price, now)
        raise DeclinedError(answer.reason)

    def _insist(self, row: NegotiationRow, short: ShortError, now: datetime) -> Step[NegotiationRow]:
        """Ask for the least that we need, once, where an answer to more had less; raises `short` else."""
        mandate, table = row.mandate or {}, row.terms or {}
        if row.rounds >= int(mandate["rounds"]) or table.get(POLICY) == mandate[POLICY]:
            raise short
        row = replace(row, terms={**table, POLICY: mandate[POLICY]})
        return self._request(row, row.own_price, now)

    def _say_again(self, tx: Tx, row: NegotiationRow, now: datetime) -> Step[NegotiationRow]:
        """Hold to our last price, with an offer or a request."""
        del tx
        row, _ = self._met(row)
        price = row.their_price if row.own_price is None else row.own_price
        say = self._counter if row.role == PROVIDER else self._request
        return say(row, price, now)

    def _settle(self, tx: Tx, row: NegotiationRow, now: datetime) -> Step[NegotiationRow]:
        """Take what is on the table, within the mandate; no rule makes us agree beyond it."""
        if row.state in {REQUESTED, OFFERED}:
            row, within = self._met(row)
            if not within:
                raise DeclinedError("the offer's rules do not lie within ours")
            self._bounded(row)
        return self._accept(tx, row, now)

    def _bounded(self, row: NegotiationRow) -> None:
        mandate, theirs = row.mandate, row.their_price or 0
        if mandate is None:
            raise DeclinedError("nobody has said what we may agree to")
        sells = row.role == PROVIDER
        if theirs < int(mandate["floor"]) if sells else theirs > int(mandate["limit"]):
            raise DeclinedError(f"the price `{theirs}` is {'below' if sells else 'above'} what we may agree to")

    def _answer(self, row: NegotiationRow) -> Answer:
        """Return what our limits say to the peer's last price."""
        mandate, buys = row.mandate, row.role == CONSUMER
        assert mandate is not None, "who has none is not asked"
        limit, opening = (mandate["limit"], mandate["bid"]) if buys else (mandate["floor"], mandate["ask"])
        rounds = int(mandate["rounds"])
        number = min(row.rounds + 1, rounds)
        side: Side = "buyer" if buys else "provider"
        try:
            return respond(side, int(limit), row.own_price, int(opening), row.their_price, number, rounds)
        except PriceError as error:
            raise DeclinedError(f"the {side}'s limits contradict themselves: {error}") from error

    def _accept(self, tx: Tx, row: NegotiationRow, now: datetime) -> Step[NegotiationRow]:
        if row.role == PROVIDER:
            return self._agree(tx, row, now)
        return self.says(row, "accept", messages.event("accept", *pids(row)), now)

    def _counter(self, row: NegotiationRow, price: int | None, now: datetime) -> Step[NegotiationRow]:
        offer, (provider, consumer) = self._at(row, price), pids(row)
        to: dict[str, Any] = {"consumer_pid": consumer} if consumer else {"callback": self._me.base}
        body = messages.contract_offer(provider_pid=provider, offer=offer, **to)
        return self.says(replace(row, offer=offer, own_price=price, rounds=row.rounds + 1), "offer", body, now)

    def _request(self, row: NegotiationRow, price: int | None, now: datetime) -> Step[NegotiationRow]:
        offer, (provider, consumer) = self._at(row, price), pids(row)
        to: dict[str, Any] = {"provider_pid": provider} if provider else {"callback": self._me.base}
        body = messages.contract_request(consumer_pid=consumer, offer=offer, **to)
        return self.says(replace(row, offer=offer, own_price=price, rounds=row.rounds + 1), "request", body, now)

    def _agree(self, tx: Tx, row: NegotiationRow, now: datetime) -> Step[NegotiationRow]:
        self._agreeable(tx, row, now)
        price = row.their_price if row.state == REQUESTED else row.own_price
        assert price is not None, "a product has its price"
        salt = (row.mandate or {}).get("salt") or self._doors.random(SALT_BYTES).hex()
        wanted = authority.deed(row, signing.cost(row, price), self._me)
        under = authority.required(tx, row, wanted, now)
        drawn = signing.draw(self._me, row, price, bytes.fromhex(salt), now)
        authority.keep(tx, under, drawn.digest.hex(), wanted, now)
        body = messages.contract_agreement(*pids(row), drawn.odrl)
        odrl, digest, signed = drawn.odrl, drawn.digest.hex(), drawn.signature
        row = replace(row, agreement=odrl, digest=digest, terms=drawn.terms, price=price, provider_signature=signed)
        return self.says(row, "agreement", body, now)

    def _verify(self, tx: Tx, row: NegotiationRow, now: datetime) -> Step[NegotiationRow]:
        self._agreeable(tx, row, now)
        drawn = signing.inspect(self._me, row, now)
        if tx.get(AgreementRow, digest=drawn.digest.hex()):
            raise DeclinedError("the agreement was signed before; a new one needs a new salt")
        wanted = authority.deed(row, drawn.cost or row.price or 0, self._me)
        authority.keep(tx, authority.required(tx, row, wanted, now), drawn.digest.hex(), wanted, now)
        signature = None if drawn.typed is None else self._me.sign(drawn.digest)
        signed, named = drawn.signature, drawn.digest.hex()
        row = replace(row, digest=named, terms=drawn.terms, provider_signature=signed, buyer_signature=signature)
        conclude(tx, self._evidence, row, self._parties(row), now)
        return self.says(concluded(tx, row), "verification", signing.verified(row), now)

    def _finalize(self, tx: Tx, row: NegotiationRow, now: datetime) -> Step[NegotiationRow]:
        signature = signing.countersigned(self._me, row)
        self._amendable(tx, row, now)
        authority.require_standing(tx, row, now)
        kept = conclude(tx, self._evidence, replace(row, buyer_signature=signature), self._parties(row), now)
        if signature is not None:
            self._doors.enqueue_licence(tx, kept)
        return self.says(concluded(tx, row), "finalize", messages.event("finalize", *pids(row)), now)

    def _end(self, tx: Tx, row: NegotiationRow, by: str, now: datetime) -> None:
        kept = tx.get(AgreementRow, digest=row.digest) if row.digest else None
        if kept is None or kept.negotiation != row.id or kept.state in lifecycle.OVER:
            return
        agreement.close(tx, self._evidence, kept, "end", agreement.Cause(row.reason, by), now)
        self._doors.ended(tx, kept.digest)

    # What is on the table.

    def _product(self, tx: Tx, proposal: offers.Proposal, peer: Peer) -> ProductRow:
        """Return the product that an offer is of; an id we never gave out is refused (DSP 2025-1, request message)."""
        product = tx.get(ProductRow, offer=proposal.offer) if proposal.target is None else None
        if product is None:
            product = tx.get(ProductRow, id=proposal.target or proposal.offer.rpartition(offers.OFFER_MARK)[0])
        product = None if product is None else sold(product)
        product = None if product is None else offered_as(product, proposal.offer)
        if product is None or not self._doors.sees(tx, product, peer.did):
            raise UnacceptableError(f"`{proposal.offer}` is not an offer of ours")
        return product

    def _offered(self, row: NegotiationRow, body: Document) -> NegotiationRow:
        proposal, first = offers.read(body["offer"]), row.offer or body["offer"]
        if any(body["offer"].get(name) != first.get(name) for name in ("@id", SUB_LICENCES, TRIED)):
            raise UnacceptableError(f"`{proposal.offer}` is not the offer this negotiation is about")
        price = row.their_price if proposal.price is None else proposal.price
        row = replace(row, offer=body["offer"], their_price=price, rounds=row.rounds + 1)
        return amendment.taken(row, proposal) if amendment.of(row) else row

    def _met(self, row: NegotiationRow) -> tuple[NegotiationRow, bool]:
        """Put the peer's rules on the table where our mandate has room for them, else the nearest that it has.

        Returns the row with its table, and whether that says what the peer does. Refuses an offer that says anything
        else than the table, apart from the price and, where the mandate speaks of them, the rules.
        """
        assert row.offer is not None, "it begins with one"
        proposal, table, mandate = offers.read(row.offer), row.terms, row.mandate or {}
        changed = self._changed(row, proposal)
        if not changed or table is None:
            return variants.priced(row), True
        if changed != [POLICY] or POLICY not in mandate:
            raise DeclinedError(f"the offer changes `{'`, `'.join(changed)}`; only the price is open to negotiation")
        find = meet if row.role == PROVIDER else suffice
        met = find(mandate[POLICY], proposal.policy)
        return variants.priced(replace(row, terms={**table, POLICY: met.rules})), met.within

    def _changed(self, row: NegotiationRow, proposal: offers.Proposal) -> list[str]:
        """List what an offer says otherwise than the table does, apart from the price."""
        table = row.terms
        if table is None or (proposal.terms is None and table["tier"] == offers.PLAIN):
            # a peer that does not speak our terms gets, or gave, them as they are; in a contract it says its own rules
            return [POLICY] * bool(table and CONTRACT in (row.offer or {}) and table[POLICY] != proposal.policy)
        if proposal.target not in {None, row.product}:
            raise DeclinedError("the offer is about another product")
        theirs = {**(proposal.terms or {}), POLICY: proposal.policy, "tariff": offers.shape(proposal.terms or {})}
        return offers.differences({**table, "tariff": offers.shape(table)}, theirs)

    def _at(self, row: NegotiationRow, price: int | None) -> Document:
        """Return the table as an offer at a price; a foreign offer goes back as it came."""
        offer = row.offer or {}
        if row.terms is None:
            return dict(offer)
        assert price is not None, "terms of ours name one"
        terms = offers.at_price({name: value for name, value in row.terms.items() if name != POLICY}, price)
        named = {name: offer[name] for name in ("@id", SUB_LICENCES, CONTRACT, TRIED) if name in offer}
        said = offers.offer(row.product, row.terms[POLICY], terms, target=row.product) | named
        return said if OFFER_TERMS in offer else offers.foreign(said)

    def _parties(self, row: NegotiationRow) -> dict[str, Any]:
        ours, theirs = self._me.did, row.peer
        return {"provider": ours, "buyer": theirs} if row.role == PROVIDER else {"provider": theirs, "buyer": ours}
