"""What an answer would cost: the money of its terms, and the ε out of the budget; said before anything is asked.

With the key of an agent it is taken out of that key's budget then (`connector.consumer.spending`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from connector.consumer import spending
from connector.runtime import rehearsal
from connector.store.rows.compute import AnswerRow
from contracts import answered
from contracts import gate as gates
from contracts.noise import epsilon_text
from contracts.price_words import money, price
from contracts.tariff import Tariff, order_amount

if TYPE_CHECKING:
    from datetime import datetime

    from connector.store.rows.agreement import AgreementRow
    from connector.store.transaction import Tx
    from contracts.answered import Answered
    from contracts.canonical import JsonObject

_ANSWERED = "SELECT coalesce(sum(units), 0) FROM answers WHERE agreement = ? AND ended IS NOT NULL"


def foretell(tx: Tx, *asked: tuple[AgreementRow, Answered]) -> None:
    """Note in a rehearsal what these answers would cost under their agreements; else do nothing."""
    if rehearsal.current() is not None:
        for agreement, answer in asked:
            words, more = asking_price(tx, agreement, answer)
            rehearsal.note(rehearsal.PAY, words, agreement.product, more)


def take(tx: Tx, agreement: AgreementRow, answer: Answered, job: str, now: datetime) -> None:
    """Foretell one answer, and with an agent's key take what it may cost; raises PaymentRefused."""
    foretell(tx, (agreement, answer))
    spending.answer(tx, agreement.digest, job, _amount(tx, agreement, answer), now)


def asking_price(tx: Tx, agreement: AgreementRow, answer: Answered) -> tuple[str, JsonObject]:
    """Return the price of an answer in words, and what else it uses up.

    `left` is the ε that the last answer said is left, and before the first one all of the budget.
    """
    terms = agreement.signed_terms
    tariff, noise = Tariff.from_json(terms["tariff"]), gates.read(terms["gate"]).noise
    told: JsonObject = {"price": price(tariff), "statements": answer.keys}
    if noise is not None:
        told |= {"epsilon": epsilon_text(answer.epsilon), "left": _left(tx, agreement.digest, noise.budget)}
    if answer.tenths:
        told |= {"atMost": answered.seconds_text(answer.tenths)}
    if tariff.period:
        return price(tariff), told
    return money(_amount(tx, agreement, answer), tariff.currency), told


def _amount(tx: Tx, agreement: AgreementRow, answer: Answered) -> int:
    """Return what an answer adds to what is due; nothing under a subscription, which is paid whatever is asked."""
    tariff = Tariff.from_json(agreement.signed_terms["tariff"])
    [before] = map(int, tx.column(_ANSWERED, agreement.digest))
    return 0 if tariff.period else order_amount(tariff, before, before + answered.units(tariff, answer))


def _left(tx: Tx, agreement: str, budget: int) -> str:
    """Return the ε that is left as far as it is known here."""
    last = tx.find(AnswerRow, "agreement = ? AND ended IS NOT NULL", (agreement,), order="ended DESC", limit=1)
    told = orjson.loads(last[0].answer or b"{}").get("left") if last else None
    return str(told) if told is not None else epsilon_text(budget)
