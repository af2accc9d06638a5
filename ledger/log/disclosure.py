"""Salted field digests and their encrypted disclosures (spec 7).

Law: an entry in the tree holds `SHA256(JCS([salt, name, value]))` per field, never the value; the values lie beside
the log, in one box per recipient, and may be erased while the entry stays. Every digest has its own 16-byte salt, so
equal values cannot be told apart and small ones not guessed.

A box is `wrapped key || nonce (12) || AES-256-GCM` over the JCS list of [salt, name, value]; the additional data binds
it to its leaf, so a box cannot be moved to another entry. The key is drawn by its author for many boxes and wrapped
once for each recipient (`ledger.log.wrapping`: 80 bytes for an X25519 key, 1,168 for a hybrid one): whoever can open
one box of a recipient can open the others that this key closes, and that is the recipient alone.
"""

from __future__ import annotations

import re
import secrets
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from contracts.canonical import MAX_DEPTH_LEVELS, canonical, is_plain, load
from contracts.labels import H
from ledger.log import wrapping
from ledger.log.events import FIELD_LIMIT_COUNT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ledger.log.wrapping import Opener

Box = TypeVar("Box")  # as it is served: bytes, base64, or whatever a stranger puts there
SALT_BYTES = 16
SALT_DIGITS = 2 * SALT_BYTES
SALT_LIMIT_BYTES = 64
BOX_LIMIT_BYTES = 1 << 20
RECIPIENT_ID_BYTES = 8
KEY_BYTES = 32
NONCE_BYTES = 12
# an auditor reads the boxes of a few authors, each with a few keys
KEYS_KEPT = 64

_INFO = b"penstock/disclosure/v2\0"
_SALT = re.compile(r"(?:[0-9a-f]{2}){16,64}")
_VALUE_LEVELS = MAX_DEPTH_LEVELS - 2  # it lies in a row, and that in a list
_SHUT = "the box does not open with this key for this entry"


class DisclosureError(ValueError):
    """A box does not open, or what it holds is not what the entry commits to; its author is at fault."""


class Disclosure(NamedTuple):
    """One field of an event in the clear, as it was read: hex salt, name, JSON value."""

    salt: str
    name: str
    value: Any

    def text(self) -> bytes:
        """Return what is committed to: the JCS of the three as a list."""
        return canonical(list(self))


def conceal(fields: Mapping[str, Any], salt: Callable[[int], bytes] = secrets.token_bytes) -> list[bytes]:
    """Give every field a fresh salt and return the texts to commit to; values must be JSON."""
    salts = salt(SALT_BYTES * len(fields)).hex()
    texts, at = [], 0
    for name, value in fields.items():
        row = (salts[at : at + SALT_DIGITS], name, value)
        # ten times an event: salt and name are texts of ours, so the value alone says whether it is written at once
        texts.append(_plain(row) if type(value) is str or is_plain(value) else canonical(row))
        at += SALT_DIGITS
    return texts


def _plain(row: tuple[str, str, Any]) -> bytes:
    try:
        return orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return canonical(row)  # says what is wrong with it


def digests(texts: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return the sorted digests for an entry's `sd`."""
    return tuple(sorted([sha256(text).digest() for text in texts]))


def recipient_id(public: bytes) -> str:
    """Return the short name under which a recipient's boxes are filed (a public key of either kind, raw)."""
    return H("recipient", public)[:RECIPIENT_ID_BYTES].hex()


def filed_for(keys: Iterable[Opener]) -> dict[str, Opener]:
    """Return recipient id → key, in the order of the keys: under which names their owner's boxes are filed."""
    return {recipient_id(wrapping.public_of(key)): key for key in keys}


def found_in(boxes: Mapping[str, Box], keys: Mapping[str, Opener]) -> tuple[Box, Opener] | None:
    """Return the box that is filed under one of `keys` (`filed_for`), and that key; None where there is none."""
    for name, key in keys.items():
        if name in boxes:
            return boxes[name], key
    return None


class BoxKey:
    """A key that closes boxes, with its wrapping for each recipient (public keys of either kind, raw).

    It lives in the memory of one process; a nonce is a count of that process, so none comes twice under one key.
    """

    def __init__(self, recipients: Iterable[bytes]) -> None:
        key = secrets.token_bytes(KEY_BYTES)
        self.name = secrets.token_hex(RECIPIENT_ID_BYTES)
        self.wrapped = {recipient_id(public): wrapping.wrap(key, public, _INFO) for public in recipients}
        self.closed = 0
        self._cipher = AESGCM(key)

    def close(self, texts: Sequence[bytes], leaf: bytes) -> bytes:
        """Return what every recipient's box has in common: all but the wrapped key, which goes before it."""
        packed = b"[" + b",".join(texts) + b"]"
        self.closed += 1
        nonce = self.closed.to_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, packed, _INFO + leaf)


def seal(texts: Sequence[bytes], public: bytes, leaf: bytes) -> bytes:
    """Return a box for one recipient, bound to the entry's leaf hash, under a key of its own."""
    key = BoxKey([public])
    return key.wrapped[recipient_id(public)] + key.close(texts, leaf)


def unseal(box: bytes, key: Opener, leaf: bytes) -> list[Disclosure]:
    """Open a box; `DisclosureError` if it was not made for this key and leaf or holds anything else."""
    return _disclosed(_opened(box, key, leaf))


def shown(box: bytes, key: Opener, leaf: bytes, sd: Sequence[bytes]) -> dict[str, Any]:
    """Open a box and return what `check` makes of it; `DisclosureError` as by `unseal` and `check`."""
    packed = _opened(box, key, leaf)
    fields = _committed(packed, frozenset(sd))
    return check(_disclosed(packed), sd) if fields is None else fields


def _opened(box: bytes, key: Opener, leaf: bytes) -> bytes:
    wrapped = wrapping.wrapped_bytes(key, KEY_BYTES)
    if not wrapped + NONCE_BYTES < len(box) <= BOX_LIMIT_BYTES:
        raise DisclosureError(f"a box of `{len(box)}` bytes is too short, or over the limit of {BOX_LIMIT_BYTES}")
    nonce, closed = box[wrapped : wrapped + NONCE_BYTES], box[wrapped + NONCE_BYTES :]
    try:
        return _unwrapped(box[:wrapped], key).decrypt(nonce, closed, _INFO + leaf)
    except (InvalidTag, ValueError) as error:
        raise DisclosureError(_SHUT) from error


def _disclosed(packed: bytes) -> list[Disclosure]:
    try:
        rows = load(packed, max_bytes=BOX_LIMIT_BYTES)
    except ValueError as error:
        raise DisclosureError(_SHUT) from error
    return read(rows)


def _committed(packed: bytes, committed: frozenset[bytes]) -> dict[str, Any] | None:
    """Return name → value where all is as a connector writes it and committed to; None says that it has to be read.

    What makes up the bytes again out of canonical texts is exact, so these texts need not be written once more.
    """
    try:
        rows = orjson.loads(packed)
    except orjson.JSONDecodeError:
        return None
    if type(rows) is not list or not all(map(_is_usual, rows)):
        return None
    salts = "".join([row[0] for row in rows])
    if not _is_hex(salts):
        return None
    texts = [orjson.dumps(row, option=orjson.OPT_SORT_KEYS) for row in rows]
    if b"[%b]" % b",".join(texts) != packed or not committed.issuperset([sha256(text).digest() for text in texts]):
        return None
    fields: dict[str, Any] = {name: value for _, name, value in rows}
    return fields if len(fields) == len(rows) <= FIELD_LIMIT_COUNT else None


def _is_usual(row: Any) -> bool:
    """Say whether a row is of a text as long as our salts, a name, and a value that is written at once."""
    if type(row) is not list or len(row) != 3:
        return False
    salt, name, value = row
    if type(salt) is not str or len(salt) != SALT_DIGITS or type(name) is not str:
        return False
    return type(value) is str or is_plain(value, _VALUE_LEVELS)


def _is_hex(text: str) -> bool:
    try:
        return bytes.fromhex(text).hex() == text
    except ValueError:
        return False


def read(rows: Any) -> list[Disclosure]:
    """Return what a box holds, or is said to hold; `DisclosureError` if that is anything else."""
    if not isinstance(rows, list) or len(rows) > FIELD_LIMIT_COUNT:
        raise DisclosureError(f"a box holds a list of at most {FIELD_LIMIT_COUNT} fields")
    return [_disclosure(row) for row in rows]


def wrap_again(wrapped: bytes, key: Opener, public: bytes) -> bytes:
    """Return a key of boxes, wrapped for the owner of `key`, wrapped for another recipient (a public key, raw).

    Raises DisclosureError if it was not wrapped for `key`.
    """
    try:
        opened = wrapping.unwrap(wrapped, key, _INFO)
    except (InvalidTag, ValueError) as error:
        raise DisclosureError("the key of the boxes does not open with this key") from error
    return wrapping.wrap(opened, public, _INFO)


@lru_cache(maxsize=KEYS_KEPT)
def _unwrapped(wrapped: bytes, opener: Opener) -> AESGCM:
    """Return the cipher of many boxes; raises `InvalidTag` or `ValueError`."""
    key = wrapping.unwrap(wrapped, opener, _INFO)
    if len(key) != KEY_BYTES:
        raise ValueError("a wrapped key has another length")
    return AESGCM(key)


def _disclosure(row: Any) -> Disclosure:
    if type(row) is not list or len(row) != 3 or type(row[1]) is not str:
        raise DisclosureError("a disclosure is a list of salt, name and value")
    if type(row[0]) is not str or not _SALT.fullmatch(row[0]):
        raise DisclosureError(f"the salt of `{row[1]}` is not {SALT_BYTES} to {SALT_LIMIT_BYTES} bytes of hex")
    return Disclosure._make(row)


def check(disclosures: Sequence[Disclosure], sd: Sequence[bytes]) -> dict[str, Any]:
    """Return name → value if every disclosure is committed to in `sd` and no name stands twice.

    Digests without a disclosure are not an error: fields may be erased, and the audit says which are missing.
    """
    committed = frozenset(sd)
    fields: dict[str, Any] = {}
    for one in disclosures:
        _, name, value = one
        if sha256(one.text()).digest() not in committed:
            raise DisclosureError(f"the entry does not commit to the disclosed value of `{name}`")
        if name in fields:
            raise DisclosureError(f"the field `{name}` is disclosed twice")
        fields[name] = value
    return fields
