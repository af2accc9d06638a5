"""What of a purchase can be known before anything is signed: may it be used as it is meant, and can it be paid for.

Law: (1) nothing is written or sent to a peer but questions; what is refused here would be refused later, when a licence
and a deposit are there. (2) What cannot be known yet is not asked: how much is used at a time, and what others use up.
(3) A refusal says what to change, and costs nothing: the same id with another mandate is a new try.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from catalog.codes import TIERS
from catalog.codes import tier as tier_of
from connector.channel.priced import Tally
from connector.channel.window import Purse as Window
from connector.consumer import copying, fetching, quoting, steps
from connector.consumer import mandate as mandates
from connector.consumer.bargain import POLICY
from connector.enforcement.context import FUNCTION, PURPOSE, QUERY
from connector.enforcement.person import OWNER, Person
from connector.enforcement.rules import in_force
from connector.enforcement.scopes import FORESEEN
from connector.enforcement.supply import MEASURED_IN
from connector.enforcement.use import FORESIGHT, Link, Use
from connector.licence import hosted, pricing
from connector.licence.licensed import facts_of, rows_of
from connector.negotiation.protocol import offers
from connector.negotiation.protocol.offers import OUTSIDE, PLAIN
from connector.runtime.errors import InvalidInput, PaymentRefused, PurchaseRefused
from connector.settlement.purse import require_deposit
from contracts import meter, price_words
from contracts.credential.proven import PROVEN
from contracts.errors import ContractError
from contracts.ranges import RowSet
from contracts.tariff import MAX_MINOR, Tariff, amount
from contracts.units import AGREEMENT, COMPUTED, LEASED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connector.consumer.quoting import Quote, Quotes
    from connector.core.core import Core
    from connector.enforcement.enforce import Enforcement
    from connector.identity.space.view import SpaceView
    from connector.settlement.purse import Purse
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs
    from ledger.edition.row_table import RowTable

READ_OF_TERMS: Final = frozenset({"product", "tier", "tariff", "editionId", "maxExposure"})
READ: Final = "read"  # the action of who opens what is here
# what only a statement itself says, when it is asked
STATED: Final = frozenset({QUERY, FUNCTION})
# actions of which each use says what it is about, which nobody knows before
ASKED: Final = frozenset({READ, TIERS[COMPUTED].action})
MISSING: Final = "context-missing"
PROVIDER: Final = "provider"  # whose `maxExposure` it is
# refusals that stay whatever is waited for or done; of those by time the ones that something is over
LASTING: Final = frozenset({
    "purpose-not-allowed", "outside-region", "recipient-not-allowed", "context-missing", "environment-not-allowed",
    "manner-not-allowed", "party-not-allowed",
})  # fmt: skip
ENDS: Final = frozenset({"lteq", "lt"})
HINTS: Final = {
    "purpose-not-allowed": "say a purpose that the offer allows (`--purpose`), see `penstock product show`",
    "outside-time": "its time is over, or has not begun: ask its provider for another offer",
    "outside-region": "the offer is for another region: ask its provider",
    "recipient-not-allowed": "the offer is for others: ask its provider",
    "environment-not-allowed": "the offer is for another kind of place, or for use with something else (`--say`)",
    "manner-not-allowed": "the offer is for another way of delivery or of use (`--say`)",
    "data-not-allowed": "the offer is for other data than this product says it is: ask its provider",
    "party-not-allowed": "the offer is for who is something else: `penstock credential list` has what is proven of us",
    "context-missing": "say what the offer asks for (`--say application=NAME`), see `penstock product show`",
}


@dataclass(frozen=True, slots=True)
class Due:
    """What is asked for in minor units: the deposit, what the dearest row costs, and all; None where nobody knows."""

    deposit: int
    least: int
    whole: int | None


class Prospects:
    """Looks ahead for one buyer."""

    def __init__(
        self, core: Core, space: SpaceView, enforcement: Enforcement, programs: Programs, purse: Purse, quotes: Quotes
    ) -> None:
        self._core, self._space, self._enforcement, self._programs = core, space, enforcement, programs
        self._purse, self._quotes = purse, quotes

    async def foresee(self, product: str, mandate: Any, person: Person = OWNER) -> JsonObject:
        """Return what getting `product` within `mandate` would cost at the asked price; nothing is written or signed.

        Raises all that an acquisition and its first step would refuse, as they do.
        """
        checked = mandates.checked(mandate, person)
        quoting.check(checked.get("licence"), product)
        await self._space.require(self._core.identity.did)
        await asyncio.to_thread(mandates.require_place, checked, None)
        found = await self._quotes.meant(product, checked, lambda _whom: None)
        within = steps.limits(checked, found.asked, self._core.settings.negotiation.rounds_max)
        await self.check(found, checked, int(within["bid"]))
        return await self._quotes.told_of(found, product)

    async def check(self, found: Quote, mandate: JsonObject, bid: int) -> None:
        """Raise PurchaseRefused for what the offer never allows, PaymentRefused for what cannot be paid at `bid`."""
        found = await self._quotes.delivering(found)  # of a contract it is looked at before that is signed
        proposal = offers.read(found.offer)
        terms = proposal.terms
        if terms is None and mandate.get(mandates.AT):
            fetching.check(mandate)
        if terms is None or not terms.keys() >= READ_OF_TERMS:  # of another make; what it lacks is said by who signs
            return
        await self._check_hosted(found, offers.at_price(terms, found.asked) | {POLICY: proposal.policy})
        self._check_currency(terms)
        if terms["tier"] == PLAIN:
            copying.check(mandate)
        elif terms["tier"] == COMPUTED:
            mandates.require_nowhere(mandate)
        elif terms["tier"] == LEASED and mandate["to"] is not None:
            raise InvalidInput("a leased product is opened when it is read", "get it without `--to`, then open it")
        for policy in filter(None, (proposal.policy, found.fixed.get(POLICY))):
            await self._check_use(found, policy, terms, mandate)
        if terms["tier"] not in OUTSIDE:  # which is paid outside channels
            await self._check_money(found, offers.at_price(terms, bid), mandate)

    async def _check_hosted(self, found: Quote, terms: JsonObject) -> None:
        """Ask the chain whether who sells for another provider may do so now; the price is looked at later."""
        if hosted.HOSTED in terms:
            await hosted.require(self._programs, self._space, terms, await self._space.require(found.provider.did))

    def _check_currency(self, terms: JsonObject) -> None:
        told, ours = terms["tariff"]["currency"], self._programs.deployment.currency
        if told != ours and terms["tariff"]["unit"] != "free":
            text = f"the offer is priced in `{told[:20]}`, and this space settles in `{ours}`: nothing could pay it"
            raise PurchaseRefused(text, f"ask its provider for a price in {ours}")

    async def _check_use(self, found: Quote, policy: JsonObject, terms: JsonObject, mandate: JsonObject) -> None:
        me, product, now = self._core.identity.did, terms["product"], self._core.clock.now()
        rules = in_force(policy, product, me, FORESEEN)
        link = Link("", product, found.provider.did, me, rules, "", terms["tier"], facts_of(terms))
        said = {**mandate.get(mandates.SAID, {}), PURPOSE: mandate["purpose"]}
        stated = STATED | {name for name, tiers in MEASURED_IN.items() if terms["tier"] in tiers}
        for action in _actions(terms, mandate):
            use = Use((link,), action, said, FORESIGHT, "foresight", taker="")
            refused = await self._core.store.read(partial(self._enforcement.foresee, use=use, now=now))
            if refused is not None and (action not in ASKED or _for_good(refused.reasons, stated)):
                hint = next(filter(None, map(_hint, refused.reasons)), "ask its provider")
                raise PurchaseRefused(f"the offer of `{product[:200]}` never allows this: {refused.text}", hint)

    async def _check_money(self, found: Quote, terms: JsonObject, mandate: JsonObject) -> None:
        table = await self._quotes.table(found, terms)
        tariff = Tariff.from_json(terms["tariff"])
        due = await asyncio.to_thread(_due, tariff, rows_of(terms, table), table, mandate)
        money = partial(price_words.money, currency=tariff.currency)
        if due.whole is not None and mandate["cap"] is not None and due.whole > int(mandate["cap"]):
            text = f"all of it costs {money(due.whole)}, and you pay {money(int(mandate['cap']))} at most"
            raise PaymentRefused(text, f"say `--max-total {due.whole}` or more, or leave it out")
        said = {name: mandate[name] for name in ("deposit", "exposure")} | {PROVIDER: terms["maxExposure"]}
        bound, name = min((int(each), name) for name, each in said.items() if each is not None)
        if bound < due.least:
            whose = "the offer lets be owed" if name == PROVIDER else f"your `{name}` is"
            text = f"one piece costs {money(due.least)}, and {whose} {money(bound)} at most: nothing could be bought"
            hint = "ask its provider" if name == PROVIDER else f"say `--{name} {due.least}` or more, or leave it out"
            raise PurchaseRefused(text, hint)
        held = await self._programs.balance(self._core.identity.keys.address) + await self._purse.credit()
        require_deposit(due.deposit, held, tariff.currency)


def _hint(reason: Mapping[str, Any]) -> str:
    """Return what to do about a reason, empty where nobody knows; of what is missing, the credential that says it."""
    source = PROVEN.get(reason["facts"][0]) if reason["code"] == MISSING else None
    if source is None:
        return HINTS.get(reason["code"], "")
    return f"ask who issues it for a {' and a '.join(source.types)}: `penstock credential request`"


def _for_good(reasons: Sequence[Mapping[str, Any]], stated: frozenset[str] = STATED) -> bool:
    """Say whether neither time nor what the buyer does mends a refusal; openings, and what is `stated`, come later."""
    return bool(reasons) and all(
        (one["code"] in LASTING and not stated.intersection(one["facts"]))
        or (one["code"] == "outside-time" and set(one["facts"]) & ENDS)
        for one in reasons
    )


def _actions(terms: JsonObject, mandate: JsonObject) -> Iterator[str]:
    """Return what will be asked: for the keys or the copy, and for an opening where the purchase opens it itself."""
    action = tier_of(terms["tier"]).action
    yield action
    if action != READ and terms["tier"] not in OUTSIDE and mandate["to"] is not None:
        yield READ


def _due(tariff: Tariff, wanted: RowSet, table: RowTable, mandate: JsonObject) -> Due:
    """Return what a purchase takes at least, as far as it is known (blocking: it looks at every row).

    What all of it costs is known where it is paid once. Else a use, or a period, is paid for at the least: how many of
    them the agreement will allow, its provider says when it signs.
    """
    whole = None
    if not tariff.period and tariff.counted.paid_within == AGREEMENT:
        whole = amount(tariff, meter.added(tariff, wanted, table, begins=True))
    most = amount(tariff, tariff.per if tariff.period else tariff.counted.parts) if whole is None else whole
    cap = most if mandate["cap"] is None else min(most, int(mandate["cap"]))
    return Due(pricing.deposit(tariff, cap, mandate["deposit"]), _dearest(tariff, wanted, table), whole)


def _dearest(tariff: Tariff, wanted: RowSet, table: RowTable) -> int:
    """Return what is paid at once at the least: for the first row, or one that costs more whenever it comes."""
    rows = [number for first, count in wanted.ranges for number in range(first, first + count)]
    if not rows:
        return 0
    tried = {rows[0]}
    if not tariff.tiers and not tariff.records:  # of those the price of a row depends on what came before it
        tried.add(max(rows, key=lambda number: table.plain_bytes(number, 1)))
    window = Window(table, tariff, Tally(), MAX_MINOR, begins=True)
    return max(_cost(window, number) for number in tried)


def _cost(window: Window, number: int) -> int:
    try:
        return window.cost(RowSet.of([(number, 1)]))
    except ContractError:  # more than a quota: it is never bought, and needs no money
        return 0
