"""Tickets for sealed bytes: short-lived, opaque, and silent about who carries them (spec 1.10).

    base64url( edition(32) || subject(32) || transfer(32) || u64 expires || HMAC-SHA256(key, those)(32) )

`subject` is the agreement digest whose unpaid bytes the ticket counts against, `transfer` the digest of our id of the
transfer that must run meanwhile; both are zeros for a review.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from connector.runtime.errors import Unproven
from ledger.stamp import at_second

TICKET_SECONDS = 3600  # a pull renews it with its sources; a stranger who copies it gets sealed bytes only
BODY_BYTES = 104
TICKET_BYTES = BODY_BYTES + 32
NO_SUBJECT = NO_TRANSFER = bytes(32)
SCHEME = "Ticket "


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket opens: sealed pieces of one edition until a moment."""

    edition: bytes
    subject: bytes
    transfer: bytes
    expires: datetime


def transfer_digest(pid: str) -> bytes:
    """Return what stands in a ticket for the transfer with our id `pid`."""
    return sha256(pid.encode()).digest()


def issue(key: bytes, edition: bytes, subject: bytes, transfer: bytes, now: datetime) -> str:
    """Return a ticket for sealed pieces of `edition`, valid for TICKET_SECONDS."""
    expires = int((now + timedelta(seconds=TICKET_SECONDS)).timestamp())
    body = edition + subject + transfer + expires.to_bytes(8, "big")
    assert len(body) == BODY_BYTES
    return base64.urlsafe_b64encode(body + _mac(key, body)).decode()


def read(key: bytes, header: str, now: datetime) -> Ticket:
    """Read the `Authorization` header `Ticket …`; raises Unproven for one that is not ours or is over."""
    try:
        raw = base64.urlsafe_b64decode(header.removeprefix(SCHEME).encode())
    except (binascii.Error, ValueError):
        raw = b""
    body, mac = raw[:BODY_BYTES], raw[BODY_BYTES:]
    if not header.startswith(SCHEME) or len(raw) != TICKET_BYTES or not hmac.compare_digest(mac, _mac(key, body)):
        raise Unproven("this ticket was not issued here", "start the transfer again to get a fresh one")
    ticket = Ticket(body[:32], body[32:64], body[64:96], at_second(int.from_bytes(body[96:])))
    if ticket.expires <= now:
        raise Unproven("this ticket is over", "start the transfer again to get a fresh one")
    return ticket


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, b"penstock/ticket/v1\x00" + body, sha256)
