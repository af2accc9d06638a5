"""What a witness adds to a checkpoint: C2SP cosignatures and, in one step, its signature on the on-chain `Head`.

    type 0x04                                u64 time || Ed25519(64) over the two lines of `message` || text
    type 0x06                                u64 time || ML-DSA-44(2420) over `ledger.log.subtree.message`
    type 0xff "penstock/head-cosignature/v1" u64 time || secp256k1(65) over the EIP-712 digest of
                                             Head(SHA256(origin), size, root, time)

An EVM cannot check Ed25519, hence the last line (spec 8). What is signed with Ed25519 can be forged by whoever has a
large quantum computer, hence the second, which a witness may lack. A reader ignores a line that it does not know, as
signed-note demands. All witnesses of one anchor sign the same `Head`, so its time is chosen by the log and judged by
each witness.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from contracts import signature as signatures
from contracts.typed_data import Domain, Head, digest
from ledger.log import subtree
from ledger.log.checkpoint import Checkpoint, origin_id, parse_text
from ledger.log.note import COSIGNATURE, EXTENDED, SUBTREE, Note, NoteError, Signature, VerifierKey, check_ed25519

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

    from contracts.signature import Secret

HEAD_KIND = b"penstock/head-cosignature/v1\0"
TIME_BYTES = 8
TIME_LIMIT = 2**63 - 1
BLOB_BYTES = {COSIGNATURE: TIME_BYTES + 64, SUBTREE: TIME_BYTES + subtree.SIGNATURE_BYTES}  # by kind of key
HEAD_BLOB_BYTES = TIME_BYTES + 65


@dataclass(frozen=True, slots=True)
class WitnessKeys:
    """The keys of one witness, under one name: Ed25519 for the note, a secp256k1 key for the `Head`.

    `lattice_key` is the one for ML-DSA-44 cosignatures; without it there are none. With `former_key`, the note's key of
    before, its cosignature is given as well, for who has not heard of the present one. `former_heads` are the accounts
    that were: the chain takes heads by the one that it knows as a log's witness until that log names another.
    """

    name: str
    note_key: Ed25519PrivateKey
    head_key: Secret
    lattice_key: MLDSA44PrivateKey | None = None
    former_key: Ed25519PrivateKey | None = None
    former_heads: tuple[Secret, ...] = ()

    @property
    def each(self) -> tuple[WitnessKeys, ...]:
        """Return the keys with the present note's key, and with the former one where there is one."""
        return (self,) if self.former_key is None else (self, replace(self, note_key=self.former_key, former_key=None))

    @property
    def heads(self) -> tuple[WitnessKeys, ...]:
        """Return the keys with the present account, and with each former one."""
        return self, *(replace(self, head_key=one, former_heads=()) for one in self.former_heads)

    def note_vkey(self) -> VerifierKey:
        """Return the verifier key of the cosignature."""
        return cosigner_vkey(self.name, self.note_key.public_key().public_bytes_raw())

    def head_vkey(self) -> VerifierKey:
        """Return the verifier key of the `Head` line."""
        return head_vkey(self.name, signatures.address(self.head_key))


def cosigner_vkey(name: str, public: bytes) -> VerifierKey:
    """Return the verifier key of a cosigner (Ed25519, 32 raw bytes)."""
    return VerifierKey(name, COSIGNATURE, public)


def lattice_vkey(name: str, public: bytes) -> VerifierKey:
    """Return the verifier key of a cosigner (ML-DSA-44, 1,312 raw bytes)."""
    return VerifierKey(name, SUBTREE, public)


def head_vkey(name: str, address: bytes) -> VerifierKey:
    """Return the verifier key of a witness's 20-byte EVM address."""
    return VerifierKey(name, EXTENDED, HEAD_KIND + address)


def head_address(key: VerifierKey) -> bytes:
    """Return the 20-byte address inside a `Head` verifier key."""
    address = key.material.removeprefix(HEAD_KIND)
    if key.kind != EXTENDED or len(address) != 20:
        raise NoteError(f"key `{key.name}` is no head cosigner")
    return address


def message(text: str, time: int) -> bytes:
    """Return the bytes an Ed25519 cosignature covers."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def head_of(checkpoint: Checkpoint, time: int) -> Head:
    """Return the on-chain form of a checkpoint; `time` in posix seconds."""
    return Head(origin=origin_id(checkpoint.origin), size=checkpoint.size, root=checkpoint.root, time=time)


def cosign(text: str, keys: WitnessKeys, time: int) -> Signature:
    """Cosign a checkpoint's text at `time` (posix seconds)."""
    assert 0 < time <= TIME_LIMIT
    blob = time.to_bytes(TIME_BYTES) + keys.note_key.sign(message(text, time))
    return Signature(keys.name, keys.note_vkey().key_id, blob)


def cosign_lattice(checkpoint: Checkpoint, name: str, key: MLDSA44PrivateKey, time: int) -> Signature:
    """Cosign a checkpoint with ML-DSA-44 at `time` (posix seconds); `NoteError` for names that the form cannot hold."""
    assert 0 < time <= TIME_LIMIT
    blob = time.to_bytes(TIME_BYTES) + key.sign(subtree.message(name, time, checkpoint))
    return Signature(name, lattice_vkey(name, key.public_key().public_bytes_raw()).key_id, blob)


def cosign_head(checkpoint: Checkpoint, keys: WitnessKeys, time: int, domain: Domain) -> Signature:
    """Sign the on-chain head of a checkpoint; `domain` is that of the anchors program."""
    assert 0 < time <= TIME_LIMIT
    signed = signatures.sign(digest(domain, head_of(checkpoint, time)), keys.head_key)
    return Signature(keys.name, keys.head_vkey().key_id, time.to_bytes(TIME_BYTES) + signed)


def verify(note: Note, key: VerifierKey) -> int | None:
    """Return the time at which `key` cosigned, None if it did not; a false cosignature raises `NoteError`."""
    times = [_verify_one(note.text, one, key) for one in note.of(key)]
    return max(times, default=None)


def _verify_one(text: str, signature: Signature, key: VerifierKey) -> int:
    if len(signature.blob) != BLOB_BYTES.get(key.kind):
        raise NoteError(f"the cosignature of `{key.name}` has the wrong form")
    time, raw = _time(signature), signature.blob[TIME_BYTES:]
    if key.kind == SUBTREE:
        subtree.check(key.material, raw, subtree.message(key.name, time, parse_text(text)), key.name)
    else:
        check_ed25519(key.material, raw, message(text, time), key.name)
    return time


def verify_head(note: Note, key: VerifierKey, domain: Domain) -> list[tuple[int, bytes]]:
    """Return (time, 65-byte signature) of each valid `Head` line by `key`; a false one raises `NoteError`."""
    return [_verify_head_line(note.text, one, key, domain) for one in note.of(key)]


def _verify_head_line(text: str, signature: Signature, key: VerifierKey, domain: Domain) -> tuple[int, bytes]:
    if len(signature.blob) != HEAD_BLOB_BYTES:
        raise NoteError(f"the head cosignature of `{key.name}` has the wrong length")
    time, raw = _time(signature), signature.blob[TIME_BYTES:]
    try:
        signer = signatures.recover(digest(domain, head_of(parse_text(text), time)), raw)
    except ValueError as error:
        raise NoteError(f"the head cosignature of `{key.name}` is malformed") from error
    if signer != head_address(key):
        raise NoteError(f"the head cosignature of `{key.name}` does not verify")
    return time, raw


def _time(signature: Signature) -> int:
    time = int.from_bytes(signature.blob[:TIME_BYTES])
    if not 0 < time <= TIME_LIMIT:
        raise NoteError(f"the cosignature of `{signature.name}` bears the impossible time `{time}`")
    return time
