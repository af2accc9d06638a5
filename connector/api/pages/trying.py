"""A product is tried with a list of one's own: the form, what it would cost, the trial, and what it told.

Law: a list comes by a form of its own and waits in memory (`consumer.held_lists`); the page that says the price has the
button, and only that is known of the list which nobody learns a subject from: how many keys it has.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote as quoted
from urllib.parse import urlencode

from connector.api.pages import saying
from connector.console import coverage, describing, language
from connector.console.fitting import fitting
from connector.consumer import own_list
from connector.consumer.budget import Budget
from connector.consumer.covered_price import CoveredPrice
from connector.consumer.fitting import LIST_KEYS_MAX, FittingRoom
from connector.consumer.held_lists import HELD_SECONDS_MAX, LIST_BYTES_MAX, HeldLists
from connector.consumer.quoting import Quotes
from connector.consumer.trial import STATEMENT
from connector.consumer.trials import USE, Trials, TrialState
from connector.identity.space.exchange import ExchangeDoor
from connector.runtime.errors import Absent, InvalidInput, PenstockError, as_reason
from connector.runtime.limits import UPLOAD_FIELD_BYTES_MAX
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.compute import AnswerRow
from contracts.coverage import KEYS_AT_ONCE, KEYS_LEAST
from contracts.decimals import read_decimal
from contracts.units import COMPUTED
from policy.purposes import label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.api.call import Call
    from connector.consumer.held_lists import HeldList
    from connector.consumer.trials import Offered
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

LIST: Final = "list"
# of a column's or a product's name, as it is typed
NAME_CHARACTERS_MAX: Final = 400
TEXTS: Final = ("key", "group", "table", "delivered", "purpose", "said", "job")
# what the form has → bytes at the most
MOST: Final[Mapping[str, int]] = {LIST: LIST_BYTES_MAX, **dict.fromkeys(TEXTS, UPLOAD_FIELD_BYTES_MAX)}
CUT: Final = "cut"


async def trial(call: Call) -> JsonObject:
    """Return what may be said of a list to be tried; with `list`, which was sent, also what it would cost."""
    assert call.session is not None
    product, job = call.path["id"], call.request.query.get(LIST, "")
    offered = await call.of(Trials).offered(product)
    held = call.of(HeldLists).one(call.session.name, product, job) if job and call.session.operator else None
    allowed = describing.permitted(offered.policy, product)
    covers = offered.coverage
    return {
        "id": product,
        "title": offered.title,
        "provider": offered.provider,
        "agreement": "" if offered.agreement is None else offered.agreement.digest,
        "price": describing.price(offered.terms["tariff"]),
        "currency": offered.tariff.currency,
        "subject": offered.gate.subject,
        "filled": list(covers.filled),
        "fresh": None if covers.fresh is None else covers.fresh.json(),
        "limits": {
            "bytes": str(LIST_BYTES_MAX), "keys": min(covers.keys, LIST_KEYS_MAX), "least": KEYS_LEAST,
            "once": KEYS_AT_ONCE, "characters": NAME_CHARACTERS_MAX, "minutes": HELD_SECONDS_MAX // 60,
        },
        "purposes": sorted(describing.purposes(), key=lambda one: one["iri"] not in allowed),
        "asked": saying.asked(offered.policy),
        "job": call.request.query.get("job", ""),
        "delivered": call.request.query.get("for", ""),
        "delivers": await _delivers(call, offered.provider),
        "budget": await call.of(Budget).page(),
        "held": None if held is None else await _priced(call, offered, held),
    }  # fmt: skip


async def _delivers(call: Call, provider: str) -> list[JsonObject]:
    """Return products that a provider delivers, to choose from; none where the exchange does not say."""
    asked = urlencode([("where", f"provider={provider}")])
    try:
        found = (await call.of(ExchangeDoor).ask("GET", f"/exchange/search?{asked}"))["products"]
    except PenstockError:
        return []
    told = [{"id": one["id"], "title": one["title"]} for one in found if one["tier"] != COMPUTED]
    return fitting(told, ("id", "title")) if told else []


async def _priced(call: Call, offered: Offered, held: HeldList) -> JsonObject:
    """Return what a list that was sent would cost."""
    cost, delivered = await call.of(Trials).cost(offered, held.mine, held.job), held.said["delivered"]
    price = (await CoveredPrice.listed(call.of(Quotes), delivered, offered.provider)).quote if delivered else None
    purpose = held.said["purpose"]
    return {
        "job": held.job,
        "keys": held.keys,
        "groups": len(held.mine),
        "key": held.said["key"],
        "parts": cost.parts,
        "open": cost.open,
        "amount": str(cost.amount),
        "limit": str(offered.tariff.minor),
        "purpose": {lang: label(purpose, lang) for lang in language.LANGUAGES} if purpose else {},
        "delivered": delivered,
        "sum": "" if price is None else price["sum"],
    }


async def hold(call: Call, sent: Mapping[str, tuple[str, bytes]]) -> str:
    """Hold a list that was sent, and return where its price is said; raises InvalidInput, NotPermitted, Absent."""
    assert call.session is not None
    product = call.path["id"]
    told = {name: sent.get(name, ("", b""))[1].decode(errors="replace").strip() for name in TEXTS}
    for name in ("key", "group", "table", "delivered"):
        if len(told[name]) > NAME_CHARACTERS_MAX or not told[name].isprintable():
            raise InvalidInput(f"`{name}` has at most {NAME_CHARACTERS_MAX} printable characters", "say it shorter")
    name, content = sent.get(LIST, ("", b""))
    if not name or not content:
        raise InvalidInput("no list was chosen, or it is empty", "choose the file with your list")
    if not told["key"]:
        raise InvalidInput("the column with the keys is not named", "its name stands in the list's first line")
    uses = {USE + what: text for what, text in saying.read(told["said"]).items()}
    offered = await call.of(Trials).offered(product)
    if told["delivered"]:
        await CoveredPrice.listed(call.of(Quotes), told["delivered"], offered.provider)
    mine = await asyncio.to_thread(own_list.read_sent, name, content, told["key"], told["group"] or None)
    await call.of(Trials).cost(offered, mine, told["job"])
    said = {name: told[name] for name in ("key", "table", "delivered", "purpose")} | uses
    held = call.of(HeldLists).hold(call.session.name, product, mine, said, told["job"])
    return f"/catalogue/{quoted(product, safe='')}/trial?{LIST}={quoted(held.job, safe='')}"


async def begin(call: Call, fields: dict[str, str]) -> str:
    """Try a list whose price was looked at; returns the page of its trial."""
    assert call.session is not None
    job, lists, trials = fields[LIST], call.of(HeldLists), call.of(Trials)
    limit = read_decimal(fields["limit"], "limit")
    if trials.seen(job) is None or lists.waits(job):
        held = lists.one(call.session.name, call.path["id"], job)
        await trials.begin(held, limit, call.person)
        lists.let_go(job)
    return f"/trials/{quoted(job, safe='')}"


async def tried(call: Call) -> JsonObject:
    """Return how far a trial is, and what it told; `for` names a delivered product whose price is then shared."""
    job, delivered = call.path["id"], call.request.query.get("for", "").strip()[:NAME_CHARACTERS_MAX]
    seen = call.of(Trials).seen(job)

    def read(tx: Tx) -> tuple[AgreementRow | None, str]:
        like = tx.find(AnswerRow, "job = ?", (job,), order="created desc")
        row = next((one for one in like if one.statement.startswith(STATEMENT)), None)
        if row is None:
            return None, ""
        return tx.get(AgreementRow, digest=row.agreement), TrialState.ANSWERED if row.answer is not None else CUT

    deal, state = await call.core.store.read(read)
    if seen is None and deal is None:
        raise Absent(f"no list is tried under `{job[:100]}`", "send it again: a list is kept in memory alone")
    delivered = delivered or (seen.delivered if seen is not None else "")
    state = seen.state if seen is not None else state
    told, fault = None, None
    if deal is not None and state == TrialState.ANSWERED:
        told, fault = await _told(call, deal, job, delivered)
    product = deal.product if deal is not None else seen.product if seen is not None else ""
    return {
        "id": job,
        "product": product,
        "title": (deal.terms or {}).get("title", product) if deal is not None else product,
        "provider": "" if deal is None else deal.peer,
        "agreement": "" if deal is None else deal.digest,
        "state": state,
        "failure": describing.failure(seen.reason) if seen is not None else None,
        "delivered": delivered,
        "delivers": [] if told is None or deal is None else await _delivers(call, deal.peer),
        "unpriced": fault,
        "perhapsCut": seen is None and told is not None and _asked(told) >= KEYS_AT_ONCE // 2,
        "answer": None if told is None else coverage.shown(told),
    }


def _asked(told: JsonObject) -> int:
    """Return of how many keys is told: each part of a list that goes in several has half of KEYS_AT_ONCE and more."""
    return sum(row[2] for row in told["rows"] if not row[1])


async def _told(call: Call, deal: AgreementRow, job: str, delivered: str) -> tuple[Any, JsonObject | None]:
    """Return what was answered, with the price of a covered subject where it can be looked up, and why it could not."""
    room = call.of(FittingRoom)
    try:
        return await room.told(deal, job, delivered or None), None
    except PenstockError as fault:
        return await room.told(deal, job), describing.failure(as_reason(fault))
