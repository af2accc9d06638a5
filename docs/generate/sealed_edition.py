"""The vector of specification section 9: a whole small edition with its index, made by the program's own parts.

Everything that is drawn at random in earnest is fixed here, so the document is the same whenever it is made. Its pieces
are short: the layout `cdc` lets pieces end anywhere.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from blake3 import blake3
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connector.consumer.key_export import WARNING
from connector.custody.blobs import blob_name
from connector.custody.places import places_of, sectors
from contracts.ranges import RowSet
from contracts.typed_data import Order
from contracts.typed_json import to_json, to_ranges
from ledger.edition import key_file, mask, row
from ledger.edition.header import MIN_PIECE_BYTES, Header, check_table
from ledger.edition.index import Index, IndexedFile, check_tiling
from ledger.edition.row_table import RowTable
from ledger.edition.sealing import seal_piece
from ledger.edition.suite import AES_256

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.edition.suite import Suite

RUN_KEY, RUN = bytes(range(0x20)), bytes(range(0x10, 0x20))
SERIES, AGREEMENT, TRANSFER = b"\x05" * 32, b"\x03" * 32, b"\x07" * 32
CHANNEL, SEQ, PREIMAGE, AMOUNT = b"\xc1" * 32, 7, b"\xaa" * 32, 250
READER, EPHEMERAL = b"\x42" * 32, b"\x24" * 32
# RFC 9180: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM
KEM, SUITE = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x02"
SEALED_AT = datetime(2026, 1, 1, tzinfo=UTC)
PADDING = 1024
HOLDER = "did:web:provider.example"
# name → plaintext, cut into pieces of these lengths
FILES = (
    ("tides/2026 – north.csv", (3000, 1000)),
    ("empty.bin", ()),
    ("last.bin", (5000,)),
)
CRITICAL = RowSet(((2, 1),))


def document(suite: Suite = AES_256) -> str:
    """Return the document as JSON text, a member a line."""
    return json.dumps(vector(suite), ensure_ascii=False, indent=1) + "\n"


def vector(suite: Suite = AES_256) -> dict[str, Any]:
    """Return the vector in a suite; the text of section 9 says what its members are."""
    contents = [noise(name, sum(lengths)) for name, lengths in FILES]
    index = _index(contents)
    pieces = [index.encode(), *_pieces(contents)]
    rows, secrets, sealed = zip(*(_sealed(*each, suite) for each in enumerate(pieces)), strict=True)
    table = RowTable(b"".join(rows))
    header = _header(table, suite)
    check_table(header, table)
    check_tiling(index, table)
    disk = b"".join(piece + bytes(sectors(len(piece)) - len(piece)) for piece in sealed)
    assert len(disk) == places_of(table).size
    named = dict(enumerate(secrets))
    keys = key_file.json(AGREEMENT, header, table, blob_name(header.edition_id()), named, WARNING)
    return {
        "K": RUN_KEY.hex(),
        "run": RUN.hex(),
        "files": [{"name": name, "content": _text(data)} for (name, _), data in zip(FILES, contents, strict=True)],
        "header": header.json(),
        "editionId": header.edition_id().hex(),
        "rows": table.data.hex(),
        "index": index.json(),
        "wire": _text(b"".join(sealed)),
        "disk": _text(disk),
        "secrets": [secret.hex() for secret in secrets],
        "keyFile": keys,
        "window": _window(header, secrets),
    }


def noise(name: str, size: int) -> bytes:
    """Return the plaintext of a file."""
    return hashlib.shake_128(name.encode()).digest(size)


def _index(contents: Sequence[bytes]) -> Index:
    files, first, offset = [], 1, 0
    for (name, lengths), data in zip(FILES, contents, strict=True):
        files.append(IndexedFile(name, offset, len(data), first, len(lengths)))
        first, offset = first + len(lengths), offset + len(data)
    schema = {"fields": [{"name": "height", "type": "number"}]}
    return Index("text/csv", schema, tuple(files), CRITICAL, blake3(b"".join(contents)).digest())


def _pieces(contents: Sequence[bytes]) -> Iterator[bytes]:
    for (_, lengths), data in zip(FILES, contents, strict=True):
        at = 0
        for length in lengths:
            yield data[at : at + length]
            at += length


def _sealed(number: int, plain: bytes, suite: Suite) -> tuple[bytes, bytes, bytes]:
    """Return row, secret and sealed bytes of a piece; the first one is the index."""
    size = -(-len(plain) // PADDING) * PADDING
    padded, flags = plain + bytes(size - len(plain)), suite.flag | (row.INDEX if number == 0 else 0)
    made = seal_piece(RUN_KEY, RUN, number, padded, len(plain), bytearray(size + row.TAG_BYTES), flags=flags)
    return made.row.encode(), made.secret, bytes(made.ciphertext)


def _header(table: RowTable, suite: Suite) -> Header:
    sizes = (len(table), table.sealed_bytes, table.plain_bytes())
    digests = (table.root(), table.digest())
    told = {"padding": PADDING, "layout": "cdc", "suite": suite.name}
    return Header(SERIES, 1, None, HOLDER, MIN_PIECE_BYTES, *sizes, *digests, SEALED_AT, **told)  # type: ignore[arg-type]


def _window(header: Header, secrets: Sequence[bytes]) -> dict[str, Any]:
    """Return a window of all rows in two orders, with what its reader got."""
    reader = X25519PrivateKey.from_private_bytes(READER)
    public = reader.public_key().public_bytes_raw()
    edition = header.edition_id()
    spans = (RowSet(((0, 1), (2, 1))), RowSet(((1, 1), (3, header.rows - 3))))
    orders = [Order(AGREEMENT, TRANSFER, edition, 0, to_ranges(rows), AMOUNT, public) for rows in spans]
    masked = mask.mask(PREIMAGE, CHANNEL, SEQ, [secrets[number] for rows in spans for number in rows])
    return {
        "channelId": CHANNEL.hex(),
        "seq": str(SEQ),
        "orders": [to_json(order) for order in orders],
        "readerSecretKey": READER.hex(),
        "sealedKeys": {public.hex(): _text(_boxed(masked, public))},
        "masked": masked.hex(),
        "maskedHash": mask.masked_hash(masked).hex(),
        "lock": mask.lock(PREIMAGE).hex(),
        "t": PREIMAGE.hex(),
    }


def _boxed(masked: bytes, public: bytes) -> bytes:
    """Return HPKE's `enc || ciphertext` (RFC 9180, base mode) from an ephemeral key that is fixed here alone."""
    ephemeral = X25519PrivateKey.from_private_bytes(EPHEMERAL)
    enc = ephemeral.public_key().public_bytes_raw()
    shared = _expanded(
        _extracted(KEM, b"", b"eae_prk", ephemeral.exchange(X25519PublicKey.from_public_bytes(public))),
        *(KEM, b"shared_secret", enc + public, 32),
    )
    info = b"penstock/window/v1\0" + CHANNEL + SEQ.to_bytes(8, "big")
    context = b"\0" + _extracted(SUITE, b"", b"psk_id_hash", b"") + _extracted(SUITE, b"", b"info_hash", info)
    secret = _extracted(SUITE, shared, b"secret", b"")
    key, nonce = (_expanded(secret, SUITE, name, context, size) for name, size in ((b"key", 32), (b"base_nonce", 12)))
    return enc + AESGCM(key).encrypt(nonce, masked, b"")


def _extracted(suite: bytes, salt: bytes, label: bytes, secret: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + secret, "sha256")


def _expanded(key: bytes, suite: bytes, label: bytes, info: bytes, size: int) -> bytes:
    """Return the first `size` bytes, at most one block."""
    labelled = size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(key, labelled + b"\x01", "sha256")[:size]


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")
