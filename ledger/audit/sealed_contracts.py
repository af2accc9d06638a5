"""Contracts of the interfaces that are delivered sealed, and the agreements by which they are (decision 0282).

Law: (1) terms that name a contract name one that a log says was signed, by the same two parties, at the same price and
under the same rules, and that it says is delivered sealed. (2) A log that says that such a contract ended says of what
stood under it that it ended, too. That it was agreed while the contract was in force: `ledger.audit.contract_uses`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from contracts.currencies import DECIMALS, TOKEN_DECIMALS
from contracts.ndi import strategy as strategies
from ledger.audit.agreements import SIGNED as AGREED
from ledger.audit.amendments import ENDED
from ledger.audit.contracts import SIGNED
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.audit.books import Books
    from ledger.audit.deal import Deal, Deals
    from ledger.audit.event import Event
    from ledger.audit.report import Report


def under(deals: Deals) -> dict[str, str]:
    """Return the contract (digest in hex) of each agreement that stands under one, by its own digest."""
    return {name: deal.terms.contract.hex() for name, deal in deals.items() if deal.terms.contract}


def check(signed: Mapping[str, Event], books: Books, deals: Deals, report: Report) -> None:
    """Check every agreement under a contract; `signed` are those contracts that both of their parties have signed."""
    for name, contract in under(deals).items():
        deal = deals[name]
        if (event := signed.get(contract)) is not None:
            _check(name, deal, event, report)
        elif _tells(books, deal.provider, name) and not any(book.has(SIGNED, contract) for book in books.values()):
            report.find("contract-orphaned", deal.provider, agreement=name, other=contract)
        for did in (deal.provider, deal.buyer):
            book = books.get(did)
            if book is not None and book.has(ENDED, contract) and book.has(AGREED, name) and not book.has(ENDED, name):
                report.find("contract-outlived", did, agreement=name, other=contract)


def _tells(books: Books, did: str, agreement: str) -> bool:
    book = books.get(did)
    return book is not None and book.has(AGREED, agreement)


def _check(name: str, deal: Deal, event: Event, report: Report) -> None:
    """Check that an agreement has the parties, the price, the rules and the delivery of its contract."""
    told = event.fields
    try:
        sealed, policy = strategies.beside(told["strategy"]).sealed, strategies.read(told["strategy"])
    except PolicyError:
        return  # an expansion of another make
    minor = Decimal(deal.terms.tariff.minor).scaleb(-DECIMALS.get(deal.terms.tariff.currency, TOKEN_DECIMALS))
    rules, paid = strategies.parted(policy)
    pairs: dict[str, tuple[Any, Any]] = {
        "provider": (deal.provider, told["provider"]),
        "buyer": (deal.buyer, told["consumer"]),
        strategies.DELIVERY: (True, sealed),
        "price": (minor, sum(map(_amount, paid), Decimal(0))),
        "policy": (strategies.parted(deal.terms.policy), (rules, [])),
    }
    for field, (agreed, contracted) in pairs.items():
        if agreed != contracted:
            report.find("contract-differs", deal.provider, agreement=name, other=event.part, field=field)


def _amount(limit: Mapping[str, Any]) -> Decimal:
    """Return what a limit says is paid for each unit, in its currency; not a number where it says anything else."""
    return Decimal(str(limit["rightOperand"])) if limit.get("leftOperand") == strategies.PAID else Decimal("NaN")
