"""A program of somebody else's: it opens a sealed edition by docs/specification.md alone, and imports nothing of ours.

    python opener.py KEYS.json SEALED-FILE FOLDER      writes the files into FOLDER, and says what it wrote

Numbers behind a line are clauses of the specification. Whatever had to be guessed to write this would be a gap in it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from blake3 import blake3
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM

if TYPE_CHECKING:
    from collections.abc import Callable

ROW_BYTES = 152  # 1.4
SECTOR_BYTES = 4096  # 1.13
INDEX, PADDED = 1, 2  # 1.3; marked variants are not opened here
NAMES = {
    "key file": {"v", "kind", "agreement", "edition", "header", "rows", "file", "secrets", "notice"},
    "header": {
        *("v", "suite", "series", "edition", "prev", "keyHolder", "layout", "S", "rows", "sealedBytes", "plainBytes"),
        *("padding", "root", "tableDigest", "sealedAt", "variants"),
    },
    "index": {"v", "mediaType", "schema", "files", "critical", "digest", "marking"},
    "file": {"name", "offset", "bytes", "rows", "rowsPerPiece"},
}


def by_aes(key, nonce, sealed, tag, head):
    return AESGCM(key).decrypt(nonce, sealed + tag, head)


def by_sm4(key, nonce, sealed, tag, head):
    cipher = Cipher(SM4(key), GCM(nonce, tag)).decryptor()
    cipher.authenticate_additional_data(head)
    return cipher.update(sealed) + cipher.finalize()


class Suite(NamedTuple):
    """1.3: the flag in every row, the label and length of a key, the cipher."""

    flag: int
    label: str
    key_bytes: int
    decrypt: Callable


SUITES = {
    "A256GCM-B3-SHA256": Suite(0, "chunk-aead", 32, by_aes),
    "SM4GCM-B3-SHA256": Suite(8, "chunk-sm4", 16, by_sm4),
}


class Refused(Exception):  # noqa: N818  # the word that the text uses
    """Something is not what it claims to be; the first word is the code of 1.9 where there is one."""


def need(holds, words):
    if not holds:
        raise Refused(words)


# ---- the preamble


def b3(data):
    return blake3(data).digest()


def h(label, *parts):
    return hashlib.sha256(b"penstock/" + label.encode() + b"/v1\0" + b"".join(parts)).digest()


def expand(key, info, size):
    """HKDF-Expand (RFC 5869) with SHA-256."""
    out, block, count = b"", b"", 0
    while len(out) < size:
        count += 1
        block = hmac.digest(key, block + info + bytes([count]), "sha256")
        out += block
    return out[:size]


def x(key, label, info, size):
    return expand(key, b"penstock/" + label.encode() + b"/v1\0" + info, size)


def jcs(value):
    """RFC 8785 for what occurs in a header: objects of strings, null and small whole numbers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def mth(leaves):
    """RFC 9162, 2.1.1: the left half is the largest power of two below the number of leaves."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\1" + mth(leaves[:split]) + mth(leaves[split:])).digest()


def number(text):
    """A decimal string."""
    need(isinstance(text, str) and text.isascii() and text.isdecimal() and str(int(text)) == text, f"{text!r}: decimal")
    return int(text)


def read_hex(text, size=None):
    data = bytes.fromhex(text)
    need(data.hex() == text and size in (None, len(data)), f"{text[:80]!r}: lower-case hex")
    return data


def closed(document, kind):
    need(isinstance(document, dict) and set(document) == NAMES[kind], f"{kind}: members")
    need("v" not in NAMES[kind] or document["v"] == 1, f"{kind}: version")
    return document


# ---- 1: the edition


class Edition:
    """Header and rows, proven to be those of an edition's id (1.5, 1.12)."""

    def __init__(self, edition_id, header, rows):
        closed(header, "header")
        need(h("edition", hashlib.sha256(jcs(header)).digest()) == edition_id, "edition: header of another edition")
        need(header["suite"] in SUITES and number(header["variants"]) == 0, "edition: suite")
        self.suite = SUITES[header["suite"]]
        need(len(rows) == ROW_BYTES * number(header["rows"]) and rows, "edition: number of rows")
        need(b3(rows) == read_hex(header["tableDigest"], 32), "edition: tableDigest")
        self.rows = [rows[at : at + ROW_BYTES] for at in range(0, len(rows), ROW_BYTES)]
        need(mth(self.rows) == read_hex(header["root"], 32), "edition: root")
        heads = [struct.unpack(">24sIIII", row[:40]) for row in self.rows]
        self.sealed = [head[1] for head in heads]
        self.plain = [head[2] for head in heads]
        self.flags = [head[4] for head in heads]
        need(sum(self.sealed) == number(header["sealedBytes"]), "edition: sealedBytes")
        need(sum(self.plain) == number(header["plainBytes"]), "edition: plainBytes")
        for _, sealed, plain, _, flags in heads:
            need(0 < plain <= sealed <= number(header["S"]), "edition: lengths of a row")
            padded = bool(flags & PADDED) == (plain < sealed)
            need(flags & ~(INDEX | PADDED) == self.suite.flag and padded, "edition: flags of a row")
        self.index_rows = sum(flags & INDEX for flags in self.flags)
        first = all(flags & INDEX for flags in self.flags[: self.index_rows])
        need(self.index_rows and first, "edition: the index comes first")

    def on_wire(self):
        """Where each row begins in what a source sends (1.13)."""
        return [sum(self.sealed[:n]) for n in range(len(self.rows))]

    def on_disk(self):
        """Where each row begins in a participant's file, and where the file ends (1.13)."""
        whole = [-(-size // SECTOR_BYTES) * SECTOR_BYTES for size in self.sealed]
        return [sum(whole[:n]) for n in range(len(self.rows) + 1)]

    def cut(self, data, places):
        """The sealed bytes of each row."""
        return [data[at : at + size] for at, size in zip(places, self.sealed, strict=False)]

    def open_row(self, n, secret, sealed):
        """1.9, with the row proven already."""
        head, tag, digest, key_commit, plain_commit = struct.unpack(">40s16s32s32s32s", self.rows[n])
        slot = head[:24]
        need(len(sealed) == self.sealed[n] and b3(sealed) == digest, f"bytes: row {n}")
        need(h("key-commitment", slot, secret) == key_commit, f"key: row {n}")
        material = x(secret, self.suite.label, head, self.suite.key_bytes + 12)
        try:
            padded = self.suite.decrypt(material[:-12], material[-12:], sealed, tag, head)
        except Exception as error:
            raise Refused(f"edition: tag of row {n}") from error
        plain, padding = padded[: self.plain[n]], padded[self.plain[n] :]
        need(not any(padding), f"edition: padding of row {n}")
        salt = x(secret, "plain-salt", slot, 32)
        need(h("plain", slot, salt, b3(plain)) == plain_commit, f"edition: plaintext of row {n}")
        return plain

    def open_files(self, secrets, pieces):
        """name → bytes; rows without a secret are zeros (1.12)."""
        plain = {n: self.open_row(n, secret, pieces[n]) for n, secret in secrets.items()}
        index = read_index(b"".join(plain[n] for n in range(self.index_rows)))
        files, row, offset = {}, self.index_rows, 0
        for file in index["files"]:
            first, count = map(number, file["rows"])
            need((first, number(file["offset"])) == (row, offset), "index: files follow each other")
            rows = range(first, first + count)
            need(sum(self.plain[n] for n in rows) == number(file["bytes"]), "index: length of a file")
            files[safe(file["name"])] = b"".join(plain.get(n, bytes(self.plain[n])) for n in rows)
            row, offset = row + count, offset + number(file["bytes"])
        need(row == len(self.rows), "index: all rows are in files")
        folded = {unicodedata.normalize("NFC", name).casefold() for name in files}
        need(len(folded) == len(index["files"]), "index: names that are one on some systems")
        if len(plain) == len(self.rows):
            need(b3(b"".join(files.values())) == read_hex(index["digest"], 32), "index: digest of all files")
        return files


def read_index(data):
    """1.6, 1.12."""
    index = closed(json.loads(data), "index")
    need(index["marking"] is None, "index: marked")
    for file in index["files"]:
        closed(file, "file")
    return index


def safe(name):
    """A relative path without surprises."""
    hidden = any(unicodedata.category(one) == "Cc" or one in '<>:"|?*\\' for one in name)
    need(not hidden and not {"", ".", ".."} & set(name.split("/")), f"index: the name {name!r}")
    return name


# ---- 1.14: from a key file


def open_key_file(document, disk):
    """Return name → bytes from a key file and the bytes of the file on disk."""
    closed(document, "key file")
    need(document["kind"] == "penstock-keys", "key file: kind")
    edition = Edition(read_hex(document["edition"], 32), document["header"], read_hex(document["rows"]))
    secrets = {number(one["row"]): read_hex(one["secret"], 32) for one in document["secrets"]}
    *places, size = edition.on_disk()
    need(len(disk) == size, "bytes: length of the file")
    return edition.open_files(secrets, edition.cut(disk, places))


# ---- 4: from a window


def unsealed(box, private, channel_id, seq):
    """HPKE (RFC 9180), base mode: X25519, HKDF-SHA256, AES-256-GCM; the wire is enc(32) || ciphertext."""
    kem, suite = b"KEM" + struct.pack(">H", 0x20), b"HPKE" + struct.pack(">HHH", 0x20, 0x01, 0x02)

    def extract(of, salt, label, secret):
        return hmac.digest(salt or bytes(32), b"HPKE-v1" + of + label + secret, "sha256")

    def labelled(of, key, label, info, size):
        return expand(key, struct.pack(">H", size) + b"HPKE-v1" + of + label + info, size)

    enc, ciphertext = box[:32], box[32:]
    shared = extract(kem, b"", b"eae_prk", private.exchange(X25519PublicKey.from_public_bytes(enc)))
    context = enc + private.public_key().public_bytes_raw()
    shared = labelled(kem, shared, b"shared_secret", context, 32)
    info = b"penstock/window/v1\0" + channel_id + struct.pack(">Q", seq)
    schedule = b"\0" + extract(suite, b"", b"psk_id_hash", b"") + extract(suite, b"", b"info_hash", info)
    secret = extract(suite, shared, b"secret", b"")
    key, nonce = (labelled(suite, secret, label, schedule, n) for label, n in ((b"key", 32), (b"base_nonce", 12)))
    return AESGCM(key).decrypt(nonce, ciphertext, b"")


def open_window(window):
    """Return (edition id, row) → secret from what a reader got of one window, and its preimage."""
    private = X25519PrivateKey.from_private_bytes(read_hex(window["readerSecretKey"], 32))
    channel_id, seq = read_hex(window["channelId"], 32), number(window["seq"])
    preimage = read_hex(window["t"], 32)
    box = base64.b64decode(window["sealedKeys"][private.public_key().public_bytes_raw().hex()])
    masked = unsealed(box, private, channel_id, seq)
    need(hashlib.sha256(masked).hexdigest() == window["maskedHash"], "key: maskedHash")
    need(hashlib.sha256(preimage).hexdigest() == window["lock"], "key: lock")
    rows = [
        (order["editionId"], row)
        for order in window["orders"]
        for first, count in order["ranges"]
        for row in range(first, first + count)
    ]
    need(len(masked) == 32 * len(rows), "key: one secret for each row")
    found = {}
    for j, row in enumerate(rows):
        mask = h("window-mask", preimage, channel_id, struct.pack(">Q", seq), struct.pack(">I", j))
        found[row] = bytes(a ^ b for a, b in zip(masked[32 * j : 32 * j + 32], mask, strict=True))
    return found


def main(keys, sealed, folder):
    files = open_key_file(json.loads(Path(keys).read_bytes()), Path(sealed).read_bytes())
    for name, data in files.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        sys.stdout.write(f"{hashlib.sha256(data).hexdigest()}  {name}\n")
    loaded = sorted(name for name in sys.modules if name.split(".")[0] in OURS)
    assert not loaded, loaded


OURS = ("connector", "contracts", "ledger", "policy", "catalog")

if __name__ == "__main__":
    main(*sys.argv[1:])
