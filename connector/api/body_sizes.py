"""The longest body of a request by who takes it, and whose bodies are not waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.runtime.limits import (
    CREDENTIAL_BYTES_MAX,
    DISPUTE_BYTES_MAX,
    FORM_BYTES_MAX,
    HEARTBEAT_BYTES_MAX,
    LESSON_BYTES_MAX,
    MESSAGE_BYTES_MAX,
    NODE_REPORT_BYTES_MAX,
    RENEWAL_BYTES_MAX,
    REVIEW_BYTES_MAX,
    RPC_BYTES_MAX,
    USES_BYTES_MAX,
)
from ledger.log.witness import REQUEST_LIMIT_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

# handler → bytes; the rest takes BODY_BYTES_MAX, and a GET takes none
BODY_BYTES: Mapping[str, int] = {
    "chain.rpc": RPC_BYTES_MAX,
    "computing.answer": LESSON_BYTES_MAX,
    "console.act": FORM_BYTES_MAX,
    "console.sign_in": FORM_BYTES_MAX,
    "console.sign_out": FORM_BYTES_MAX,
    "agreements.notice": MESSAGE_BYTES_MAX,
    "catalogue.request": MESSAGE_BYTES_MAX,
    "docket.file": DISPUTE_BYTES_MAX,
    "credentials.take": CREDENTIAL_BYTES_MAX,
    "credentials.token": FORM_BYTES_MAX,
    "disputes.file": DISPUTE_BYTES_MAX,
    "ndi.negotiate": MESSAGE_BYTES_MAX,
    "ndi.instruct": MESSAGE_BYTES_MAX,
    "dsp.negotiate": MESSAGE_BYTES_MAX,
    "dsp.transfers": MESSAGE_BYTES_MAX,
    "leaving.heartbeat": HEARTBEAT_BYTES_MAX,
    "node.heartbeat": HEARTBEAT_BYTES_MAX,
    "node.reported": NODE_REPORT_BYTES_MAX,
    "parcels.take": MESSAGE_BYTES_MAX,
    "rehearsals.rehearse": DISPUTE_BYTES_MAX,
    "sealed.review_rows": REVIEW_BYTES_MAX,
    "sealed.ticket": RENEWAL_BYTES_MAX,
    "signaling.renew": FORM_BYTES_MAX,
    "signaling.token": FORM_BYTES_MAX,
    "watching.told": USES_BYTES_MAX,
    "witness.add_checkpoint": REQUEST_LIMIT_BYTES,
}
# whose body is not waited for: the handler reads it piece by piece, and bounds it itself
STREAMED = frozenset({"console.bring", "console.bring_list", "console.upload", "delivery.land", "flows.take"})
