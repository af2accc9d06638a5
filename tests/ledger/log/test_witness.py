"""The witness refuses shrunken, forked, stale, unknown and wrongly signed logs, and cosigns note and head at once."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts.typed_data import Domain
from ledger.log import checkpoint as checkpoints
from ledger.log import cosignature, merkle, witness
from ledger.log import note as notes
from ledger.log.checkpoint import Checkpoint
from ledger.log.cosignature import WitnessKeys
from ledger.log.mirror import build
from ledger.log.note import NoteError
from ledger.log.witness import Request, Seen
from tests.every import every

NOW = 1_800_000_000
KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
ORIGIN = "localhost:7001/log"
LOGS = {ORIGIN: notes.log_vkey(ORIGIN, KEY.public_key().public_bytes_raw())}
KEYS = WitnessKeys("localhost:7003/witness", Ed25519PrivateKey.from_private_bytes(b"\x02" * 32), b"\x42" * 32)
DOMAIN = Domain(7, b"\x11" * 20, b"\x22" * 32)
# our clock, in digits of another script
ARABIC = "".join(chr(0x660 + int(digit)) for digit in str(NOW))
ENTRIES = [str(n).encode() for n in range(20)]


def head(log, size):
    return checkpoints.sign(Checkpoint(ORIGIN, size, log.root(size)), KEY)


def ask(log, old, size, seen, *, note=None, proof=None, head_time=None, logs=LOGS):
    path = log.consistency(old, size) if proof is None else proof
    body = Request(old, tuple(path), note or head(log, size)).encode()
    return witness.rule(body, head_time, logs, seen, NOW)


@pytest.fixture
def log():
    return build(ENTRIES)


@pytest.fixture
def seen(log):
    return Seen(8, log.root(8))


def test_first_and_next_checkpoint_are_cosigned(log, seen):
    for ruling in (ask(log, 0, 8, Seen()), ask(log, 8, 20, seen), ask(log, 8, 8, seen)):
        assert ruling.status == 200, ruling.reason
        assert ruling.head_time == NOW


def test_one_step_signs_note_and_head_with_the_times_asked_for(log, seen):
    ruling = ask(log, 8, 20, seen, head_time=str(NOW - 30))
    answer = witness.lines(ruling, KEYS, DOMAIN, NOW)
    note = witness.merge(head(log, 20), answer, [KEYS.note_vkey()])
    assert cosignature.verify(note, KEYS.note_vkey()) == NOW
    assert not note.of(KEYS.head_vkey())
    note = witness.merge_head(note, answer, [KEYS.head_vkey()], DOMAIN)
    [(time, signature)] = cosignature.verify_head(note, KEYS.head_vkey(), DOMAIN)
    assert (time, len(signature)) == (NOW - 30, 65)
    assert len(witness.lines(ruling, KEYS, None, NOW).splitlines()) == 1


def test_an_answer_with_a_false_line_is_refused_and_strangers_are_ignored(log, seen):
    ruling = ask(log, 8, 20, seen)
    false = notes.Signature(KEYS.name, KEYS.note_vkey().key_id, (NOW).to_bytes(8) + bytes(64)).encode()
    with pytest.raises(NoteError, match="does not verify"):
        witness.merge(head(log, 20), false, [KEYS.note_vkey()])
    other = checkpoints.parse_text(head(log, 19).text)
    false = cosignature.cosign_head(other, KEYS, NOW, DOMAIN).encode()
    with pytest.raises(NoteError, match="does not verify"):
        witness.merge_head(head(log, 20), false, [KEYS.head_vkey()], DOMAIN)
    stranger = notes.Signature("stranger.example", b"abcd", bytes(72)).encode()
    note = witness.merge(head(log, 20), stranger + witness.lines(ruling, KEYS, DOMAIN, NOW), [KEYS.note_vkey()])
    assert [line.name for line in note.signatures] == [ORIGIN, KEYS.name]


def test_a_stale_old_size_is_told_the_size_we_have(log, seen):
    for old in (0, 5, 12):
        ruling = ask(log, old, 20, seen)
        assert (ruling.status, ruling.body, ruling.content_type) == (409, "8\n", "text/x.tlog.size")


def test_a_shrunken_log_is_refused(log, seen):
    assert ask(log, 5, 5, seen).status == 409
    body = Request(8, (), head(log, 5)).encode()
    assert witness.rule(body, None, LOGS, seen, NOW).status == 400


def test_a_forked_log_is_refused(log, seen):
    other = build([b"forged", *ENTRIES[1:]])
    same_size = ask(other, 8, 8, seen)
    assert (same_size.status, same_size.fork) == (409, True)
    assert ask(other, 8, 20, seen).status == 422
    assert ask(log, 8, 20, seen, proof=log.consistency(7, 20)).status == 422
    assert ask(log, 0, 20, Seen(), proof=[bytes(32)]).status == 422


def test_an_empty_log_must_have_the_empty_root():
    note = checkpoints.sign(Checkpoint(ORIGIN, 0, bytes(32)), KEY)
    assert witness.rule(Request(0, (), note).encode(), None, LOGS, Seen(), NOW).status == 409
    note = checkpoints.sign(Checkpoint(ORIGIN, 0, merkle.EMPTY_ROOT), KEY)
    assert witness.rule(Request(0, (), note).encode(), None, LOGS, Seen(), NOW).status == 200


def test_unknown_origin_and_wrong_signatures(log, seen):
    assert ask(log, 8, 20, seen, logs={}).status == 404
    stranger = Ed25519PrivateKey.from_private_bytes(b"\x09" * 32)
    unsigned = checkpoints.sign(Checkpoint(ORIGIN, 20, log.root()), stranger)
    assert ask(log, 8, 20, seen, note=unsigned).status == 403
    false = head(log, 20).sign_with(notes.Signature(ORIGIN, LOGS[ORIGIN].key_id, bytes(64)))
    assert ask(log, 8, 20, seen, note=false).status == 403


@pytest.mark.parametrize("head_time", ["", "x", "-5", "1" * 13, str(NOW + 121), str(NOW - 121), "\u0661", ARABIC])
def test_a_head_time_far_from_our_clock_is_refused(log, seen, head_time):
    assert ask(log, 8, 20, seen, head_time=head_time).status == 400


def test_malformed_requests(log):
    good = Request(8, tuple(log.consistency(8, 20)), head(log, 20)).encode()
    assert witness.parse(good).old == 8
    for bad in (
        b"",
        good.replace(b"old 8", b"old 08"),
        good.replace(b"old 8", b"new 8"),
        good.replace(b"old 8\n", b"old 8\nAAAA\n"),
        good.replace(b"old 8\n", b"old 8\n" + notes.b64(bytes(32)).encode() * 1 + b"=\n"),
        good.replace(b"old 8\n", b"old 8\n" + (notes.b64(bytes(32)).encode() + b"\n") * 64),
        good[:-1],
        b"\xff" + good,
        good + b"x" * 80_000,
    ):
        assert witness.rule(bad, None, LOGS, Seen(), NOW).status == 400


# --- each limit, to the unit


def test_a_request_may_be_as_large_as_a_note_and_its_proof():
    assert witness.REQUEST_LIMIT_BYTES == 135_168


def body_of(old, hashes=0, note=None):
    return Request(old, (bytes(32),) * hashes, note or checkpoints.sign(Checkpoint(ORIGIN, 5, bytes(32)), KEY)).encode()


@pytest.mark.parametrize("body", [body_of(0), body_of(10**18), body_of(3, 63)])
def test_what_may_be_asked_is_read(body):
    assert witness.parse(body).encode() == body
    assert witness.origin_of(body) == ORIGIN


@every(
    ("body", "match"),
    [
        (body_of(3, 64), "at most 63 hashes"),
        (body_of(10**19), "starts with"),
        (body_of(3).replace(b"old 3", b"old "), "starts with"),
        (body_of(3).replace(b"old 3", b"old \xb2"), "starts with"),
        (body_of(3).replace(b"old 3", b"3"), "canonically"),
        (body_of(3).replace(b"\n\n", b"\n"), "starts with"),
        (body_of(3, 1).replace(notes.b64(bytes(32)).encode(), notes.b64(bytes(31)).encode()), "of 32 bytes"),
        (b"x" * witness.REQUEST_LIMIT_BYTES, "starts with"),
        (b"x" * (witness.REQUEST_LIMIT_BYTES + 1), "over the limit"),
    ],
)
def test_what_may_not_be_asked_says_why(body, match):
    ruling = witness.rule(body, None, LOGS, Seen(), NOW)
    assert ruling.status == 400
    with pytest.raises(notes.MalformedNoteError, match=match):
        witness.parse(body)


@pytest.mark.parametrize("away", [-120, 0, 120])
def test_a_head_time_near_our_clock_is_taken(log, seen, away):
    ruling = ask(log, 8, 20, seen, head_time=str(NOW + away))
    assert (ruling.status, ruling.head_time) == (200, NOW + away)


@pytest.mark.parametrize(("now", "status"), [(10**12 - 1, 200), (10**12, 400)])
def test_a_head_time_has_twelve_digits_at_most(log, now, status):
    body = Request(0, (), head(log, 20)).encode()
    assert witness.rule(body, str(now), LOGS, Seen(), now).status == status


def test_a_ruling_tells_what_was_asked_and_accepts_only_what_is_consistent(log, seen):
    accepted = ask(log, 8, 20, seen)
    assert accepted.accepted == Checkpoint(ORIGIN, 20, log.root(20))
    assert (accepted.body, accepted.content_type, accepted.fork) == ("", "text/plain; charset=utf-8", False)
    stale, unknown = ask(log, 5, 20, seen), ask(log, 8, 20, seen, logs={})
    unproven = ask(log, 8, 20, seen, proof=log.consistency(7, 20))
    forked = ask(build([b"forged", *ENTRIES[1:]]), 8, 8, seen)
    above = witness.rule(Request(21, (), head(log, 20)).encode(), None, LOGS, Seen(21), NOW)
    unsigned = ask(log, 8, 20, seen, note=checkpoints.sign(Checkpoint(ORIGIN, 20, log.root()), KEYS.note_key))
    for ruling, status in ((stale, 409), (unknown, 404), (unproven, 422), (forked, 409), (above, 400), (unsigned, 403)):
        assert (ruling.status, ruling.accepted, ruling.head_time) == (status, None, 0)
        assert ruling.request is not None
        assert ruling.fork is (ruling is forked)


def test_another_root_of_nothing_is_no_fork():
    note = checkpoints.sign(Checkpoint(ORIGIN, 0, bytes(32)), KEY)
    ruling = witness.rule(Request(0, (), note).encode(), None, LOGS, Seen(), NOW)
    assert (ruling.status, ruling.fork) == (409, False)
    note = checkpoints.sign(Checkpoint(ORIGIN, 1, bytes(32)), KEY)
    ruling = witness.rule(Request(1, (), note).encode(), None, LOGS, Seen(1, b"\1" * 32), NOW)
    assert (ruling.status, ruling.fork) == (409, True)


def test_lines_are_signed_for_what_was_accepted_only(log, seen):
    with pytest.raises(AssertionError):
        witness.lines(ask(log, 5, 20, seen), KEYS, DOMAIN, NOW)


def test_of_an_answer_only_lines_by_the_trusted_are_added(log, seen):
    note, answer = head(log, 20), witness.lines(ask(log, 8, 20, seen), KEYS, DOMAIN, NOW)
    other = WitnessKeys("other.example", KEYS.note_key, b"\x43" * 32)
    assert witness.merge(note, answer, []) == note
    assert witness.merge(note, answer, [other.note_vkey()]) == note
    assert witness.merge_head(note, answer, [other.head_vkey()], DOMAIN) == note
    merged = witness.merge_head(note, answer, [other.head_vkey(), KEYS.head_vkey()], DOMAIN)
    assert merged.signatures[1:] == merged.of(KEYS.head_vkey())
    assert witness.merge(note, answer, [KEYS.note_vkey()]).of(KEYS.note_vkey())
