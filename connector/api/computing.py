"""Statements over data that stay where they are, for whoever holds the token of a started transfer (decision 0189).

    POST /computed/{edition}    {"id", "statement"} → the answer that passed the gate, with its provider's receipt
                                {…, "epsilon"} → the same of a statement, a program or cells, with the ε that is chosen
                                {…, "atMost"} → the same of a statement, within so many CPU seconds
                                {…, "nonce"} → the same of a statement, attested for this number of the buyer's
                                {"id", "table", "groups"} → how much of a list is covered (`connector.compute.blinding`)
                                {"id", "table", "points", "buckets"} → subjects looked up (`connector.compute.buckets`)
                                {"id", "of", "table", "points", "buckets"} → the rows of those who are there by the
                                look-up `of`, where subjects found have the price
                                {"id", "statement", "program", "tells", "parameters", "blocks"} → a program's numbers
                                {"id", "statement", "program", "tells", "parameters", "assent"} → the same by the assent
                                of a reviewer: once, over all rows, and exactly
                                {"id", "statement", "over"} → our part of what several answer together, masked
                                {"id", "cancel"} → how many under way under the id were ended
                                {"id", "members"} → whom it is opened with, signed (`connector.compute.aggregation`)
                                {"id", "members", "signatures"} → what opens our part

What a policy asks of a use its caller says in the header `Penstock-Use`, as for a call. Under one `id` a statement is
answered once: who asks again gets the same bytes, and pays nothing more. The receipt (`contracts.call_receipt`)
binds the body that was sent and the bytes that came back.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from aiohttp import web

from connector.api import questions
from connector.api.faults import as_json
from connector.api.plain import NO_STORE, said_of, token
from connector.compute.assented import Assented
from connector.compute.matched import Matched
from connector.custody import bearers
from connector.enforcement.context import PURPOSE
from connector.negotiation.notices import account_under
from connector.provider.computing.asked import Asked, job_name
from connector.provider.computing.room import ComputeRoom
from connector.runtime.errors import InvalidInput, NotPermitted
from connector.store.rows.compute import ComputationState
from contracts import call_receipt
from contracts.answered import seconds_text
from contracts.call_receipt import Made
from contracts.canonical import canonical
from contracts.noise import epsilon_text

if TYPE_CHECKING:
    from connector.api.call import Call

USE_CHARACTERS_MAX: Final = 4_096
JSON: Final = "application/json"


async def answer(call: Call) -> web.Response:
    """Answer a statement; raises NotPermitted with the reasons, of the policy or of the gate."""
    ticket, body = token(call), await call.request.read()
    said = await call.document()
    told = call.request.headers.get(bearers.USE, "")
    if len(told) > USE_CHARACTERS_MAX:
        raise InvalidInput(f"`{bearers.USE}` has at most {USE_CHARACTERS_MAX} characters", "say it shorter")
    if (job := questions.taken_back(said)) is not None:
        return as_json({"id": job, "cancelled": await call.of(ComputeRoom).cancel(ticket, job)})
    use = dict(parse_qsl(told))
    statement, about = questions.read(said)
    asked = Asked(
        said["id"],
        statement,
        use.get(PURPOSE, ""),
        said_of(use),
        about,
        questions.epsilon(said),
        questions.tenths(said),
        questions.nonce(said),
    )
    found = await call.of(ComputeRoom).answer(ticket, asked)
    if found.state is ComputationState.WITHHELD or found.answer is None:
        raise NotPermitted(found.reason or "", "ask for larger groups; it is counted, and costs nothing")
    assert found.ended is not None, "it was answered"
    epsilon = "" if found.each is None else epsilon_text(found.each)
    seconds = "" if found.took is None else seconds_text(found.took)
    assent = about.assent if isinstance(about, Assented) else ""
    matched = str(len(about.points)) if isinstance(about, Matched) else ""
    made = Made(found.agreement, "POST", "", body, 200, found.answer, epsilon, seconds, assent, matched)
    receipt = call_receipt.receipt(made, job_name(found.agreement, found.job), found.ended.isoformat())
    account = await call.core.store.read(lambda tx: account_under(tx, found.agreement))
    signed = call.core.identity.sign(call_receipt.digest(receipt), account)
    proof = {bearers.RECEIPT: base64.urlsafe_b64encode(canonical(receipt)).decode(), bearers.SIGNED: signed.hex()}
    headers = NO_STORE | proof | {bearers.ANSWERED: "counted"}
    return web.Response(body=found.answer, content_type=JSON, headers=headers)
