"""Agreements over HTTP: their operator revokes them, and the other party's signed notices come in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connector.api.faults import as_json
from connector.identity import tokens
from connector.identity.space.peer_logs import PeerLogs
from connector.licence.agreements import Agreements
from connector.licence.sublicence.granting import Granting
from connector.negotiation.amendment import Change
from connector.negotiation.notices import Notices
from connector.runtime.errors import Absent, InvalidInput
from connector.store.rows.agreement import AgreementRow
from contracts.decimals import read_decimal
from contracts.namespace import AGREEMENT_URN, CHECKPOINT
from ledger.agreement import licence_proof
from ledger.chain.client import Chain
from ledger.chain.programs import Programs
from policy.compare.onward import Narrower
from policy.purposes import resolve

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call
    from connector.store.transaction import Tx

SUB_LICENCE = frozenset({"to", "until", "purpose", "onward"})
AMENDMENT = frozenset({"until", "price", "rules"})


async def revoke(call: Call) -> web.Response:
    """End an agreement of ours, or a sub-licence that we granted: `reason`."""
    digest, reason = call.path["id"].removeprefix(AGREEMENT_URN), (await call.texts("reason"))["reason"]
    withdrawn = await call.of(Granting).withdraw(digest, reason)
    return as_json(withdrawn or await call.of(Agreements).revoke(digest, reason))


async def sublicense(call: Call) -> web.Response:
    """Grant a sub-licence of an agreement of ours: `to`, `until`, and perhaps `purpose` and `onward`."""
    document = await call.object()
    if not {"to", "until"} <= set(document) <= SUB_LICENCE:
        raise InvalidInput("the body must have `to` and `until`, and may have `purpose` and `onward`")
    purpose, onward = document.get("purpose"), document.get("onward", False)
    if not isinstance(document["to"], str) or not isinstance(onward, bool):
        raise InvalidInput("`to` is a DID, `onward` is true or false")
    asked = Narrower(_moment(document["until"]), None if purpose is None else resolve(str(purpose)), onward)
    digest = call.path["id"].removeprefix(AGREEMENT_URN)
    return as_json(await call.of(Granting).grant(digest, document["to"], asked), 201)


async def amend(call: Call) -> web.Response:
    """Ask the other party of an agreement of ours for a change, or answer with one: `until`, `price`, `rules`."""
    document = await call.object()
    if set(document) - AMENDMENT:
        raise InvalidInput(f"the body has some of {', '.join(sorted(AMENDMENT))}")
    until, price, rules = (document.get(name) for name in ("until", "price", "rules"))
    if not isinstance(rules, str | None):
        raise InvalidInput("`rules` is a text: a change of the rules, or all of them")
    end = None if until is None else _moment(until).strftime("%Y-%m-%dT%H:%M:%SZ")
    change = Change(end, None if price is None else read_decimal(price, "price"))
    return as_json(await call.of(Agreements).amend(call.path["id"].removeprefix(AGREEMENT_URN), change, rules), 201)


async def licence(call: Call) -> web.Response:
    """Show an agreement of ours as a licence that anybody checks offline: signed, and proven of the chain's state."""
    digest = call.path["id"].removeprefix(AGREEMENT_URN)
    row = await call.core.store.read(lambda tx: tx.get(AgreementRow, digest=digest))
    if row is None or not row.provider_signature or not row.buyer_signature:
        raise Absent(f"there is no signed agreement `{digest[:100]}` here", "penstock show, for what there is")
    signed: dict[str, Any] = {"terms": row.terms, "agreement": row.agreement}
    signed |= {"providerSignature": row.provider_signature.hex(), "buyerSignature": row.buyer_signature.hex()}
    block = await call.of(Chain).newest()
    program = call.of(Programs).deployment.addresses["licences"]
    proof = await call.of(Chain).proof(program, licence_proof.slots(bytes.fromhex(digest)), block.number)
    return as_json(licence_proof.document(signed, await call.of(Chain).header(block.number), proof))


async def notice(call: Call) -> web.Response:
    """Take a notice of the other party of an agreement."""
    document = await call.document()
    riding = document.pop(CHECKPOINT, None) if isinstance(document, dict) else None
    keep = await call.of(PeerLogs).check(call.peer, riding)

    def admit(tx: Tx) -> None:
        assert call.claims is not None
        tokens.remember(tx, call.claims)
        keep(tx)

    await call.of(Notices).take(call.peer, document, admit)
    return as_json({})


def _moment(value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(value)
        if found.tzinfo is not None:
            return found.astimezone(UTC).replace(microsecond=0)
    except (TypeError, ValueError):
        pass
    raise InvalidInput(f"`until` is a date and time with its time zone, not `{value!s:.100}`")
