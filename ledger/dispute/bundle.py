"""The dispute bundle of spec 6 as a value and as JSON: everything a stranger needs to judge one key, without a network.

    {v, header, edition, headerSig, registration, row, index, path[], offer, offerSig, masked, t, source, position,
     batch, voucher, voucherSig, receipt, receiptSig, agreement, providerSig, buyerSig, events[], ciphertext, claims}

Bytes are lower-case hex, `masked` and `ciphertext` base64, typed values their JSON of contracts.typed_json. `source`
says where the preimage `t` comes from: `release`, `claimed` (read from the chain) or `none`; `claims` is what the
complainant says, `content` or empty. `events` are tlog-proofs with their entries, `registration` what shows that the
edition is on chain; both are carried for those who hold a policy or a state root, and decide nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts.decimals import read_decimal, read_hex
from contracts.errors import ContractError
from contracts.signature import SIGNATURE_BYTES
from contracts.typed_data import Agreement, Batch, Edition, KeyOffer, Receipt, Voucher
from contracts.typed_json import from_json, to_json
from ledger.edition.header import Header, read_header
from ledger.edition.mask import MAX_WINDOW_ROWS
from ledger.edition.row import MAX_PIECE_BYTES, ROW_BYTES, SECRET_BYTES
from ledger.edition.row_table import MAX_ROWS
from ledger.fields import closed, listed
from ledger.log.merkle import HASH_BYTES, PROOF_LIMIT_HASHES
from ledger.log.note import b64, unb64

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = 1
EVENT_LIMIT_COUNT = 8
SOURCES = frozenset({"release", "claimed", "none"})
CLAIMS = frozenset({"", "content"})
FIELDS = frozenset(
    {"v", "header", "edition", "headerSig", "registration", "row", "index", "path", "offer", "offerSig", "masked", "t"}
    | {"source", "position", "batch", "voucher", "voucherSig", "receipt", "receiptSig", "agreement", "providerSig"}
    | {"buyerSig", "events", "ciphertext", "claims"}
)


@dataclass(frozen=True, slots=True)
class Signed:
    """A typed value and the 65-byte signature over it."""

    value: Any
    signature: bytes


@dataclass(frozen=True, slots=True)
class Bundle:
    """One disputed key: row `index` of the edition, delivered as the `position`-th secret of a batch."""

    header: Header
    edition: Signed
    row: bytes
    index: int
    path: tuple[bytes, ...]
    offer: Signed
    masked: bytes
    preimage: bytes | None
    source: str
    position: int
    batch: Batch
    voucher: Signed
    receipt: Signed | None
    agreement: Agreement
    provider_signature: bytes
    buyer_signature: bytes
    ciphertext: bytes | None = None
    claims: str = ""
    registration: Mapping[str, Any] | None = None
    events: tuple[Mapping[str, str], ...] = ()

    def json(self) -> dict[str, Any]:
        """Return the document."""
        return {
            "v": VERSION,
            "header": self.header.json(),
            "edition": to_json(self.edition.value),
            "headerSig": self.edition.signature.hex(),
            "registration": self.registration,
            "row": self.row.hex(),
            "index": str(self.index),
            "path": [value.hex() for value in self.path],
            "offer": to_json(self.offer.value),
            "offerSig": self.offer.signature.hex(),
            "masked": b64(self.masked),
            "t": None if self.preimage is None else self.preimage.hex(),
            "source": self.source,
            "position": str(self.position),
            "batch": to_json(self.batch),
            "voucher": to_json(self.voucher.value),
            "voucherSig": self.voucher.signature.hex(),
            "receipt": None if self.receipt is None else to_json(self.receipt.value),
            "receiptSig": None if self.receipt is None else self.receipt.signature.hex(),
            "agreement": to_json(self.agreement),
            "providerSig": self.provider_signature.hex(),
            "buyerSig": self.buyer_signature.hex(),
            "events": [dict(event) for event in self.events],
            "ciphertext": None if self.ciphertext is None else b64(self.ciphertext),
            "claims": self.claims,
        }


def parse(document: Any) -> Bundle:
    """Read a bundle strictly; `ContractError` or `MalformedNoteError` (both ValueError) if it is none."""
    found = closed(document, FIELDS, "bundle")
    if found["v"] != VERSION or found["source"] not in SOURCES or found["claims"] not in CLAIMS:
        raise ContractError("bundle", f"a bundle of version {VERSION} has one of the known sources and claims")
    bundle = Bundle(
        header=read_header(found["header"]),
        edition=_signed(Edition, found, "edition", "headerSig"),
        row=read_hex(found["row"], "row", ROW_BYTES),
        index=read_decimal(found["index"], "index", limit=MAX_ROWS),
        path=listed(found["path"], "path", lambda value, at: read_hex(value, at, HASH_BYTES), limit=PROOF_LIMIT_HASHES),
        offer=_signed(KeyOffer, found, "offer", "offerSig"),
        masked=_bytes(found["masked"], MAX_WINDOW_ROWS * SECRET_BYTES),
        preimage=None if found["t"] is None else read_hex(found["t"], "t", 32),
        source=found["source"],
        position=read_decimal(found["position"], "position", limit=MAX_WINDOW_ROWS),
        batch=from_json(Batch, found["batch"]),
        voucher=_signed(Voucher, found, "voucher", "voucherSig"),
        receipt=None if found["receipt"] is None else _signed(Receipt, found, "receipt", "receiptSig"),
        agreement=from_json(Agreement, found["agreement"]),
        provider_signature=read_hex(found["providerSig"], "providerSig", SIGNATURE_BYTES),
        buyer_signature=read_hex(found["buyerSig"], "buyerSig", SIGNATURE_BYTES),
        ciphertext=None if found["ciphertext"] is None else _bytes(found["ciphertext"], MAX_PIECE_BYTES),
        claims=found["claims"],
        registration=found["registration"],
        events=listed(found["events"], "events", _event, limit=EVENT_LIMIT_COUNT),
    )
    if bundle.json() != document:
        raise ContractError("bundle", "the bundle is not written canonically")
    return bundle


def complete(part: Mapping[str, Any], header: Header, edition: Signed, signatures: tuple[bytes, bytes]) -> Bundle:
    """Return the bundle of a channel's record of a faulty key and of what lies elsewhere.

    `part` has row, index, path, offer, masked, t, position, batch, voucher, receipt, agreement, each signature beside
    its value; `edition` is the provider's signed `Edition`, `signatures` those of the agreement, provider's first.
    """
    return Bundle(
        header=header,
        edition=edition,
        row=read_hex(part["row"], "row", ROW_BYTES),
        index=int(part["index"]),
        path=tuple(read_hex(node, "path", HASH_BYTES) for node in part["path"]),
        offer=_signed(KeyOffer, part, "offer", "offerSignature"),
        masked=bytes.fromhex(part["masked"]),
        preimage=read_hex(part["t"], "t", 32),
        source="release" if part["receipt"] else "claimed",
        position=int(part["position"]),
        batch=from_json(Batch, part["batch"]),
        voucher=_signed(Voucher, part, "voucher", "voucherSignature"),
        receipt=_signed(Receipt, part, "receipt", "receiptSignature") if part["receipt"] else None,
        agreement=from_json(Agreement, part["agreement"]),
        provider_signature=signatures[0],
        buyer_signature=signatures[1],
    )


def _signed(kind: type, found: Mapping[str, Any], value: str, signature: str) -> Signed:
    return Signed(from_json(kind, found[value]), read_hex(found[signature], signature, SIGNATURE_BYTES))


def _bytes(value: Any, limit: int) -> bytes:
    raw = unb64(value) if isinstance(value, str) else None
    if raw is None or len(raw) > limit:
        raise ContractError("bundle", f"base64 of at most {limit} bytes is needed")
    return raw


def _event(value: Any, where: str) -> Mapping[str, str]:
    found = closed(value, frozenset({"entry", "proof"}), where)
    if not all(isinstance(one, str) for one in found.values()):
        raise ContractError("bundle", f"`{where}` is an entry in base64 and a tlog-proof")
    return found
