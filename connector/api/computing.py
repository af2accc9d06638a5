"""Statements over data that stay where they are, for whoever holds the token of a started transfer (decision 0189).

    POST /computed/{edition}    {"id", "statement"} → the answer that passed the gate, with its provider's receipt
                                {"id", "table", "groups"} → how much of a list is covered (`connector.compute.blinding`)
                                {"id", "table", "points", "buckets"} → subjects looked up (`connector.compute.buckets`)
                                {"id", "statement", "over"} → our part of what several answer together, masked
                                {"id", "members"} → whom it is opened with, signed (`connector.compute.aggregation`)
                                {"id", "members", "signatures"} → what opens our part

What a policy asks of a use its caller says in the header `Penstock-Use`, as for a call. Under one `id` a statement is
answered once: who asks again gets the same bytes, and pays nothing more. The receipt (`contracts.call_receipt`)
binds the body that was sent and the bytes that came back.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from aiohttp import web

from connector.api.plain import NO_STORE, said_of, token
from connector.compute.cross_table import Cells
from connector.compute.crossed import over
from connector.compute.fitting import Groups
from connector.compute.sought import Sought
from connector.compute.together import Together
from connector.custody import bearers
from connector.enforcement.context import PURPOSE
from connector.provider.computing.asked import Asked, job_name
from connector.provider.computing.room import ComputeRoom
from connector.runtime.errors import InvalidInput, NotPermitted
from connector.store.rows.compute import ComputationState
from contracts import call_receipt, signature
from contracts.call_receipt import Made
from contracts.canonical import canonical
from contracts.decimals import read_hex
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.api.call import Call

MEMBERS: Final = frozenset({"id", "statement"})
COVERAGE: Final = frozenset({"id", "table", "groups"})
LOOKUP: Final = frozenset({"id", "table", "points", "buckets"})
JOINT: Final = frozenset({"id", "statement", "over"})
SIGNED: Final = frozenset({"id", "members"})
OPENED: Final = frozenset({"id", "members", "signatures"})
USE_CHARACTERS_MAX: Final = 4_096
JSON: Final = "application/json"


async def answer(call: Call) -> web.Response:
    """Answer a statement; raises NotPermitted with the reasons, of the policy or of the gate."""
    ticket, body = token(call), await call.request.read()
    said = await call.document()
    told = call.request.headers.get(bearers.USE, "")
    if len(told) > USE_CHARACTERS_MAX:
        raise InvalidInput(f"`{bearers.USE}` has at most {USE_CHARACTERS_MAX} characters", "say it shorter")
    use = dict(parse_qsl(told))
    found = await call.of(ComputeRoom).answer(ticket, _asked(said, use.get(PURPOSE, ""), said_of(use)))
    if found.state is ComputationState.WITHHELD or found.answer is None:
        raise NotPermitted(found.reason or "", "ask for larger groups; it is counted, and costs nothing")
    assert found.ended is not None, "it was answered"
    made = Made(found.agreement, "POST", "", body, 200, found.answer)
    receipt = call_receipt.receipt(made, job_name(found.agreement, found.job), found.ended.isoformat())
    signed = call.core.identity.sign(call_receipt.digest(receipt))
    proof = {bearers.RECEIPT: base64.urlsafe_b64encode(canonical(receipt)).decode(), bearers.SIGNED: signed.hex()}
    headers = NO_STORE | proof | {bearers.ANSWERED: "counted"}
    return web.Response(body=found.answer, content_type=JSON, headers=headers)


def _asked(said: Any, purpose: str, use: Mapping[str, str]) -> Asked:
    """Return what a body asks; raises InvalidInput."""
    members = set(said) if isinstance(said, dict) else set()
    if members == MEMBERS and all(isinstance(one, str) for one in said.values()):
        return Asked(said["id"], said["statement"], purpose, use)
    if members in (JOINT, SIGNED, OPENED) and isinstance(said["id"], str):
        return _joint(said, purpose, use)
    if members not in (COVERAGE, LOOKUP) or not (isinstance(said["id"], str) and isinstance(said["table"], str)):
        raise InvalidInput("a question has an `id` and a `statement`, or an `id`, a `table` and blinded keys")
    if members == LOOKUP:
        sought = Sought(
            tuple(map(_points, _listed(said["points"]))), tuple(_listed(said["buckets"], int)), said["table"]
        )
        return Asked(said["id"], sought.statement(), purpose, use, sought)
    groups = Groups(tuple(map(_points, _listed(said["groups"]))), said["table"])
    return Asked(said["id"], groups.statement(), purpose, use, groups)


def _joint(said: Mapping[str, Any], purpose: str, use: Mapping[str, str]) -> Asked:
    """Return a step of what several answer together; raises InvalidInput."""
    if "statement" in said:
        if not isinstance(said["statement"], str):
            raise InvalidInput("a statement is a text")
        cells = Cells(said["statement"], over(said["over"]))
        return Asked(said["id"], cells.words(), purpose, use, cells)
    signatures = said.get("signatures")
    if not isinstance(signatures, dict | None):
        raise InvalidInput("`signatures` is an object: DID → what it has signed")
    signed = None if signatures is None else {did: _hex(one) for did, one in signatures.items()}
    return Asked(said["id"], "", purpose, use, Together(tuple(_listed(said["members"])), signed))


def _hex(text: Any) -> bytes:
    try:
        return read_hex(text, "signature", signature.SIGNATURE_BYTES)
    except ContractError as fault:
        raise InvalidInput(f"a signature is {signature.SIGNATURE_BYTES} bytes in hex") from fault


def _listed(value: Any, kind: type = str) -> list[Any]:
    """Return a list of one kind; raises InvalidInput."""
    if not isinstance(value, list) or not all(type(one) is kind for one in value):
        raise InvalidInput("blinded keys are lists of base64, buckets of whole numbers, members of texts")
    return value


def _points(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError) as fault:
        raise InvalidInput("blinded keys are base64") from fault
