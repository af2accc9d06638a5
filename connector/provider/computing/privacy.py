"""What was told of a product's subjects to one buyer, in ε, and how much more may be (decision 0191).

Law: (1) it is one sum for buyer and product: a new agreement, a new transfer and a new edition begin no new one. (2) It
is held before a process is handed a byte, and given back only where nothing was told: what was answered, what was
refused for its answer's sake, and what runs, counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from connector.runtime.errors import Conflict, NotPermitted
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.compute import ComputationRow
from connector.store.table_row import replace
from contracts import answered
from contracts import gate as gates
from contracts.noise import epsilon_text
from contracts.tariff import Tariff

if TYPE_CHECKING:
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from contracts.noise import Noise

BUDGETS_MAX: Final = 200
_BUDGETS: Final = (
    "SELECT peer, product, sum(epsilon) AS spent FROM computations "
    "WHERE epsilon IS NOT NULL AND (? = '' OR product = ?) GROUP BY peer, product ORDER BY sum(epsilon) DESC"
)
_SPENT: Final = "SELECT coalesce(sum(epsilon), 0) FROM computations WHERE peer = ? AND product = ?"


@dataclass(frozen=True, slots=True)
class Held:
    """What a statement has cost when it is answered, and what of it this answer tells, in hundredths of ε.

    `said`: its receipt says so, too.
    """

    total: int
    each: int
    said: bool


def noise_of(agreement: AgreementRow) -> Noise | None:
    """Return the noise that was agreed on, None where answers are exact."""
    return gates.read(agreement.signed_terms["gate"]).noise


def spent(tx: Tx, peer: str, product: str) -> int:
    """Return what was told to a buyer of a product, in hundredths of ε."""
    [found] = tx.column(_SPENT, peer, product)
    return int(found)


def budgets(tx: Tx, product: str | None) -> list[JsonObject]:
    """Return what was told to each buyer of each product, or of one, and what was agreed on last; the most first."""
    found = []
    for one in tx.execute(f"{_BUDGETS} LIMIT {BUDGETS_MAX}", product or "", product or ""):
        deal = _newest(tx, one["peer"], one["product"])
        noise = None if deal is None else noise_of(deal)
        if noise is not None:
            amounts = {"spent": epsilon_text(one["spent"]), "budget": epsilon_text(noise.budget)}
            whom = {"product": one["product"], "peer": one["peer"]}
            found.append({**whom, **amounts, "percent": 100 * one["spent"] // noise.budget})
    return found


def _newest(tx: Tx, peer: str, product: str) -> AgreementRow | None:
    """Return the agreement under which a buyer has asked of a product last."""
    last = tx.find(
        ComputationRow, "peer = ? and product = ? and epsilon is not null", (peer, product), "created desc", limit=1
    )
    return tx.get(AgreementRow, digest=last[0].agreement) if last else None


def hold(tx: Tx, agreement: AgreementRow, job: str, epsilon: int | None = None) -> Held | None:
    """Return what a statement costs, with the `epsilon` that was chosen; None without noise.

    One that was refused after it was computed has cost something before. Raises NotPermitted beyond the budget.
    """
    noise = noise_of(agreement)
    if noise is None:
        return None
    each, before = noise.chosen(epsilon), spent(tx, agreement.peer, agreement.product)
    if before + each > noise.budget:
        text = f"ε of {epsilon_text(before)} was told of {epsilon_text(noise.budget)}, and an answer tells "
        text += f"{epsilon_text(each)} more"
        raise NotPermitted(text, "what was answered stays answered: ask again under its id")
    known = tx.get(ComputationRow, agreement=agreement.digest, job=job)
    said = answered.says_epsilon(Tariff.from_json(agreement.signed_terms["tariff"]), noise)
    return Held(each + ((known.epsilon or 0) if known is not None else 0), each, said)


def cost(agreement: AgreementRow, held: Held | None) -> dict[str, str]:
    """Return what log and policy are told of a statement: its ε, that of a fitting none; without noise nothing."""
    if noise_of(agreement) is None:
        return {}
    return {"epsilon": epsilon_text(0 if held is None else held.each)}


def of(noise: Noise, row: ComputationRow) -> int:
    """Return the ε that the answer of a statement tells, or would tell."""
    return noise.epsilon if row.each is None else row.each


def require_same(agreement: AgreementRow, row: ComputationRow, epsilon: int | None) -> None:
    """Raise Conflict where an answer under the same id is asked for with another ε than it has."""
    noise = None if row.each is None else noise_of(agreement)
    if noise is not None and noise.chosen(epsilon) != row.each:
        raise Conflict(f"`{row.job}` was asked with ε {epsilon_text(of(noise, row))}", "choose another id")


def given_back(agreement: AgreementRow, row: ComputationRow) -> ComputationRow:
    """Return a statement of which nothing was told, without what was held for it."""
    noise = noise_of(agreement)
    if noise is None or row.epsilon is None:
        return row
    return replace(row, epsilon=row.epsilon - of(noise, row))


def told(tx: Tx, agreement: AgreementRow, row: ComputationRow) -> dict[str, str]:
    """Return what the answer of a statement says of it: what it tells, and what is left."""
    noise = noise_of(agreement)
    if noise is None:
        return {}
    left = noise.budget - spent(tx, agreement.peer, agreement.product)
    return {"epsilon": epsilon_text(of(noise, row)), "left": epsilon_text(max(0, left))}
