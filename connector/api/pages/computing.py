"""What was asked of data that stay at their provider, newest first: of ours, and by us (decision 0189).

Of one question its page says what is known: what was run and who was given it, by whose assent, what vouches for the
reader, and what it came to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from catalog.printable import printable
from connector.compute import asked_words
from connector.console import answers, coverage, describing, language
from connector.console.leafing import leafed
from connector.consumer.fitting import FittingRoom
from connector.negotiation.protocol.states import CONSUMER
from connector.provider.computing.ended import billed
from connector.runtime.errors import Absent
from connector.runtime.limits import FOUND_ROWS_MAX, PAGE_ROWS_MAX
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.compute import AnswerRow, AssentRow, ComputationRow, ComputationState
from contracts import attested, price_words
from contracts import gate as gates
from contracts.noise import epsilon_text
from contracts.tariff import Tariff
from policy.purposes import label

if TYPE_CHECKING:
    from connector.api.call import Call
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

STATEMENT_CHARACTERS_MAX: Final = 200
# between an agreement and the id of a question in the address of its page
AT: Final = "@"
# ways of asking whose answers are cells
CELLS: Final = frozenset({asked_words.STATEMENT, asked_words.PROGRAM, asked_words.ASSENT, asked_words.ENGINE})


async def computations(call: Call) -> JsonObject:
    """Return a page of statements, whoever asked: what, of which product, and how it ended."""
    first = call.first(FOUND_ROWS_MAX)
    most = first + PAGE_ROWS_MAX + 1

    def read(tx: Tx) -> list[JsonObject]:
        ours = [_of_ours(row) for row in tx.find(ComputationRow, order="created desc", limit=most)]
        theirs = [_by_us(tx, row) for row in tx.find(AnswerRow, order="created desc", limit=most)]
        return sorted([*ours, *theirs], key=_begun, reverse=True)[first:most]

    return leafed(first, await call.core.store.read(read))


async def computation(call: Call) -> JsonObject:
    """Return one question; its id is `AGREEMENT@ID`. Raises Absent."""
    agreement, _, job = call.path["id"].partition(AT)

    def read(tx: Tx) -> JsonObject:
        deal = tx.get(AgreementRow, digest=agreement)
        asked = tx.get(ComputationRow, agreement=agreement, job=job)
        mine = tx.get(AnswerRow, agreement=agreement, job=job)
        row = asked or mine
        if deal is None or row is None:
            raise Absent(f"nothing was asked under `{call.path['id'][:200]}`", "see the list of computations")
        told = _given(tx, deal, row, call.core.identity.did)
        return told | (_ended(deal, asked) if asked is not None else _received(deal, mine))

    told = await call.core.store.read(read)
    return told | {"covered": await _covered(call, told)}


async def _covered(call: Call, told: JsonObject) -> JsonObject | None:
    """Return what a list of ours was told, with all its parts; None where none was, or nothing yet."""
    if (told["way"], told["role"]) != (asked_words.COVERAGE, CONSUMER):
        return None
    deal = await call.core.store.read(lambda tx: tx.get(AgreementRow, digest=told["agreement"]))
    found = None if deal is None else await call.of(FittingRoom).told(deal, told["job"])
    return None if found is None else coverage.shown(found)


def _begun(row: JsonObject) -> str:
    return str(row["created"])


def _of_ours(row: ComputationRow) -> JsonObject:
    return _line(row, row.product, "provider", row.state, row.peer) | {"number": row.rows}


def _by_us(tx: Tx, row: AnswerRow) -> JsonObject:
    agreement = tx.get(AgreementRow, digest=row.agreement)
    product, peer = ("", "") if agreement is None else (agreement.product, agreement.peer)
    return _line(row, product, "buyer", _state(row), peer) | {"number": None}


def _line(row: ComputationRow | AnswerRow, product: str, role: str, state: ComputationState, peer: str) -> JsonObject:
    words = asked_words.read(row.statement)
    return {
        "id": f"{row.agreement}{AT}{row.job}",
        "created": row.created.isoformat(timespec="seconds"),
        "product": printable(product, STATEMENT_CHARACTERS_MAX),
        "role": role,
        "way": words.way,
        "statement": printable(words.rows, STATEMENT_CHARACTERS_MAX),
        "state": state.value,
        "peer": peer,
    }


def _state(row: AnswerRow) -> ComputationState:
    return ComputationState.RUNNING if row.answer is None else ComputationState.RELEASED


def _given(tx: Tx, deal: AgreementRow, row: ComputationRow | AnswerRow, own: str) -> JsonObject:
    """Return what was asked, of whom, and who was given it to read."""
    words, terms = asked_words.read(row.statement), deal.terms or {}
    provider, buyer = (own, deal.peer) if deal.role == "provider" else (deal.peer, own)
    reviewer = gates.read(terms["gate"]).reviewer if words.assent and "gate" in terms else None
    return {
        "agreement": row.agreement,
        "job": row.job,
        "product": deal.product,
        "title": terms.get("title", deal.product),
        "role": deal.role,
        "provider": provider,
        "buyer": buyer,
        "created": row.created.isoformat(timespec="seconds"),
        "ended": None if row.ended is None else row.ended.isoformat(timespec="seconds"),
        "purpose": {lang: label(row.purpose, lang) for lang in language.LANGUAGES},
        "way": words.way,
        "statement": words.rows,
        "run": words.run,
        "tells": [list(one) for one in words.tells],
        "parameters": list(words.parameters),
        "blocks": words.blocks,
        "assent": words.assent,
        "reviewer": reviewer or "",
        # we were its reviewer ourselves: the assent is on a page of its own
        "given": bool(words.assent) and tx.get(AssentRow, digest=words.assent) is not None,
        "price": describing.price(terms["tariff"]) if "tariff" in terms else {},
    }


def _ended(deal: AgreementRow, row: ComputationRow) -> JsonObject:
    """Return how a question of another ended here."""
    told = row.state is ComputationState.RELEASED
    return _cost(deal, billed(deal, row) if told and "gate" in (deal.terms or {}) else None) | {
        "state": row.state.value,
        "reason": row.reason or "",
        "number": row.rows,
        "epsilon": "" if row.epsilon is None else epsilon_text(row.epsilon),
        "answer": None,
    }


def _received(deal: AgreementRow, row: AnswerRow | None) -> JsonObject:
    """Return what was answered to a question of ours, so far."""
    assert row is not None, "one of both is there"
    found = None if row.answer is None else orjson.loads(row.answer)
    units, shown = None if found is None else row.units or 1, None
    if found is not None and asked_words.read(row.statement).way in CELLS:
        shown = answers.shown({**found, "id": row.job, "receipt": row.receipt})
    state = {"state": _state(row).value, "reason": "", "number": None}
    return _cost(deal, units) | state | {"epsilon": str((found or {}).get("epsilon") or ""), "answer": shown}


def _cost(deal: AgreementRow, units: int | None) -> JsonObject:
    """Return what an answer counts as in words, and what vouches for its reader; nothing of one that is not there."""
    terms = deal.terms or {}
    if units is None or "tariff" not in terms:
        return {"billed": {}, "attested": ""}
    tariff = Tariff.from_json(terms["tariff"])
    words = {lang: price_words.billed(tariff, units, lang) for lang in language.LANGUAGES}
    return {"billed": words, "attested": attested.named(terms)}
