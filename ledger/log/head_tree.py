"""The heads of many logs as one tree, and what shows that a head is in it: anchored by way of another's log.

Whoever gathers heads (`Gatherer`) makes a tree of one round of them, writes the root into its own log as an event, and
anchors its log as ever. So a path leads from a head to the root, the event to the gatherer's log, and its head to the
chain. Leaf = the digest that the anchors program takes for the same head (spec 8), hashed as RFC 9162 hashes entries.

Law: nothing that the document says counts before it is proven: the log's own signature, a quorum of its witnesses over
the on-chain form of the head, both paths. What is left to its reader is whether the chain has `under`, and in which
block. The chain has counted no witness of the gathered log: who reads the document has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts.decimals import read_decimal, read_hex
from contracts.errors import why
from contracts.typed_data import digest
from ledger.log import checkpoint as checkpoints
from ledger.log import cosignature, events, merkle
from ledger.log import note as notes
from ledger.log.checkpoint import Checkpoint
from ledger.log.leaves import Leaves
from ledger.log.merkle import HASH_BYTES, PROOF_LIMIT_HASHES, leaf_hash
from ledger.log.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from contracts.typed_data import Domain
    from ledger.log.note import Note, VerifierKey

GATHERED = "heads.gathered"


class HeadTreeError(ValueError):
    """A document does not show what it claims; who gave it is at fault."""


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Whose log has the roots: its DID and its origin line."""

    did: str
    origin: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """A head that is proven to be in a tree: `under` is the gatherer's head that the chain must have in `block`."""

    head: Checkpoint
    time: int
    under: Checkpoint
    block: int


def leaf(domain: Domain, head: Checkpoint, time: int) -> bytes:
    """Return the leaf of a head that its witnesses signed at `time` (posix seconds); `domain` is of the anchors."""
    return leaf_hash(digest(domain, cosignature.head_of(head, time)))


def planted(leaves: Iterable[bytes]) -> Tree:
    """Return the tree over leaf hashes: that of a log, which proves them."""
    hashes = Leaves()
    hashes.extend(b"".join(leaves))
    return Tree(hashes)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a leaf is in a tree: its index, how many there are, and the path."""

    index: int
    count: int
    path: tuple[bytes, ...]

    def json(self) -> dict[str, Any]:
        """Return the place with its path in hex."""
        return {"index": str(self.index), "count": str(self.count), "path": [each.hex() for each in self.path]}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Place:
        """Read a place; `ValueError`, `KeyError` or `TypeError` for anything else."""
        listed = told["path"]
        if not isinstance(listed, list) or len(listed) > PROOF_LIMIT_HASHES:
            raise HeadTreeError(f"a path has at most {PROOF_LIMIT_HASHES} hashes")
        hashes = tuple(read_hex(each, "path", HASH_BYTES) for each in listed)
        return cls(read_decimal(told["index"], "index"), read_decimal(told["count"], "count"), hashes)


def document(note: str, time: int, place: Place, entry: bytes, under: Checkpoint, below: Place, block: int) -> Any:
    """Return the document: a cosigned `note`, its `place` in the round's tree, the event, the event's place `below`."""
    return {
        "note": note,
        "time": str(time),
        "tree": place.json(),
        "entry": notes.b64(entry),
        "log": below.json(),
        "under": {"origin": under.origin, "root": under.root.hex(), "block": str(block)},
    }


def verify(
    told: Any, domain: Domain, log: VerifierKey, witnesses: Sequence[VerifierKey], quorum: int, gatherer: Gatherer
) -> Gathered:
    """Return the head that a document shows to be gathered; raises `HeadTreeError` for one that does not.

    `log` is the key of the gathered log, `witnesses` the keys by which its witnesses sign on-chain heads.
    """
    try:
        note, time, place, entry, below = _read(told)
        head, event = checkpoints.verify(note, log), events.decode(entry)
        signed = signers(note, time, domain, witnesses)
        under = read_hex(told["under"]["root"], "root", HASH_BYTES)
        top = read_hex(event.link[0], "root", HASH_BYTES)
        merkle.verify_inclusion(leaf(domain, head, time), place.index, place.count, place.path, top)
        merkle.verify_inclusion(leaf_hash(entry), below.index, below.count, below.path, under)
        origin, block = told["under"]["origin"], read_decimal(told["under"]["block"], "block")
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise HeadTreeError(f"it does not show a gathered head: {why(error)}") from error
    if (origin, event.party, event.kind) != (gatherer.origin, gatherer.did, GATHERED):
        raise HeadTreeError(f"the head was not gathered by `{gatherer.did}`")
    if event.link[1:] != (str(place.count),):
        raise HeadTreeError("the event is of a tree of another size")
    if quorum < 1 or signed < quorum:
        raise HeadTreeError(f"{signed} of {len(witnesses)} witnesses signed the head, {quorum} must")
    return Gathered(head, time, Checkpoint(gatherer.origin, below.count, under), block)


def _read(told: Any) -> tuple[Note, int, Place, bytes, Place]:
    entry = notes.unb64(told["entry"])
    time = read_decimal(told["time"], "time")
    return notes.parse(told["note"]), time, Place.from_json(told["tree"]), entry, Place.from_json(told["log"])


def signers(note: Note, time: int, domain: Domain, witnesses: Sequence[VerifierKey]) -> int:
    """Return how many witnesses signed the on-chain form of a head at this very time; `NoteError` for a false line.

    Keys of one name are one witness: those of accounts that it had count beside its own.
    """
    signed = (one for one in witnesses if any(at == time for at, _ in cosignature.verify_head(note, one, domain)))
    return len({one.name for one in signed})
