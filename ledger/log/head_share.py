"""A witness's share of the one BLS signature under an on-chain `Head`, as it comes back beside its cosignature.

    type 0xff "penstock/head-share/v1" u64 time || BLS(96) over the EIP-712 digest of
                                       Head(SHA256(origin), size, root, time)

A log asks for shares by the header `Penstock-Head-Share: bls`; a reader that does not know the line ignores it, as
signed-note demands. Law: shares are added up before they are checked, because one pairing over the sum costs what one
over a share does. Only when the sum is false each is looked at, and whoever's is false is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.log import note as notes
from ledger.log.cosignature import TIME_BYTES, TIME_LIMIT, head_of
from ledger.log.note import EXTENDED, Signature, VerifierKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contracts.typed_data import Domain, Head
    from ledger.log.checkpoint import Checkpoint

SHARE_HEADER, SHARE_WANTED = "Penstock-Head-Share", "bls"
SHARE_KIND = b"penstock/head-share/v1\0"
SHARE_BYTES = 96
_COMPRESSED, _LARGER_Y, _PADDING_BYTES = 0x80, 0x20, 16
# (p - 1) / 2: of the two y that belong to an x, the smaller is at most this
_SMALLER_Y_MAX = 0x0D0088F51CBFF34D258DD3DB21A5D66BB23BA5C279C2895FB39869507B587B120F55FFFF58A9FFFFDCFF7FFFFFFFD555
# from this many signers on, one aggregate costs less gas than their ECDSA signatures (docs/programs.md, measured)
AGGREGATE_FROM_SIGNERS = 46


def share_vkey(name: str, aggregate: bytes) -> VerifierKey:
    """Return the verifier key of a witness's 48-byte BLS key."""
    return VerifierKey(name, EXTENDED, SHARE_KIND + aggregate)


def give(checkpoint: Checkpoint, key: VerifierKey, secret: int, time: int, domain: Domain) -> Signature:
    """Sign the on-chain head of a checkpoint with a BLS secret; a tenth of a second, so not on the event loop."""
    from ledger.log import head_aggregate  # noqa: PLC0415  # pairing arithmetic is heavy and needed only here

    assert 0 < time <= TIME_LIMIT
    signed = head_aggregate.sign(secret, head_of(checkpoint, time), domain)
    return Signature(key.name, key.key_id, time.to_bytes(TIME_BYTES) + signed)


def find(answer: str, key: VerifierKey, time: int) -> bytes | None:
    """Return the share (96 bytes, unchecked) of a witness in its answer for a head of `time`, None if it has none.

    `MalformedNoteError` if the answer is no signature lines.
    """
    for line in notes.parse_lines(answer):
        if line.by(key) and len(line.blob) == TIME_BYTES + SHARE_BYTES and line.blob[:TIME_BYTES] == _stamp(time):
            return line.blob[TIME_BYTES:]
    return None


def add_up(
    head: Head, shares: Mapping[str, bytes], keys: Mapping[str, bytes], domain: Domain
) -> tuple[bytes, dict[str, bytes]]:
    """Return the aggregate (96 bytes) of the true shares, and these; nothing if none is true. Takes half a second.

    `shares` name → 96 bytes, `keys` name → 48-byte public key of whoever gave one.
    """
    from ledger.log import head_aggregate  # noqa: PLC0415  # pairing arithmetic is heavy and needed only here

    good = {name: share for name, share in shares.items() if head_aggregate.readable(share)}
    if good:
        total = head_aggregate.combine(list(good.values()))
        if head_aggregate.holds(head, domain, [keys[name] for name in good], total):
            return total, good
    true = {name: share for name, share in good.items() if head_aggregate.holds(head, domain, [keys[name]], share)}
    return (head_aggregate.combine(list(true.values())) if true else b""), true


def key_of(words: Mapping[str, bytes]) -> bytes:
    """Return the 48-byte public key that the chain shows as four words (a `Key` of the anchors program).

    Zcash's form of a point on G1: x, with a bit for "compressed" and one for the larger y.
    """
    x, y = words["xHigh"] + words["xLow"], int.from_bytes(words["yHigh"] + words["yLow"])
    flags = _COMPRESSED | (_LARGER_Y if y > _SMALLER_Y_MAX else 0)
    return bytes([x[_PADDING_BYTES] | flags]) + x[_PADDING_BYTES + 1 :]


def _stamp(time: int) -> bytes:
    return time.to_bytes(TIME_BYTES)
