"""The buyer's half of the window protocol spoken by hand, with the buyer's own keys: honest until a test changes it."""

from __future__ import annotations

import secrets
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.channel import wire
from connector.channel.messages import KeyRequest, OfferMessage, VoucherMessage
from connector.licence.books import transfer_id
from contracts import signature
from contracts.ranges import RowSet
from contracts.typed_data import Order, Voucher, digest
from contracts.typed_json import to_ranges
from policy.purposes import resolve
from tests.api.space import PURPOSE

OPEN = 1
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


class Hand:
    """One channel of the buyer under the agreement of a complete acquisition of a leased product."""

    def __init__(self, space, say, view, price):
        self.space, self.say, self.price = space, say, price
        self.channel = bytes.fromhex(view["channel"])
        row = next(row for row in space.rows("buyer", "agreements") if row["digest"] == view["agreement"])
        transfer = next(row for row in space.rows("buyer", "transfers") if row["id"] == view["transfer"])
        self.agreement, self.edition = bytes.fromhex(row["digest"]), bytes.fromhex(row["edition"])
        self.transfer = transfer_id(transfer["peer_pid"], transfer["id"])
        self.count = int(view["progress"]["rows"])
        self.url = f"{space.url('provider')}/channel/{view['channel']}"
        self.key = space.keys("buyer").agreement
        self.prev, self.seq, self.cumulative = self.channel, 0, 0

    async def post(self, what, body, *, role="buyer", url=None):
        return await self.say("POST", f"{url or self.url}/{what}", body, self.space.bearer(role, "provider"))

    def request(self, **changes):
        """Return message 1 for one opening with a fresh reader key."""
        order = Order(
            agreement_digest=self.agreement,
            transfer_id=self.transfer,
            edition_id=self.edition,
            use=OPEN,
            ranges=to_ranges(RowSet.of([(0, self.count)])),
            amount=self.price,
            reader_key=X25519PrivateKey.generate().public_key().public_bytes_raw(),
        )
        asked = ({"purpose": resolve(PURPOSE)},)
        return KeyRequest((replace(order, **changes),), asked, self.prev, self.seq)

    async def offer(self):
        """Ask for an opening; returns the offer."""
        said = await self.post("request", wire.encode(self.request()))
        assert said.status == 200, said.body
        return wire.decode(OfferMessage, said.json).offer

    def voucher(self, offer, **changes):
        """Return the voucher that answers `offer`, or one that differs from it."""
        good = Voucher(
            offer.channel_id, offer.seq, offer.cumulative_amount, offer.account_hash, offer.lock, offer.valid_until
        )
        return replace(good, **changes)

    def signed(self, voucher, *, key=None, domain=None):
        """Return message 3 as JSON."""
        domain = domain or self.space.deployment.domain("channels")
        return wire.encode(VoucherMessage(voucher, signature.sign(digest(domain, voucher), key or self.key)))

    def paid(self, offer):
        """Take note that the offer was paid."""
        self.prev, self.seq, self.cumulative = offer.account_hash, offer.seq, offer.cumulative_amount


def with_high_s(message):
    """Return the message with the other signature that the same key could have made."""
    raw = bytes.fromhex(message["signature"])
    other = (ORDER - int.from_bytes(raw[32:64])).to_bytes(32)
    return {**message, "signature": (raw[:32] + other + bytes([55 - raw[64]])).hex()}


def noise():
    return secrets.token_bytes(32)
