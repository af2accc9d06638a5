"""Signed notes and verifier keys of C2SP signed-note.

    <text, ends in a newline>
    <empty line>
    — <key name> base64(key id, 4 bytes || signature)

Parsing is strict: what does not come back equal when written again is refused. A signature whose name and key id we
know must verify; one we do not know is ignored, so a log may add kinds of signature at any time.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

if TYPE_CHECKING:
    from collections.abc import Iterable

ED25519 = 0x01  # signature over the text
COSIGNATURE = 0x04  # timestamped Ed25519, see ledger.log.cosignature
SUBTREE = 0x06  # timestamped ML-DSA-44, see ledger.log.subtree
EXTENDED = 0xFF  # followed by a long identifier of our own, see ledger.log.cosignature

# signed-note wants 16 signatures taken, each of nearly 5 kB where it is post-quantum; in base64 that is 107 kB
NOTE_LIMIT_BYTES = 131_072
SIGNATURE_LIMIT_COUNT = 64
KEY_ID_BYTES = 4
# keys of the logs and witnesses of a space, taken apart once
KEYS_KEPT = 1024
DASH = "\N{EM DASH}"

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_VKEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")


class NoteError(ValueError):
    """A note or key is malformed, unsigned by whom it must be signed, or wrongly signed; its author is at fault."""


class MalformedNoteError(NoteError):
    """The bytes are no signed note at all."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name it signs under. `material` is what follows the kind byte in a vkey."""

    name: str
    kind: int
    material: bytes

    def __post_init__(self) -> None:
        check_name(self.name)

    @property
    def key_id(self) -> bytes:
        """Return the first 4 bytes of SHA256(name || 0x0A || kind || material)."""
        return _key_id(self.name, self.kind, self.material)

    def encode(self) -> str:
        """Return `<name>+<hex key id>+<base64(kind || material)>`."""
        return f"{self.name}+{self.key_id.hex()}+{b64(bytes([self.kind]) + self.material)}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who (name and 4-byte key id) and the raw signature bytes."""

    name: str
    key_id: bytes
    blob: bytes

    def encode(self) -> str:
        """Return the line with its newline."""
        return f"{DASH} {self.name} {b64(self.key_id + self.blob)}\n"

    def by(self, key: VerifierKey) -> bool:
        """Tell whether this line claims to be by that key."""
        return self.name == key.name and self.key_id == key.key_id


@dataclass(frozen=True, slots=True)
class Note:
    """A text (ending in a newline) and the signatures below it."""

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> str:
        """Return the whole note."""
        return self.text + "\n" + "".join(signature.encode() for signature in self.signatures)

    def sign_with(self, *signatures: Signature) -> Note:
        """Return the note with more signatures; one by a key that signed already is replaced."""
        new = {(one.name, one.key_id) for one in signatures}
        kept = tuple(one for one in self.signatures if (one.name, one.key_id) not in new)
        return replace(self, signatures=kept + signatures)

    def of(self, key: VerifierKey) -> tuple[Signature, ...]:
        """Return the signatures that claim to be by `key`."""
        return tuple(one for one in self.signatures if one.by(key))


@lru_cache(maxsize=KEYS_KEPT)
def _key_id(name: str, kind: int, material: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + bytes([kind]) + material).digest()[:KEY_ID_BYTES]


def b64(value: bytes) -> str:
    """Encode as standard base64."""
    return binascii.b2a_base64(value, newline=False).decode()


def unb64(text: str) -> bytes:
    """Decode standard base64, refusing any other spelling of the same bytes."""
    try:
        value = binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise MalformedNoteError(f"`{text[:80]}` is not canonical base64") from error
    # strict minds all but the bits behind the last byte: these stand in the last four letters
    if b64(value[(len(value) - 1) // 3 * 3 :]) != text[-4:] or len(text) != -(-len(value) // 3) * 4:
        raise MalformedNoteError(f"`{text[:80]}` is not canonical base64")
    return value


def check_name(name: str) -> str:
    """Return a key name that signed-note allows, or raise."""
    if not name or "+" in name or any(char.isspace() for char in name) or _CONTROL.search(name):
        raise MalformedNoteError(f"`{name}` is no key name; it may hold neither spaces nor `+`")
    return name


def parse_vkey(text: str) -> VerifierKey:
    """Read a verifier key and check that its key id is the recommended hash."""
    match = _VKEY.fullmatch(text)
    if match is None:
        raise MalformedNoteError(f"`{text[:120]}` is no verifier key; it has the form name+hash+key")
    name, key_id, material = match.groups()
    raw = unb64(material)
    key = VerifierKey(name, raw[0], raw[1:])
    if key.key_id.hex() != key_id:
        raise MalformedNoteError(f"the key id `{key_id}` of verifier key `{name}` does not match its key")
    return key


def parse(raw: bytes | str) -> Note:
    """Read a signed note; verify nothing yet."""
    body = raw.encode() if isinstance(raw, str) else raw
    if len(body) > NOTE_LIMIT_BYTES:
        raise MalformedNoteError(f"a note of `{len(body)}` bytes is over the limit of {NOTE_LIMIT_BYTES}")
    try:
        whole = body.decode()
    except UnicodeDecodeError as error:
        raise MalformedNoteError("a note must be UTF-8") from error
    text, _, lines = whole.rpartition("\n\n")
    if not text or _CONTROL.search(whole) or not lines.endswith("\n"):
        raise MalformedNoteError("a note is text, an empty line and signature lines, without control characters")
    note = Note(text + "\n", tuple(parse_lines(lines)))
    assert note.encode() == whole
    return note


def parse_lines(lines: str) -> Iterable[Signature]:
    """Read signature lines, as they stand below a note or come back from a witness."""
    rows = lines.split("\n")
    if rows.pop() or not rows or len(rows) > SIGNATURE_LIMIT_COUNT:
        raise MalformedNoteError(
            f"a note carries 1 to {SIGNATURE_LIMIT_COUNT} signature lines, each ending in a newline"
        )
    return [_parse_line(row) for row in rows]


def _parse_line(row: str) -> Signature:
    parts = row.split(" ")
    if len(parts) != 3 or parts[0] != DASH:
        raise MalformedNoteError(f"`{row[:120]}` is no signature line")
    raw = unb64(parts[2])
    if len(raw) <= KEY_ID_BYTES:
        raise MalformedNoteError(f"the signature of `{parts[1]}` is empty")
    return Signature(check_name(parts[1]), raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])


def log_vkey(name: str, public: bytes) -> VerifierKey:
    """Return the verifier key of a log: Ed25519, 32 raw bytes."""
    return VerifierKey(name, ED25519, public)


def sign(text: str, name: str, key: Ed25519PrivateKey) -> Signature:
    """Sign a note's text (type 0x01)."""
    return Signature(name, _vkey_of(name, key).key_id, key.sign(text.encode()))


@lru_cache(maxsize=KEYS_KEPT)
def _vkey_of(name: str, key: Ed25519PrivateKey) -> VerifierKey:
    return log_vkey(name, key.public_key().public_bytes_raw())


@lru_cache(maxsize=KEYS_KEPT)
def _public(raw: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(raw)


def check_ed25519(public: bytes, signature: bytes, message: bytes, name: str) -> None:
    """Raise `NoteError` unless `public` (32 bytes) signed `message`."""
    try:
        _public(public).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise NoteError(f"the signature of `{name}` does not verify") from error


def verify(note: Note, keys: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
    """Return which of the type-0x01 `keys` signed; raise if none did, or if one that claims to did not."""
    found: list[VerifierKey] = []
    for key in keys:
        for signature in note.of(key):
            if key.kind != ED25519:
                raise NoteError(f"key `{key.name}` is of kind `{key.kind:#x}`, not an Ed25519 note key")
            check_ed25519(key.material, signature.blob, note.text.encode(), key.name)
            found.append(key)
    if not found:
        raise NoteError("the note carries no signature by a key we trust")
    return tuple(found)
