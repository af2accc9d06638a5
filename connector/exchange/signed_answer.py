"""An answer that is signed as a whole: a note under the key of the log of who answers, over the digest of its bytes.

    <DID of who answers><purpose>
    <SHA256 of the answer, base64>

Law: the purpose is in the name of the key, so that what was signed for one is not shown for another.
"""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import TYPE_CHECKING

from connector.runtime.errors import PeerMisbehaved
from ledger.log import note as notes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def signed(body: bytes, own: str, purpose: str, key: Ed25519PrivateKey) -> str:
    """Return the note over an answer, in base64."""
    text = _text(body, own, purpose)
    return base64.b64encode(notes.Note(text, (notes.sign(text, own + purpose, key),)).encode().encode()).decode()


def check(body: bytes, told: str, own: str, purpose: str, log_key: bytes) -> None:
    """Raise PeerMisbehaved unless `own` signed this very answer for this purpose."""
    try:
        note = notes.parse(base64.b64decode(told, validate=True))
        notes.verify(note, [notes.log_vkey(own + purpose, log_key)])
    except ValueError as error:
        raise PeerMisbehaved(f"`{own}` did not sign this: {error}") from error
    if note.text != _text(body, own, purpose):
        raise PeerMisbehaved(f"`{own}` signed something else than was sent")


def _text(body: bytes, own: str, purpose: str) -> str:
    return f"{own}{purpose}\n{notes.b64(sha256(body).digest())}\n"
