"""What a buyer asks a provider for: the offer that is listed, that it was told of, or that its sub-licence makes.

And what it would cost: worked out of the offer's tariff and the edition's public rows before anything is agreed, by the
table that prices every order later. Nobody's word is taken for it: header and rows are proven to be the edition's.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from catalog.dataset import dataset_from_json
from catalog.errors import CatalogError
from catalog.found import SEALED
from catalog.packing import Billed
from catalog.service import TIER as SERVICE
from connector.channel import tally
from connector.consumer import trial, waiting
from connector.consumer.bargain import bargained
from connector.consumer.mandate import TRIED
from connector.licence import hosted, pricing
from connector.licence.licensed import rows_of
from connector.negotiation import whereabouts
from connector.negotiation.ndi import offers as contracted
from connector.negotiation.ndi import sealed
from connector.negotiation.ndi.address import is_ndi, is_through, marked, plain
from connector.negotiation.ndi.superseding import POLICY
from connector.negotiation.protocol import messages, offers, validation
from connector.negotiation.protocol.errors import ProtocolError
from connector.operation.ndi import contracts
from connector.runtime.errors import Absent, Conflict, InvalidInput, PeerMisbehaved, PeerRefused, VerificationFailed
from connector.runtime.limits import HEADER_BYTES_MAX, ROWS_BYTES_MAX
from contracts import blind, meter, price_words, sublicence
from contracts.decimals import read_hex
from contracts.errors import ContractError
from contracts.namespace import CONTRACT, SUB_LICENCES
from contracts.ndi.delivery import DETAIL
from contracts.ranges import RowSet
from contracts.tariff import Tariff, amount
from contracts.units import AGREEMENT, COMPUTED
from ledger.edition.header import agreed

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.operation.ndi.ways import Ways
    from connector.store.rows.agreement import AgreementRow
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs
    from ledger.edition.row_table import RowTable
    from ledger.space.document import Member


LICENCE = frozenset({"digest", "provider", "product", "chain"})
ID_BYTES = 32
# how soon a provider knows what the exchange has listed (connector.provider.waiting)
LISTED_SECONDS = 0.5
# what is mandated of a contract of another make, or by other interfaces
FOREIGN = {"tier": offers.PLAIN}
SUB_LICENCE_URN = "urn:penstock:sub-licence:"


class Whose(NamedTuple):
    """A provider: its DID, its address, and the base of the protocol there."""

    did: str
    url: str
    base: str


class Quote(NamedTuple):
    """An offer (with `target`) and whose it is; `asked` is its price, `fixed` what our mandate must say of it.

    `dataset` is what the list says it is of, as it came; None where that was not asked.
    """

    provider: Whose
    offer: JsonObject
    asked: int
    fixed: JsonObject
    dataset: Any = None


class Quotes:
    """Offers as they are found: listed, told of, or licensed onward, each held against the chain and its provider."""

    def __init__(self, core: Core, space: SpaceView, programs: Programs, peers: Peers, ways: Ways) -> None:
        self._core, self._space, self._programs, self._peers, self._ways = core, space, programs, peers, ways

    async def listed(self, product: str, asking: Callable[[str], None]) -> Quote:
        """Look a product up at the exchange, then its offer at its provider; `asking` is told whom; raises Absent."""
        space = await self._space.current()
        exchange, key = space.members[space.exchange], quote(product, safe="")
        asking(waiting.EXCHANGE)
        listing = await self._ask(f"{exchange.url}/exchange/products/{key}", exchange.did)
        _refuse_elsewhere(listing)
        provider = await self._space.require(listing["provider"])
        asking(waiting.PROVIDER)
        offer = await self._offered(provider, product, listing["offer"].get("id"))
        if _differs(listing, offer):
            # it was listed a moment ago, and its provider has not seen it yet
            await asyncio.sleep(LISTED_SECONDS)
            offer = await self._offered(provider, product, listing["offer"].get("id"))
        _refuse_unlisted(listing, offer)
        return Quote(_whose(provider), offer, int(listing["offer"]["ask"]), {}, listing.get("dataset"))

    async def told(self, product: str, provider_did: str, asking: Callable[[str], None]) -> Quote:
        """Ask a member for a product of its that we were told of; the exchange hears nothing. Raises Absent.

        Nobody reviewed it, so what the exchange would have looked at is looked at here: raises VerificationFailed if
        the chain knows the edition, under its own id or its blind one, and its provider holds the rights.
        """
        provider = await self._space.require(provider_did)
        asking(waiting.PROVIDER)
        offer = await self._offered(provider, product, None)
        proposal = offers.read(offer)
        if proposal.terms is not None:  # one without our terms is a plain copy, of no edition
            await self._check_registered(provider, proposal.terms | {"policy": proposal.policy})
        return Quote(_whose(provider), offer, proposal.price or 0, {})

    async def elsewhere(self, product: str, at: str, named: str | None, asking: Callable[[str], None]) -> Quote:
        """Ask a connector that is no member, at an address, for a data set; `named` is how it is called. Raises Absent.

        Nobody vouches for it: what it offers is a plain copy, and where it has terms of ours it is a member to be asked
        as one. Raises InvalidInput for that.
        """
        if is_ndi(at):
            return await self._contracted(product, at, named, asking)
        did, base = await whereabouts.told(self._core.outbound, self._peers, at, named)
        asking(waiting.PROVIDER)
        dataset = await self._ask(f"{base}/catalog/datasets/{quote(product, safe='')}", did)
        validation.check("Dataset", dataset)
        offer = {**_offer(dataset, None), "target": dataset["@id"]}
        if offers.read(offer).terms is not None:
            if await self._space.member(did) is not None:
                raise InvalidInput(f"`{did}` speaks our terms", "leave out `--at`: it is a member of our space")
            offer = offers.foreign(offer)  # its terms are of a space and a chain that we are not in
        return Quote(Whose(did, at, base), offer, offers.read(offer).price or 0, FOREIGN)

    async def delivering(self, found: Quote) -> Quote:
        """Return what delivers an offer: another offer of its provider's for a contract that is delivered sealed."""
        if not contracted.is_sealed(found.offer):
            return found
        return await self.told(found.offer[CONTRACT][sealed.DATASET], found.provider.did, lambda _whom: None)

    async def under(self, contract: AgreementRow) -> Quote:
        """Return what is asked for under a contract in force that is delivered sealed.

        Raises NotPermitted where our own look at the contract denies its use, which its provider is told.
        """
        row, talk = await self._core.store.read(lambda tx: contracts.of_agreement(tx, contract))
        base = plain(await self._ways.parties.base(talk.peer) if is_through(talk.callback) else talk.callback)
        await self._ways.flowing.require_allowed(base, row, talk, contracts.sequence(contract.negotiation))
        found = await self.told(contract.odrl[CONTRACT][sealed.DATASET], contract.peer, lambda _whom: None)
        listed = offers.read(found.offer)
        if listed.terms is None or listed.target is None:
            raise PeerMisbehaved("what delivers the contract has no terms of ours", "ask its provider")
        if offers.shape(listed.terms) != contract.odrl[CONTRACT][sealed.TARIFF]:
            raise PeerMisbehaved("the price of the contract is for another unit by now", "ask its provider")
        terms, price = sealed.table(contract, listed.terms, self._space.known_currency())
        offer = offers.offer(listed.target, terms.pop(POLICY), terms, target=listed.target)
        return found._replace(offer=offer | {"@id": listed.offer}, asked=price, fixed={sealed.MEMBER: contract.digest})

    async def _contracted(self, product: str, at: str, named: str | None, asking: Callable[[str], None]) -> Quote:
        """Ask a connector that is spoken to by the interfaces of a contract for a product; raises Absent."""
        base = plain(at)
        self._core.outbound.check(base)
        did = named or whereabouts.did_of("", base)
        asking(waiting.PROVIDER)
        told = await self._ways.speaking.post(did, base, DETAIL, {"productId": product})
        try:
            shown = told.get("product", {})
            about = await self._ways.parties.about(shown, self._core.clock.now())
            way = await self._ways.parties.platform() if is_through(at) else marked(base)
            return Quote(Whose(did, base, way), *_proposed(shown, about, self._space.known_currency()), FOREIGN)
        except (ProtocolError, KeyError, TypeError, ValueError) as error:
            text = f"`{did[:200]}` shows no product that could be contracted: {error}"
            raise PeerMisbehaved(text, "ask its provider") from error

    async def _check_registered(self, provider: Member, terms: JsonObject) -> None:
        try:
            edition = read_hex(terms.get("editionId"), "editionId", ID_BYTES)
            salt = read_hex(terms["blindSalt"], "blindSalt", blind.SALT_BYTES) if "blindSalt" in terms else b""
        except ContractError as error:
            raise PeerMisbehaved(f"the offer of `{provider.did}` has terms that nobody can read: {error}") from error
        owners = await hosted.require(self._programs, self._space, terms, provider)
        known = await self._programs.edition(blind.registered_id(edition, salt))
        if known is None or known.withdrawn_at is not None or known.holder not in owners:
            state = "is not registered" if known is None else "is withdrawn" if known.withdrawn_at else "is another's"
            raise VerificationFailed(f"the edition on offer {state} on chain", "pay nothing; ask the provider")

    async def _offered(self, provider: Member, product: str, listed_as: str | None) -> JsonObject:
        dataset = await self._ask(f"{provider.url}/dsp/catalog/datasets/{quote(product, safe='')}", provider.did)
        validation.check("Dataset", dataset)
        return {**_offer(dataset, listed_as), "target": dataset["@id"]}

    async def meant(self, product: str, mandate: JsonObject, asking: Callable[[str], None]) -> Quote:
        """Return the offer that a mandate is about: of a sub-licence, of a provider it names, or of the listing.

        It is under the rules that the mandate prefers (`bargain`).
        """
        if licence := mandate.get("licence"):
            return await self.licensed(licence)
        if at := mandate.get("at"):
            found = await self.elsewhere(product, at, mandate.get("provider"), asking)
        elif provider := mandate.get("provider"):
            found = await self.told(product, provider, asking)
        else:
            found = await self.listed(product, asking)
        offer, least = await asyncio.to_thread(bargained, found.offer, mandate)
        named = partial(trial.named, offer=offer, name=mandate.get(TRIED), provider=found.provider.did)
        offer = await self._core.store.read(named)
        return found._replace(offer=offer, fixed={**found.fixed, **least})

    async def licensed(self, licence: JsonObject) -> Quote:
        """Return the offer of a sub-licence that `check` has passed, to its key holder; raises Absent."""
        provider = await self._space.require(licence["provider"])
        last = sublicence.read_chain(licence["chain"])[-1]
        terms = last.terms.json()
        policy, salt = terms.pop("policy"), terms.pop("salt")
        offer = offers.offer(last.terms.product, policy, terms, target=last.terms.product)
        offer |= {"@id": SUB_LICENCE_URN + licence["digest"], SUB_LICENCES: licence["chain"]}
        return Quote(_whose(provider), offer, last.terms.tariff.minor, {"salt": salt})

    async def total(self, product: str, provider: str | None = None) -> JsonObject:
        """Return what is asked for a product, and what that makes for `of`: `all` of it, or one use or period.

        `amount` is in minor units, `sum` the same in words. Raises Absent, VerificationFailed, and InvalidInput for an
        offer without terms of ours.
        """
        return await self.told_of(await self.meant(product, {"provider": provider}, lambda _whom: None), product)

    async def told_of(self, found: Quote, product: str) -> JsonObject:
        """Return what `total` does, of an offer that is at hand; raises VerificationFailed, InvalidInput."""
        terms = offers.read(found.offer).terms
        if terms is None:
            raise InvalidInput(
                f"the offer of `{product[:200]}` has no terms that could be worked out", "ask its provider"
            )
        table = await self.table(found, terms)
        tariff, wanted = Tariff.from_json(terms["tariff"]), rows_of(terms, table)
        of, quantity = _measured(tariff, wanted, table)
        due = amount(tariff, quantity)
        return {
            "product": product,
            "title": terms["title"],
            "provider": found.provider.did,
            "tier": terms["tier"],
            "edition": terms["editionId"],
            "columns": sorted(terms.get("columns", {})),
            "pieces": len(wanted),
            "bytes": str(tally.plain_bytes(table, wanted)),
            "billed": _billed(found.dataset, terms["tier"], wanted, table).json(by_bytes=tariff.unit == "byte"),
            "price": price_words.price(tariff),
            "asked": str(found.asked),
            "of": of,
            "amount": str(due),
            "currency": tariff.currency,
            "sum": price_words.money(due, tariff.currency),
        }

    async def table(self, found: Quote, terms: JsonObject) -> RowTable:
        """Return the rows of the edition on offer, proven to be its; raises VerificationFailed."""
        shown = await self.public(found.provider, terms["editionId"])
        try:
            _, table = await asyncio.to_thread(agreed, bytes.fromhex(terms["editionId"]), *shown)
            rows_of(terms, table)
        except ContractError as error:
            raise VerificationFailed(f"what the provider shows is not the edition on offer: {error}") from error
        pricing.verify(terms, table)
        return table

    async def public(self, provider: Member | Whose, edition: str) -> tuple[Any, bytes]:
        """Return header (JSON) and rows that a provider shows of an edition, whose id is hex; nothing is proven yet."""
        base = f"{provider.url}/sealed/{edition}"
        header = await self._core.outbound.get(base + "/header", limit_bytes=HEADER_BYTES_MAX)
        rows = await self._core.outbound.get(base + "/rows", limit_bytes=ROWS_BYTES_MAX)
        return header.json(), rows.body

    async def _ask(self, url: str, did: str) -> Any:
        try:
            answer = await self._core.outbound.get(url, headers=self._peers.authorization(did))
        except PeerRefused as refusal:
            if refusal.status == 404:
                raise Absent(f"`{url.rsplit('/', 1)[-1]}` is not on offer there", "see `penstock find`") from refusal
            raise
        return answer.json()


def _proposed(shown: JsonObject, about: JsonObject, currency: str) -> tuple[JsonObject, int]:
    """Return the offer of a product as its strategy says it, and its price."""
    strategy, product = shown["strategy"], about["product"]
    # it may call us otherwise than we do
    about |= contracted.beside(strategy)
    if about.get(contracted.SEALED):
        about |= {sealed.DATASET: str(shown[sealed.DATASET]), sealed.TARIFF: offers.shape({"tariff": shown["price"]})}
    theirs = about | {"consumer": strategy["executionNodeInfo"].get("consumerNodeId", about["consumer"])}
    offer = contracted.offer_of(strategy, offers.offer_id(product), product, theirs, currency) | {CONTRACT: about}
    return offer, offers.read(offer).price or 0


def _whose(provider: Member) -> Whose:
    return Whose(provider.did, provider.url, provider.url + messages.DSP_PATH)


def _differs(listing: JsonObject, offer: JsonObject) -> str:
    """Return what an offer has other than the listing, which was reviewed: `data` or `rules`; empty for nothing."""
    proposal = offers.read(offer)
    if proposal.terms is None:  # a plain copy of another make
        return ""
    if proposal.terms.get("editionId") != listing["edition"]:
        return "data"
    return "rules" if proposal.policy != offers.rules(listing["offer"]["policy"]) else ""


def _refuse_unlisted(listing: JsonObject, offer: JsonObject) -> None:
    """Raise Absent where the provider offers other data or other rules than the listing."""
    if differs := _differs(listing, offer):
        text = f"the provider of `{str(listing['id'])[:200]}` offers other {differs} than the list shows"
        raise Absent(text, "its next version may wait for the exchange's review: ask again, or ask its provider")


def _refuse_elsewhere(listing: JsonObject) -> None:
    """Raise Conflict for a service, and for what was found elsewhere: nobody can be paid for it in this space."""
    if listing.get("kind") == SERVICE:  # whose id begins otherwise when it was found elsewhere
        raise Conflict(f"`{listing['id']}` is a service, used at its provider's", "penstock product show tells where")
    if "origins" not in listing:
        return
    provider, path = str(listing["provider"]), listing["origins"][0]["path"]
    if listing["kind"] == SEALED:
        where = f"in the space of `{path[-1] if path else provider}`"
        hint = "become a member there (`penstock init --exchange ADDRESS`, `penstock join`), and get it in that space"
    else:
        where, hint = f"by `{provider}` alone, without our seals and payments", f"penstock find --at {listing['base']}"
    raise Conflict(f"`{listing['id']}` was found elsewhere and is traded {where}", hint)


def check(licence: Any, product: str) -> None:
    """Refuse what is no sub-licence of a product; raises InvalidInput."""
    if licence is None:
        return
    if not isinstance(licence, dict) or set(licence) != LICENCE:
        raise InvalidInput(f"a sub-licence has exactly the members {', '.join(sorted(LICENCE))}")
    try:
        chain = sublicence.read_chain(licence["chain"])
    except ContractError as error:
        raise InvalidInput(f"the sub-licence is not well formed: {error}", "ask its holder for it again") from error
    if not (licence["product"] == product == chain[-1].terms.product):
        raise InvalidInput(f"the sub-licence is of another product than `{product[:200]}`")


def _measured(tariff: Tariff, wanted: RowSet, table: RowTable) -> tuple[str, int]:
    """Return what a total is of, and the quantity of it that the tariff prices."""
    if tariff.period:
        return tariff.period, tariff.per
    if tariff.counted.paid_within != AGREEMENT:
        return tariff.unit, tariff.counted.parts
    return "all", meter.added(tariff, wanted, table, begins=True)


def _billed(listed_as: Any, tier: str, wanted: RowSet, table: RowTable) -> Billed:
    """Return what is billed of some rows; how many files are in how many packs is their provider's word."""
    listed = tally.plain_bytes(table, wanted & RowSet(((0, table.index_rows),)))
    data, listed = tally.plain_bytes(table, wanted) - listed, 0 if tier in offers.OUTSIDE else listed
    try:
        dataset = dataset_from_json(listed_as)
    except CatalogError:  # nobody described it to us
        return Billed(data, listed, None, stays=tier == COMPUTED)
    whole = len(wanted) == len(table)
    return Billed(data, listed, dataset.size if whole else None, dataset.packing if whole else None, tier == COMPUTED)


def _offer(dataset: Any, listed: str | None) -> JsonObject:
    """Return the dataset's offer that the exchange has listed, or its first where the listing names none."""
    for offer in dataset["hasPolicy"]:
        if listed in (None, offer["@id"]):
            return dict(offer)
    raise Absent(f"the listed offer `{str(listed)[:200]}` is not in the provider's catalogue", "ask the provider")
