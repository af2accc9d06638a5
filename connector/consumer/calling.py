"""Calling an interface that was bought: over a transfer that runs for it, of whose calls the provider keeps count.

Law: (1) one transfer an agreement is kept for its calls, begun with the first of them and ended by `hang_up`, or with
the agreement. (2) A token that is over is renewed once, and the call is made again only because it was not taken.
(3) What a policy asks of a use is told with every call; who asks is not for them to say (`connector.enforcement`).
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from yarl import URL

from catalog import interface
from connector.consumer.lines import agreed
from connector.consumer.wish import wished
from connector.custody import bearers
from connector.custody.renewal import renewed
from connector.enforcement.person import OWNER
from connector.licence import sealed_answer
from connector.negotiation.notices import address_of
from connector.negotiation.protocol import data_address
from connector.negotiation.protocol.offers import OUTSIDE
from connector.net.answer import refused
from connector.net.body import decoded
from connector.runtime.errors import InvalidInput, PeerMisbehaved, PeerUnreachable, PenstockError, failure_from
from connector.runtime.limits import CALL_ANSWER_SECONDS_MAX, CALL_BODY_BYTES_MAX, CALL_SHOWN_BYTES_MAX
from contracts import call_receipt, signature
from contracts.call_receipt import Made
from contracts.canonical import load
from contracts.decimals import read_hex
from contracts.errors import ContractError
from contracts.namespace import AGREEMENT_URN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.consumer.lines import Lines
    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.negotiation.protocol.messages import Document
    from connector.store.rows.agreement import AgreementRow
    from contracts.canonical import JsonObject

TOKEN_OVER: Final = 401
# the provider's server has its time, and the provider's connector a moment
MARGIN_SECONDS: Final = 5.0
SEALED_BYTES_MAX: Final = CALL_SHOWN_BYTES_MAX + sealed_answer.AROUND_BYTES_MAX


class Calling:
    """The calls that one participant makes."""

    def __init__(self, core: Core, peers: Peers, lines: Lines) -> None:
        self._core, self._peers, self._lines = core, peers, lines

    async def call(
        self,
        agreement: str,
        path: str,
        method: str,
        query: Mapping[str, str] | None,
        body: str | None,
        purpose: str | None,
        said: Any = None,
        *,
        receipt: bool = False,
        sealed: bool = False,
    ) -> JsonObject:
        """Make a call under an agreement of ours; returns its status, type and body, and its receipt if it has one.

        An answer that is `sealed` to a key of this call always has one. Raises InvalidInput for what no interface
        takes, NotPermitted with the provider's reasons.
        """
        if method not in interface.METHODS:
            raise InvalidInput(f"`{method[:20]}` is no method", f"one of {', '.join(interface.METHODS)}")
        if sealed and method == "HEAD":
            raise InvalidInput("the answer of a HEAD has no body that could be sealed", "ask by GET")
        sent = (body or "").encode()
        if len(sent) > CALL_BODY_BYTES_MAX:
            raise InvalidInput(f"a call sends at most {CALL_BODY_BYTES_MAX} bytes")
        row = await self._core.store.read(lambda tx: agreed(tx, agreement.removeprefix(AGREEMENT_URN)))
        where = interface.path_of(interface.segments(path.removeprefix("/")))
        asked = where + (f"?{urlencode(query)}" if query else "")
        use = wished(row, self._core.identity.did, purpose or "", OWNER.says(said))
        transfer = await self._lines.running(row.digest, bearers.takes_calls)
        headers = {bearers.USE: urlencode({name: text for name, text in use.items() if text})}
        if sent:
            headers["Content-Type"] = "application/json"
        key = X25519PrivateKey.generate() if sealed else None
        if key is not None:
            headers[bearers.SEALED] = key.public_key().public_bytes_raw().hex()
        elif receipt:
            headers[bearers.RECEIPT] = "wanted"
        assert transfer.address is not None, "it was started"
        status, told, answer = await self._ask(transfer.address, method, asked, sent, headers)
        if status == TOKEN_OVER:
            address = await renewed(self._core, self._peers, row.peer, transfer)
            status, told, answer = await self._ask(address, method, asked, sent, headers)
        made = Made(row.digest, method, asked, sent, status, answer)
        if key is not None:
            return _unsealed(row, told, made, key)
        found = {"agreement": row.digest, "status": status, "type": told.get("Content-Type", ""), **_shown(answer)}
        if receipt:
            found["receipt"] = _receipt(row, told, made)
        return found

    async def hang_up(self, agreement: str) -> JsonObject:
        """End the transfers that run for the calls under an agreement; their provider signs what it served."""
        row = await self._core.store.read(lambda tx: agreed(tx, agreement.removeprefix(AGREEMENT_URN), OUTSIDE))
        return {"agreement": row.digest, "ended": await self._lines.end(row.digest)}

    async def _ask(
        self, address: Document, method: str, asked: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        bearer = {"Authorization": bearers.of_address(address)}
        url = data_address.endpoint(address) + asked
        seconds = CALL_ANSWER_SECONDS_MAX + MARGIN_SECONDS
        async with self._core.outbound.forward(
            method, url, body, bearer | dict(headers), seconds=seconds, limit_bytes=SEALED_BYTES_MAX
        ) as answer:
            content = b"".join([chunk async for chunk in answer.chunks()])
            if bearers.ANSWERED not in answer.headers and answer.status != TOKEN_OVER:
                raise _refused(url, method, answer.status, content)
            return answer.status, answer.headers, content


def _refused(url: str, method: str, status: int, content: bytes) -> PenstockError:
    """Return what a refusal of the provider's connector means: what may be asked again is said in its own words."""
    fault = refused(URL(url), method, status, content)
    if isinstance(fault, PeerUnreachable) and (told := failure_from(decoded(content))) is not None:
        return PeerUnreachable(f"the provider's connector says: {told.text}", told.hint)
    return fault


def _receipt(row: AgreementRow, told: Mapping[str, str], made: Made) -> JsonObject:
    """Return the receipt that came with an answer; raises PeerMisbehaved for none, or one of something else."""
    try:
        said = load(base64.urlsafe_b64decode(told.get(bearers.RECEIPT, "")))
        return _checked(row, said, told.get(bearers.SIGNED), made)
    except (ContractError, ValueError) as fault:
        raise PeerMisbehaved(f"the answer came without the receipt that was asked for: {fault}") from fault


def _unsealed(row: AgreementRow, told: Mapping[str, str], made: Made, key: X25519PrivateKey) -> JsonObject:
    """Return what came sealed to `key`, proven by the receipt in it; raises PeerMisbehaved."""
    if bearers.SEALED not in told:
        raise PeerMisbehaved("the answer came open, and was asked for sealed", "its provider knows no sealed answers")
    try:
        opened = sealed_answer.unseal(made.answer, made, key)
        inside = replace(made, status=opened.status, answer=opened.body)
        receipt = _checked(row, opened.receipt, opened.signature, inside)
    except ContractError as fault:
        raise PeerMisbehaved(f"the sealed answer is not that of the provider: {fault}") from fault
    kind = opened.headers.get("Content-Type", "")
    return {"agreement": row.digest, "status": opened.status, "type": kind, **_shown(opened.body), "receipt": receipt}


def _checked(row: AgreementRow, said: Any, signature_text: Any, made: Made) -> JsonObject:
    """Return a receipt with its signature; raises ContractError."""
    signed = read_hex(signature_text, "signature", signature.SIGNATURE_BYTES)
    provider = address_of(row)
    assert provider is not None, "what is called was agreed and signed"
    return {**call_receipt.check(said, signed, provider, made), "signature": signed.hex()}


def _shown(content: bytes) -> JsonObject:
    """Return an answer's body as text where it is one, else as Base64."""
    try:
        return {"body": content.decode(), "encoding": "utf-8"}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(content).decode(), "encoding": "base64"}
