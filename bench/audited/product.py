"""A product of the audited space: an edition sealed piece by piece, its terms, and the price of rows and openings."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from blake3 import blake3

from bench.audited.clock import BEGIN
from contracts.split import Split
from contracts.tariff import Tariff, order_amount
from contracts.terms import Terms
from ledger.edition.header import Header
from ledger.edition.row_table import RowTable
from ledger.edition.sealing import seal_piece
from policy.offer import offer_rules

if TYPE_CHECKING:
    from bench.audited.party import Party

ROWS, PIECE_BYTES = 80, 512
UNTIL = datetime(2027, 3, 1, tzinfo=UTC)
OPENINGS, PRICE_OF_OPENING = 3, 250
MINOR, PER_BYTES = 420, 1 << 14
KEPT, LEASED = "kept", "leased"
LEASE_SECONDS = 900
FEE_BPS = 500


@dataclass(frozen=True)
class Product:
    """What one provider sells; `header` and `table` are the public rows of its edition."""

    id: str
    tier: str
    provider: Party
    header: Header
    table: RowTable
    split: Split
    token: bytes

    @property
    def leased(self) -> bool:
        """Return whether keys are given for one opening at a time."""
        return self.tier == LEASED

    @property
    def tariff(self) -> Tariff:
        """Return the price: of an opening, or of bytes."""
        return Tariff("opening", PRICE_OF_OPENING, 1, "CNY") if self.leased else Tariff("byte", MINOR, PER_BYTES, "CNY")

    def terms(self) -> Terms:
        """Return the terms of one sale, under a salt of their own."""
        counted = OPENINGS if self.leased else None
        return Terms(
            product=self.id,
            title=f"Weather and flights, {self.id}",
            edition_id=self.header.edition_id(),
            policy=offer_rules(purpose="Research", until=UNTIL, region="US", openings=counted),
            tariff=self.tariff,
            token=self.token,
            split=self.split,
            max_exposure=8 * MINOR,
            lock_ttl=86_400,
            claim_margin=3600,
            stale_max=900,
            max_unpaid_bytes=1 << 28,
            tier=self.tier,
            lease_seconds=LEASE_SECONDS if self.leased else 0,
            arbitrator=bytes(20),
            not_after=UNTIL,
            salt=os.urandom(32),
        )

    def price(self, before: int, after: int) -> int:
        """Return the price of what lies between two quantities, in minor units."""
        return order_amount(self.tariff, before, after)


def sealed(provider: Party, number: int, tier: str, token: bytes, exchange: Party) -> Product:
    """Seal an edition of `ROWS` pieces of random bytes and offer it in a tier."""
    secret, series = os.urandom(32), os.urandom(32)
    rows = []
    for piece in range(ROWS):
        plain = blake3(secret + bytes([piece])).digest() * ((PIECE_BYTES - piece) // 32)
        sealed_piece = seal_piece(secret, b"\x02" * 16, piece, plain, len(plain), bytearray(len(plain) + 16))
        rows.append(sealed_piece.row.encode())
    table = RowTable(b"".join(rows))
    header = Header(
        series=series,
        number=1,
        prev=None,
        key_holder=provider.did,
        piece_bytes=65_536,
        rows=ROWS,
        sealed_bytes=table.sealed_bytes,
        plain_bytes=table.plain_bytes(),
        root=table.root(),
        table_digest=table.digest(),
        sealed_at=BEGIN,
    )
    split = Split(((provider.keys.address, 10_000 - FEE_BPS), (exchange.keys.address, FEE_BPS)))
    return Product(f"product-{provider.number}-{number}", tier, provider, header, table, split, token)
