"""Calls of an interface whose header says it all (NDI-TR-2025-05), as a consumer of ours makes them.

Law: (1) a call cites the control instruction of a contract in force. Our own engine looks at the contract first: what
it denies is not asked for, and the provider hears of it. (2) A call is kept under the number that we draw before it
goes out; what nobody answered is never made again by itself. (3) A receipt that comes with an answer is checked; a
provider of another make may have none.
"""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from catalog import interface
from connector.negotiation.ndi.address import is_through, plain
from connector.operation.ndi import contracts
from connector.operation.ndi.deliveries import CALL
from connector.operation.ndi.proposals import contract_of
from connector.runtime.errors import InvalidInput, PeerMisbehaved, PeerRefused, PeerUnreachable
from connector.runtime.limits import CALL_ANSWER_SECONDS_MAX, CALL_BODY_BYTES_MAX, CALL_SHOWN_BYTES_MAX
from connector.store.rows.delivery import DeliveryRow
from contracts import call_receipt
from contracts.call_receipt import Made
from contracts.canonical import load
from contracts.decimals import read_hex
from contracts.errors import ContractError
from contracts.ndi.delivery import CALL_PATH
from contracts.ndi.fields import Code
from contracts.signature import SIGNATURE_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.negotiation.protocol.messages import Document
    from connector.operation.ndi.ways import Ways
    from connector.store.rows.contract import ContractRow
    from connector.store.rows.protocol import NegotiationRow

# the provider's server has its time, and the provider's connector a moment
SECONDS_MAX: Final = CALL_ANSWER_SECONDS_MAX + 5.0
# an answer's body stands within a JSON text, escaped or in Base64, beside its head and a receipt
ANSWER_BYTES_MAX: Final = 2 * CALL_SHOWN_BYTES_MAX
# the answer of a HEAD has no body in which anything could stand
METHODS: Final = tuple(one for one in interface.METHODS if one != "HEAD")
WORDS_MAX: Final = 300
REFUSED: Final = 409


@dataclass(frozen=True, slots=True)
class Asked:
    """A call as it is asked for: its method, its path with its query, and its body."""

    method: str
    path: str
    body: bytes


class HeaderCalls:
    """The calls by headers that one participant makes."""

    def __init__(self, core: Core, peers: Peers, space: SpaceView, ways: Ways) -> None:
        self._core, self._peers, self._space, self._ways = core, peers, space, ways

    async def call(
        self, code: str, path: str, method: str, query: Mapping[str, str] | None, body: str | None, at: str | None
    ) -> Document:
        """Make a call under a contract; returns its answer, with the receipt if one came.

        `at` is where the provider takes calls, if not where we do. Raises Absent and Conflict for no contract in force,
        InvalidInput for what no interface takes, NotPermitted where our own engine denies it, PeerRefused.
        """
        asked = _asked(path, method, query, body)
        contract, talk = await self._core.store.read(lambda tx: contracts.in_force(tx, code))
        about, number = contract_of(talk), uuid.uuid4().hex
        base = plain(await self._ways.parties.base(talk.peer) if is_through(talk.callback) else talk.callback)
        where = plain(at) if at else base + CALL_PATH
        self._core.outbound.check(where)
        await self._ways.flowing.require_allowed(base, contract, talk, number)
        row = DeliveryRow(
            peer=talk.peer,
            sequence=number,
            kind=CALL,
            product=talk.product,
            named=about["product"],
            instruction=contract.instruction,
            transfer="",
            caller=about["consumer"],
            callee=about["provider"],
            created=self._core.clock.now(),
        )
        await self._core.store.write(lambda tx: tx.insert(row))
        returned, length = str(Code.UNKNOWN), 0
        try:
            content = await self._sent(where, row, asked)
            told = _read(content)
            returned, length = str(told["code"]), len(content)
            answer = _answer(told)
        finally:
            await self._ways.deliveries.end(row.peer, number, length, returned)
        return await self._shown(contract, talk, number, asked, told, answer)

    async def _sent(self, where: str, row: DeliveryRow, asked: Asked) -> bytes:
        """Send a call, and return what is answered."""
        headers = {
            **self._peers.authorization(row.peer),
            "sequenceNum": row.sequence,
            "productId": row.named,
            "ctrlInstructiontId": row.instruction,
            "targetConnectorId": row.callee,
            "issuerConnectorId": row.caller,
        }
        if asked.body:
            headers |= {"Content-Type": "application/json", "bodyHash": sha256(asked.body).hexdigest()}
        url = where.rstrip("/") + asked.path
        async with self._core.outbound.forward(
            asked.method, url, asked.body, headers, seconds=SECONDS_MAX, limit_bytes=ANSWER_BYTES_MAX
        ) as answer:
            return b"".join([chunk async for chunk in answer.chunks()])

    async def _shown(
        self, contract: ContractRow, talk: NegotiationRow, number: str, asked: Asked, told: Document, answer: bytes
    ) -> Document:
        data, header = _object(told.get("data")), _object(told.get("header"))
        status = data["status"] if type(data.get("status")) is int else 0
        shown = {
            "contractId": contract.code,
            "sequence": number,
            "status": status,
            "type": str(header.get("Content-Type", "")),
            "body": told.get("body") if isinstance(told.get("body"), str) else "",
            "encoding": "base64" if data.get("encoding") == "base64" else "utf-8",
        }
        if "receipt" not in data:
            return shown
        member = await self._space.require(talk.peer)
        made = Made(str(talk.digest), asked.method, asked.path, asked.body, status, answer)
        try:
            signed = read_hex(data.get("signature"), "signature", SIGNATURE_BYTES)
            receipt = call_receipt.check(data["receipt"], signed, member.address, made)
        except ContractError as error:
            raise PeerMisbehaved(f"the receipt of the answer is not that of the provider: {error}") from error
        return shown | {"receipt": {**receipt, "signature": signed.hex()}}


def _asked(path: str, method: str, query: Mapping[str, str] | None, body: str | None) -> Asked:
    """Return what is asked for; raises InvalidInput."""
    if method not in METHODS:
        raise InvalidInput(f"`{method[:20]}` is no method of such a call", f"one of {', '.join(METHODS)}")
    sent = (body or "").encode()
    if len(sent) > CALL_BODY_BYTES_MAX:
        raise InvalidInput(f"a call sends at most {CALL_BODY_BYTES_MAX} bytes")
    where = interface.path_of(interface.segments(path.removeprefix("/")))
    return Asked(method, where + (f"?{urlencode(query)}" if query else ""), sent)


def _read(content: bytes) -> Document:
    """Return what a provider's connector answers; raises PeerMisbehaved for what has no return code."""
    try:
        told = load(content, max_bytes=ANSWER_BYTES_MAX)
    except ContractError as error:
        raise PeerMisbehaved(f"the call is not answered as documented: {error}") from error
    if not isinstance(told, dict) or str(told.get("code")) not in {*map(str, Code)}:
        raise PeerMisbehaved("the call is answered without a return code of the text", "ask its provider")
    return told


def _answer(told: Document) -> bytes:
    """Return the body of the answer that stands in ours; raises PeerRefused and PeerUnreachable for a refusal."""
    code, words = str(told["code"]), str(told.get("message", ""))[:WORDS_MAX]
    if code == Code.BUSY:
        raise PeerUnreachable(f"the provider's connector is busy: {words}", "call again")
    if code != Code.SUCCESS:
        raise PeerRefused(f"the provider's connector refuses the call ({code}): {words}", REFUSED, b"")
    body = told.get("body")
    text = body if isinstance(body, str) else ""
    if _object(told.get("data")).get("encoding") != "base64":
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise PeerMisbehaved("the body of the answer is no Base64") from error


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
