"""C2SP tlog-witness: what a witness answers to `add-checkpoint`, as a function of the request and of what it has seen.

    POST <prefix>/add-checkpoint       lines: old <size>, <base64 hash>..., <empty>, <checkpoint>

| answer | when |
|---|---|
| 400 | the request is malformed, old is above the checkpoint's size, or the wanted head time is not near our clock |
| 403 | no signature by the log's key, or a false one |
| 404 | the origin is unknown |
| 409 | old is not the size we cosigned last; the body tells that size. Or that size with another root: a forked log |
| 422 | the proof fails: a log that was rewritten |
| 200 | we cosign |

Law: check, persist, sign. `rule` only decides; the caller stores `accepted` in the transaction in which it read
`seen`, and calls `lines` after that commit. A log that goes backwards can therefore never be cosigned, and the newest
note that a witness keeps of a log, which it shows to everybody, covers all that it ever cosigned of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.log import cosignature, subtree
from ledger.log import note as notes
from ledger.log.checkpoint import Checkpoint, parse_text
from ledger.log.merkle import EMPTY_ROOT, HASH_BYTES, PROOF_LIMIT_HASHES, ProofError, verify_consistency
from ledger.log.note import MalformedNoteError, Note, NoteError, VerifierKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from contracts.typed_data import Domain

HEAD_TIME_HEADER = "Penstock-Head-Time"
HEAD_TIME_LEEWAY_SECONDS = 120  # a log asks its witnesses one after the other with one and the same head time
REQUEST_LIMIT_BYTES = 64 * (PROOF_LIMIT_HASHES + 1) + notes.NOTE_LIMIT_BYTES
ACCEPTED, UNPROVEN = 200, 422
TEXT_PLAIN = "text/plain; charset=utf-8"
TEXT_SIZE = "text/x.tlog.size"
# below a witness's log, with an origin behind it: the newest note of the log of that origin that it cosigned
COSIGNED = "cosigned"


@dataclass(frozen=True, slots=True)
class Request:
    """An `add-checkpoint` request: the size the log thinks we saw, the proof from there, the signed note."""

    old: int
    proof: tuple[bytes, ...]
    note: Note

    def encode(self) -> bytes:
        """Write the request's body."""
        lines = [f"old {self.old}", *(notes.b64(value) for value in self.proof)]
        return ("\n".join(lines) + "\n\n" + self.note.encode()).encode()


@dataclass(frozen=True, slots=True)
class Seen:
    """The last checkpoint we cosigned for an origin; (0, EMPTY_ROOT) before the first."""

    size: int = 0
    root: bytes = EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class Ruling:
    """What to answer. `accepted` and `head_time` are set with status 200 only; `fork` marks proof of misbehaviour."""

    status: int
    reason: str
    body: str = ""
    content_type: str = TEXT_PLAIN
    request: Request | None = None
    accepted: Checkpoint | None = None
    head_time: int = 0
    fork: bool = False


def parse(body: bytes) -> Request:
    """Read a request strictly; `MalformedNoteError` if it is none."""
    if len(body) > REQUEST_LIMIT_BYTES:
        raise MalformedNoteError(f"a request of `{len(body)}` bytes is over the limit of {REQUEST_LIMIT_BYTES}")
    head, gap, note = body.partition(b"\n\n")
    lines = head.decode("ascii", "replace").split("\n")
    digits = lines[0].removeprefix("old ")
    if not gap or not (digits.isascii() and digits.isdigit()) or len(digits) > 19:
        raise MalformedNoteError("a request starts with `old <size>` and holds a checkpoint after an empty line")
    proof = tuple(notes.unb64(line) for line in lines[1:])
    if len(proof) > PROOF_LIMIT_HASHES or any(len(value) != HASH_BYTES for value in proof):
        raise MalformedNoteError(f"a proof has at most {PROOF_LIMIT_HASHES} hashes of {HASH_BYTES} bytes")
    request = Request(int(digits), proof, notes.parse(note))
    if request.encode() != body:
        raise MalformedNoteError("the request is not written canonically")
    return request


def origin_of(body: bytes) -> str:
    """Return the origin a request is about, so that the caller can look up what it has seen of it."""
    return parse_text(parse(body).note.text).origin


def rule(body: bytes, head_time: str | None, logs: Mapping[str, VerifierKey], seen: Seen, now: int) -> Ruling:
    """Decide on a request body.

    `head_time` is the header `Penstock-Head-Time` (posix seconds; absent: our own clock), `logs` the trusted log keys
    by origin, `seen` what we cosigned last for the request's origin, `now` our clock in posix seconds.
    """
    try:
        request = parse(body)
        checkpoint = parse_text(request.note.text)
        wanted = _head_time(head_time, now)
    except MalformedNoteError as error:
        return Ruling(400, str(error))
    key = logs.get(checkpoint.origin)
    if key is None:
        return Ruling(404, f"log `{checkpoint.origin}` is unknown here", request=request)
    try:
        notes.verify(request.note, [key])
    except NoteError as error:
        return Ruling(403, str(error), request=request)
    return _judge(request, checkpoint, seen, wanted)


def _judge(request: Request, checkpoint: Checkpoint, seen: Seen, head_time: int) -> Ruling:
    if request.old > checkpoint.size:
        text = f"old size `{request.old}` is above the checkpoint's size `{checkpoint.size}`"
        return Ruling(400, text, request=request)
    if request.old != seen.size:
        body = f"{seen.size}\n"
        return Ruling(409, f"we cosigned size `{seen.size}` last", body, TEXT_SIZE, request=request)
    if checkpoint.size == seen.size and checkpoint.root != seen.root:
        reason = f"the root of size `{seen.size}` is another one here"
        return Ruling(409, reason, request=request, fork=seen.size > 0)
    try:
        verify_consistency(seen.size, seen.root, checkpoint.size, checkpoint.root, request.proof)
    except ProofError as error:
        return Ruling(UNPROVEN, str(error), request=request)
    return Ruling(ACCEPTED, "consistent", request=request, accepted=checkpoint, head_time=head_time)


def _head_time(header: str | None, now: int) -> int:
    if header is None:
        return now
    if not (header.isascii() and header.isdigit()) or len(header) > 12:
        raise MalformedNoteError(f"`{header[:40]}` in {HEAD_TIME_HEADER} is no posix time")
    if abs(int(header) - now) > HEAD_TIME_LEEWAY_SECONDS:
        text = f"{HEAD_TIME_HEADER} `{header}` is more than {HEAD_TIME_LEEWAY_SECONDS} s from our clock"
        raise MalformedNoteError(text)
    return int(header)


def lines(ruling: Ruling, keys: cosignature.WitnessKeys, domain: Domain | None, now: int) -> str:
    """Return the signature lines for an accepted checkpoint, after it was persisted: cosignatures and `Head`.

    Without a `domain` (no anchors program known) the cosignatures stand alone.
    """
    assert ruling.status == ACCEPTED
    assert ruling.accepted is not None
    assert ruling.request is not None
    signed = [cosignature.cosign(ruling.request.note.text, one, now) for one in keys.each]
    if keys.lattice_key is not None and subtree.fits(keys.name, ruling.accepted.origin):
        signed.append(cosignature.cosign_lattice(ruling.accepted, keys.name, keys.lattice_key, now))
    if domain is not None:
        signed += [cosignature.cosign_head(ruling.accepted, one, ruling.head_time, domain) for one in keys.heads]
    return "".join(one.encode() for one in signed)


def merge(note: Note, answer: str, trusted: Sequence[VerifierKey]) -> Note:
    """Add to a note the lines of a witness's answer that are by `trusted` cosigner keys; ignore the others.

    A line by a trusted key must verify. `Head` lines are added by `merge_head`, which needs the chain's domain.
    """
    candidate = note.sign_with(*notes.parse_lines(answer))
    for key in trusted:
        cosignature.verify(candidate, key)
    return note.sign_with(*(line for key in trusted for line in candidate.of(key)))


def merge_head(note: Note, answer: str, trusted: Sequence[VerifierKey], domain: Domain) -> Note:
    """Add to a note the `Head` lines of a witness's answer that are by `trusted` keys; each must verify."""
    candidate = note.sign_with(*notes.parse_lines(answer))
    for key in trusted:
        cosignature.verify_head(candidate, key, domain)
    return note.sign_with(*(line for key in trusted for line in candidate.of(key)))
