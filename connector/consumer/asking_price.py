"""What an answer would cost: the money of its terms, and the ε out of the budget; said before anything is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from connector.runtime import rehearsal
from connector.store.rows.compute import AnswerRow
from contracts import gate as gates
from contracts.noise import epsilon_text
from contracts.price_words import money, price
from contracts.tariff import Tariff, order_amount

if TYPE_CHECKING:
    from connector.store.rows.agreement import AgreementRow
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

_ANSWERED = "SELECT coalesce(sum(units), 0) FROM answers WHERE agreement = ? AND ended IS NOT NULL"


def foretell(tx: Tx, *asked: tuple[AgreementRow, int]) -> None:
    """Note in a rehearsal what answers under these agreements would cost, each of so many units; else do nothing."""
    if rehearsal.current() is not None:
        for agreement, units in asked:
            words, more = asking_price(tx, agreement, units)
            rehearsal.note(rehearsal.PAY, words, agreement.product, more)


def asking_price(tx: Tx, agreement: AgreementRow, units: int) -> tuple[str, JsonObject]:
    """Return the price of an answer in words, billed as so many `units`, and what else it uses up.

    `left` is the ε that the last answer said is left, and before the first one all of the budget.
    """
    terms = agreement.signed_terms
    tariff, noise = Tariff.from_json(terms["tariff"]), gates.read(terms["gate"]).noise
    [before] = map(int, tx.column(_ANSWERED, agreement.digest))
    told: JsonObject = {"price": price(tariff), "statements": units}
    if noise is not None:
        told |= {"epsilon": epsilon_text(noise.epsilon), "left": _left(tx, agreement.digest, noise.budget)}
    if tariff.period:
        return price(tariff), told
    return money(order_amount(tariff, before, before + units), tariff.currency), told


def _left(tx: Tx, agreement: str, budget: int) -> str:
    """Return the ε that is left as far as it is known here."""
    last = tx.find(AnswerRow, "agreement = ? AND ended IS NOT NULL", (agreement,), order="ended DESC", limit=1)
    told = orjson.loads(last[0].answer or b"{}").get("left") if last else None
    return str(told) if told is not None else epsilon_text(budget)
