"""C2SP tlog-policy and tlog-proof: quorum over nested groups, refusals, and a proof that stands alone."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger import checkpoint as checkpoints
from ledger import cosignature, log_policy, merkle, proof
from ledger import note as notes
from ledger.checkpoint import Checkpoint
from ledger.cosignature import WitnessKeys
from ledger.log_policy import LogPolicyError
from ledger.mirror import build
from ledger.note import NoteError
from ledger.proof import LogProof

KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
ORIGIN = "example.com/fancylog"
LOG = notes.log_vkey(ORIGIN, KEY.public_key().public_bytes_raw()).encode()
WITNESSES = {
    name: WitnessKeys(f"{name.lower()}.example", Ed25519PrivateKey.from_private_bytes(bytes([at]) * 32), b"\x42" * 32)
    for at, name in enumerate(["X1", "X2", "X3", "Y1", "Y2", "Y3"], 2)
}
VKEYS = {name: keys.note_vkey().encode() for name, keys in WITNESSES.items()}
LINES = "".join(f"witness {name} {VKEYS[name]} https://{name}.example/\n" for name in WITNESSES)
TWO_LEVELS = (
    f"# two levels\nlog {LOG}\n\n\t{LINES}"
    "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2 Y3\n"
    "group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
)
ENTRIES = [b"one", b"two", b"three"]


def cosigned(names, entries=ENTRIES):
    log = build(entries)
    note = checkpoints.sign(Checkpoint(ORIGIN, log.size, log.root()), KEY)
    return note.sign_with(*(cosignature.cosign(note.text, WITNESSES[name], 1_700_000_000) for name in names))


@pytest.mark.parametrize(
    ("names", "met"),
    [
        (["X1", "X2", "Y3"], True),
        (["X1", "X2", "X3", "Y1", "Y2", "Y3"], True),
        (["X1", "Y1"], False),
        (["X1", "X2", "X3"], False),
        ([], False),
    ],
)
def test_quorum_over_two_levels(names, met):
    policy = log_policy.parse(TWO_LEVELS)
    assert policy.met_by(frozenset(names)) is met
    note = cosigned(names)
    assert policy.witnesses_of(note) == frozenset(names)
    if met:
        assert policy.check(note).size == 3
    else:
        with pytest.raises(NoteError, match="quorum"):
            policy.check(note)


def test_a_policy_round_trips():
    policy = log_policy.parse(TWO_LEVELS)
    assert log_policy.parse(policy.encode()) == policy


def test_quorum_none_needs_only_the_log():
    policy = log_policy.parse(f"log {LOG}\nquorum none\n")
    assert policy.check(cosigned([])).origin == ORIGIN
    with pytest.raises(NoteError, match="names no log"):
        log_policy.parse("quorum none").check(cosigned([]))


def test_a_false_cosignature_does_not_count():
    policy = log_policy.parse(f"log {LOG}\nwitness X1 {VKEYS['X1']}\nquorum X1\n")
    vkey = WITNESSES["X1"].note_vkey()
    note = cosigned([]).sign_with(notes.Signature(vkey.name, vkey.key_id, (5).to_bytes(8) + bytes(64)))
    with pytest.raises(NoteError, match="nobody"):
        policy.check(note)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"log {LOG}\n",
        f"log {LOG}\nquorum none\nquorum none\n",
        f"log {LOG}\nlog {LOG}\nquorum none\n",
        "quorum X1\n" + LINES,
        LINES + "group g 3 X1 X2\nquorum g\n",
        LINES + "group g 0 X1 X2\nquorum g\n",
        LINES + "group g any X1 X1\nquorum g\n",
        LINES + "group g any X1\ngroup h any X1 X2\nquorum h\n",
        LINES + "group g any g\nquorum g\n",
        LINES + "group none any X1\nquorum none\n",
        LINES + "group X1 any X2\nquorum X1\n",
        LINES + "group g any none\nquorum g\n",
        f"witness A {VKEYS['X1']}\nwitness B {VKEYS['X1']}\nquorum none\n",
        f"witness A {LOG}\nquorum none\n",
        f"log {VKEYS['X1']}\nquorum none\n",
        "mirror x\nquorum none\n",
        "quorum none\r\n",
        "witness\nquorum none\n",
        LINES + "group g \u0662 X1 X2\nquorum g\n",
    ],
)
def test_bad_policies_are_refused(text):
    with pytest.raises(LogPolicyError):
        log_policy.parse(text)


def test_a_proof_round_trips_and_verifies_alone():
    log = build(ENTRIES)
    note = cosigned(["X1", "X2", "Y3"])
    text = LogProof(1, tuple(log.inclusion(1)), note, b"hint").encode()
    assert text.startswith("c2sp.org/tlog-proof@v1\nextra aGludA==\nindex 1\n")
    again = proof.parse(text)
    policy = log_policy.parse(TWO_LEVELS)
    assert again.verify(b"two", policy).size == 3
    with pytest.raises(merkle.ProofError):
        again.verify(b"three", policy)
    with pytest.raises(NoteError):
        LogProof(1, again.path, cosigned(["X1"]), None).verify(b"two", policy)


def test_bad_proofs_are_refused():
    log = build(ENTRIES)
    text = LogProof(1, tuple(log.inclusion(1)), cosigned(["X1"])).encode()
    for bad in (
        "",
        text.replace("@v1", "@v2"),
        text.replace("index 1", "index 01"),
        text.replace("index 1", "inclusion 1"),
        text.replace("index 1\n", "index 1\nAAAA\n"),
        text.replace("\nindex", "\nextra \nindex") + "x",
        "c2sp.org/tlog-proof@v1\nextra aGludA==\n\n" + cosigned([]).encode(),
    ):
        with pytest.raises((merkle.ProofError, NoteError)):
            proof.parse(bad)
