"""One sale as the demo plays it: negotiated, signed, licensed, its keys sold window by window, used, settled.

Every digest is the real one, every signature is made by the party's key, every decision by the engine that decides in a
connector; what a connector would write into its log is written with the same fields.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from bench.audited.product import OPENINGS, ROWS
from connector.enforcement.decision_log import Made, disclosed
from connector.enforcement.judge import RELEASE
from connector.enforcement.rules import in_force
from connector.enforcement.scopes import ORDER, PARTY
from contracts import signature
from contracts.agreement import build
from contracts.canonical import sha
from contracts.typed_data import Batch, Order, Range, Receipt, Voucher, digest, struct_hash
from contracts.typed_json import to_json

if TYPE_CHECKING:
    from bench.audited.party import Party
    from bench.audited.product import Product
    from bench.audited.space import AuditedSpace
    from connector.enforcement.rules import InForce
    from contracts.terms import Terms
    from contracts.typed_data import Agreement

PURPOSE = "https://w3id.org/penstock/purpose#AirTrafficResearch"
# the demo sells 80 rows in some fifteen windows: small ones first, because trust grows with what was delivered
WINDOWS = (1, 1, 2, 2, 4, 4, 8, 8, 8, 8, 8, 8, 8, 6, 4)
# state before and after each message; buyer and provider take turns, and haggle
MESSAGES = (
    ("", "REQUESTED"),
    ("REQUESTED", "OFFERED"),
    ("OFFERED", "REQUESTED"),
    ("REQUESTED", "OFFERED"),
    ("OFFERED", "ACCEPTED"),
    ("ACCEPTED", "AGREED"),
    ("AGREED", "VERIFIED"),
)
# messages that bring new terms or accept them: the engine is asked before each is answered
ASKED = ("REQUESTED", "ACCEPTED")
DEPOSIT, CAP = 1_000_000, 1_000_000
VALID_SECONDS = 86_400
HEX0 = bytes(32)


@dataclass(slots=True)
class Channel:
    """A payment channel as both ends count it."""

    id: bytes
    seq: int = 0
    cumulative: int = 0
    account: bytes = b""


class Sale:
    """One product sold to one buyer once; `messages` are those of its negotiation."""

    messages: ClassVar[tuple[tuple[str, str], ...]] = MESSAGES

    def __init__(self, space: AuditedSpace, product: Product, buyer: Party) -> None:
        self._space, self._product, self._buyer = space, product, buyer
        self._provider = product.provider
        self._terms: Terms = product.terms()
        self._transfer = os.urandom(32)
        self._channel = Channel(os.urandom(32))
        self._quantity = 0
        self._agreement: Agreement
        self._digest = b""

    def play(self) -> None:
        """Play the whole sale."""
        self.negotiate()
        self._sign()
        self._open_channel()
        if self._product.leased:
            for number in range(1, OPENINGS + 1):
                self._use(number)
        else:
            first = 0
            for count in WINDOWS:
                self._window(Range(first, count), self._buyer.keys.delivery_public, use=0)
                first += count
            assert first == ROWS
            self._use(1)
        held = [self._terms.edition_id.hex(), self._digest.hex()]
        self._both("replica.held", self._digest.hex(), held, place="here", rows=str(ROWS), only=self._buyer)
        self._both("replica.checked", self._digest.hex(), held, result="whole", only=self._buyer)
        self._settle()

    # ---- before the data

    def negotiate(self) -> None:
        """Exchange the messages, both logs side by side."""
        name = f"urn:uuid:{uuid.uuid4()}"
        for at, (before, after) in enumerate(self.messages):
            sender = (self._buyer, self._provider)[at % 2]
            message = {"from": before, "to": after, "by": sender.did, "reason": "", "digest": os.urandom(32).hex()}
            if after in ASKED:
                self._decide(self._product.id, name, "negotiation", {}, self._rules(PARTY))
            self._both("negotiation.moved", name, [name], **message)

    def _sign(self) -> None:
        space, provider, buyer = self._space, self._provider.keys, self._buyer.keys
        self._agreement = build(self._terms, provider=provider.address, buyer=buyer.address, price_cap=CAP)
        self._digest = signed = digest(space.domain("licences"), self._agreement)
        names = [name for name in type(self._agreement).__slots__ if name != "summary"]
        licence = {_camel(name): getattr(self._agreement, name) for name in names}
        tx = space.mine("LicenceGranted", agreementDigest=signed, **licence)
        self._both(
            "agreement.signed",
            signed.hex(),
            [signed.hex()],
            terms=self._terms.json(),
            agreement=to_json(self._agreement),
            provider=self._provider.did,
            buyer=self._buyer.did,
            providerSignature=signature.sign(signed, provider.agreement).hex(),
            buyerSignature=signature.sign(signed, buyer.agreement).hex(),
            product=self._product.id,
        )
        self._both("licence.granted", signed.hex(), [signed.hex()], licence=signed.hex(), tx=tx)

    def _open_channel(self) -> None:
        ends = {"payer": self._buyer.keys.address, "payee": self._provider.keys.address}
        split = self._terms.split.hash
        tx = self._space.mine("Opened", channelId=self._channel.id, **ends, splitHash=split, deposit=DEPOSIT)
        self._channel.account = self._channel.id
        name = self._channel.id.hex()
        shown = {who: account.hex() for who, account in ends.items()}
        opened = {"agreementDigest": self._digest.hex(), "deposit": str(DEPOSIT), "expiry": "1900000000", "tx": tx}
        self._both("channel.opened", name, [name], **opened, **shown)

    # ---- keys for money

    def _window(self, rows: Range, reader: bytes, *, use: int) -> None:
        """Sell the keys of a range: decided, offered, decided again, released, received, acknowledged."""
        space, channel, after = self._space, self._channel, self._after(rows, use)
        amount = self._product.price(self._quantity, after)
        context = {"purpose": PURPOSE}
        order = Order(self._digest, self._transfer, self._terms.edition_id, use, (rows,), amount, reader)
        channel.seq, channel.cumulative = channel.seq + 1, channel.cumulative + amount
        account = struct_hash(Batch(channel.account, (order,)))
        channel.account = account
        lock, until = os.urandom(32), int(space.clock.time.timestamp()) + VALID_SECONDS
        told = Voucher(channel.id, channel.seq, channel.cumulative, account, lock, until)
        voucher = digest(space.domain("channels"), told)
        signature.sign(voucher, self._buyer.keys.agreement)
        part, link = channel.id.hex(), [account.hex(), str(channel.seq)]
        paid = {"rows": [_row(order)], "amount": str(amount), "cumulative": str(channel.cumulative)}
        offer = {"lock": lock.hex(), "maskedHash": os.urandom(32).hex(), "plainBytes": str(self._plain(rows))}
        first = self._decide(self._digest.hex(), account.hex(), "offer", context, self._rules(ORDER))
        self._both("keys.offered", part, link, **paid, **offer, decisionDigest=sha([first]).hex(), only=self._provider)
        decided = sha([self._decide(self._digest.hex(), account.hex(), RELEASE, context, self._rules(ORDER))])
        ours, released_at = os.urandom(32), int(space.clock.time.timestamp())
        voucher_of = {"voucherDigest": voucher.hex()}
        leaf = self._both(
            "keys.released",
            part,
            link,
            **paid,
            **offer,
            **voucher_of,
            decisionDigest=decided.hex(),
            offerDigest=ours.hex(),
            validUntil=str(until),
            releasedAt=str(released_at),
            only=self._provider,
        )
        receipt = Receipt(channel.id, channel.seq, voucher, ours, decided, leaf, released_at)
        proven = digest(space.domain("editions"), receipt)
        signature.sign(proven, self._provider.keys.agreement)
        closed = {"receiptDigest": proven.hex()}
        self._both("keys.received", part, link, **paid, **voucher_of, **closed, only=self._buyer)
        self._both("keys.acknowledged", part, link, **paid, **voucher_of, **closed, only=self._provider)
        self._quantity = after

    def _after(self, rows: Range, use: int) -> int:
        return self._quantity + (1 if use else self._plain(rows))

    def _plain(self, rows: Range) -> int:
        return self._product.table.plain_bytes(rows.first, rows.count)

    def _use(self, number: int) -> None:
        """Open once: a leased replica for a window of its own, a kept one by the holder's own decision."""
        reader = os.urandom(32)
        if self._product.leased:
            self._window(Range(0, ROWS), reader, use=1)
        else:
            self._decide(
                self._digest.hex(), reader.hex(), "opening", {"purpose": PURPOSE}, self._rules(ORDER), self._buyer
            )
        opening = {"transfer": self._transfer.hex(), "opening": str(number), "readerKey": reader.hex()}
        link, size = [self._transfer.hex(), str(number)], {"rows": str(ROWS), "bytes": str(self._plain(Range(0, ROWS)))}
        told = opening | {"purpose": PURPOSE} | size
        self._both("opening.started", self._digest.hex(), link, **told, only=self._buyer)
        self._both("opening.ended", self._digest.hex(), link, **told, duration="2", only=self._buyer)

    # ---- after the data

    def _settle(self) -> None:
        space, channel = self._space, self._channel
        name, total = channel.id.hex(), channel.cumulative
        claim = {"cumulativeAmount": total, "accountHash": channel.account, "preimage": HEX0}
        tx = space.mine("Claimed", channelId=channel.id, **claim)
        self._both("channel.claimed", name, [name], cumulative=str(total), tx=tx, only=self._provider)
        for (payee, _), share in zip(self._terms.split.parts, self._terms.split.shares(total), strict=True):
            space.mine("Credited", channelId=channel.id, account=payee, amount=share)
        tx = space.mine("Closed", channelId=channel.id, claimed=total, returned=DEPOSIT - total)
        self._both("channel.closed", name, [name], cumulative=str(total), tx=tx)

    # ---- how it is written

    def _decide(
        self,
        part: str,
        request: str,
        place: str,
        context: dict[str, str],
        rules: InForce,
        by: Party | None = None,
    ) -> str:
        """Have the engine decide and log it; return the decision's digest in hex."""
        judge = self._space.judge
        question = judge.request(self._buyer.did, self._product.id, "read" if self._product.leased else "use", context)
        taken = {("permission/0", "count"): self._quantity} if self._product.leased and context else {}
        ruling = judge.ruling(rules, question, stage=place, taken=taken, now=self._space.clock.time)
        assert ruling.outcome == "allow", ruling.reasons
        made = Made(place, part, request, ruling, context.get("purpose", ""))
        self._both("decision.made", part, [request], **disclosed(made), only=by or self._provider)
        return ruling.digest.hex()

    def _rules(self, scope: str) -> InForce:
        return in_force(self._terms.policy, self._product.id, self._buyer.did, scope)

    def _both(self, kind: str, part: str, link: list[str], *, only: Party | None = None, **fields: Any) -> bytes:
        """Write an event into the logs of both sides, or of one; return the last leaf hash."""
        leaf = b""
        for party in (self._provider, self._buyer) if only is None else (only,):
            leaf = self._space.write(party, kind, part, link, fields)
        return leaf


def _row(order: Order) -> dict[str, Any]:
    return {
        "agreement": order.agreement_digest.hex(),
        "edition": order.edition_id.hex(),
        "transfer": order.transfer_id.hex(),
        "use": order.use,
        "ranges": [[one.first, one.count] for one in order.ranges],
        "amount": str(order.amount),
        "readerKey": order.reader_key.hex(),
    }


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)
