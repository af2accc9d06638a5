"""C2SP tlog-policy and tlog-proof: quorum over nested groups, refusals, and a proof that stands alone."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.log import checkpoint as checkpoints
from ledger.log import cosignature, merkle, proof
from ledger.log import note as notes
from ledger.log import policy as log_policy
from ledger.log.checkpoint import Checkpoint
from ledger.log.cosignature import WitnessKeys
from ledger.log.mirror import build
from ledger.log.note import NoteError
from ledger.log.policy import Group, LogPolicyError
from ledger.log.proof import LogProof
from tests.every import every

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


@every(
    "text",
    [
        "",
        f"log {LOG}\n",
        f"log {LOG}\nquorum none\nquorum none\n",
        f"log {LOG}\nlog {LOG}\nquorum none\n",
        "quorum X1\n" + LINES,
        LINES + "group g 3 X1 X2\nquorum g\n",
        LINES + "group g 0 X1 X2\nquorum g\n",
        LINES + "group g 00001 X1 X2\nquorum g\n",
        LINES + f"group g {'9' * 5000} X1 X2\nquorum g\n",
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


# ---- what a policy says, and why a text is none


def test_a_policy_is_written_line_by_line():
    policy = log_policy.parse(TWO_LEVELS)
    assert policy.encode() == (
        f"log {LOG}\n{LINES}"
        "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses 1 Y1 Y2 Y3\n"
        "group X-and-Y 2 X-witnesses Y-witnesses\nquorum X-and-Y\n"
    )
    assert (policy.quorum, policy.groups["X-witnesses"]) == ("X-and-Y", Group(2, ("X1", "X2", "X3")))
    assert policy.urls == {VKEYS[name]: f"https://{name}.example/" for name in WITNESSES}
    assert {name: key.encode() for name, key in policy.witnesses.items()} == VKEYS
    bare = log_policy.parse(f"log {LOG} https://log.example/\nwitness A {VKEYS['X1']}\nquorum A\n")
    assert bare.encode() == f"log {LOG} https://log.example/\nwitness A {VKEYS['X1']}\nquorum A\n"


def test_each_log_is_believed_by_its_own_key():
    others = [notes.log_vkey(name, bytes([at]) * 32) for at, name in enumerate(("one.example", "two.example"))]
    policy = log_policy.parse("".join(f"log {key.encode()}\n" for key in others) + "quorum none\n")
    assert [policy.log(key.name) for key in others] == others
    with pytest.raises(NoteError, match=r"the policy names no log `three\.example`"):
        policy.log("three.example")


@every(
    ("threshold", "names", "met"),
    [
        ("any", ["X3"], True),
        ("any", [], False),
        ("1", ["X1"], True),
        ("2", ["X1"], False),
        ("2", ["X1", "X3"], True),
        ("0003", ["X1", "X3"], False),
        ("3", ["X1", "X2", "X3"], True),
        ("all", ["X1", "X2"], False),
        ("all", ["X1", "X2", "X3"], True),
        ("any", ["Y1", "g"], False),
    ],
)
def test_a_group_holds_from_its_threshold_on(threshold, names, met):
    policy = log_policy.parse(LINES + f"group g {threshold} X1 X2 X3\nquorum g\n")
    assert policy.met_by(frozenset(names)) is met


def test_who_cosigned_is_told_where_it_was_too_few():
    with pytest.raises(NoteError, match=f"`X-and-Y` is not met for `{ORIGIN}`: cosigned by X1, Y2"):
        log_policy.parse(TWO_LEVELS).check(cosigned(["Y2", "X1"]))


def test_words_are_parted_by_spaces_and_tabs_and_remarks_are_passed_over():
    plain = log_policy.parse(f"log {LOG}\nwitness A {VKEYS['X1']}\nquorum A\n")
    assert log_policy.parse(f"  # quorum none\n\tlog \t {LOG}\t\n#\n\nwitness A {VKEYS['X1']}\n quorum  A") == plain


TWICE = "is of the wrong kind or stands here twice"
SHORT = f"witness A {VKEYS['X1']}\n"


@every(
    ("text", "why"),
    [
        ("mirror x\n", "line 1: unknown keyword `mirror`; use one of log, witness, group, quorum"),
        ("\n# no rule\n", "the policy has no quorum line; add `quorum <name>` or `quorum none`"),
        ("quorum\n", "line 1: exactly one quorum line with one name is needed"),
        ("quorum none none\n", "line 1: exactly one quorum line with one name is needed"),
        ("quorum none\n\nquorum none\n", "line 3: exactly one quorum line with one name is needed"),
        (SHORT + "quorum B\n", "line 2: `B` is defined on no line above"),
        ("log\n", "line 1: expected a verifier key and perhaps a URL"),
        (f"log {LOG} https://a https://b\n", "line 1: expected a verifier key and perhaps a URL"),
        ("witness\n", "line 1: a witness line has a name and a verifier key"),
        ("witness A\n", "line 1: expected a verifier key and perhaps a URL"),
        (SHORT.strip() + " https://a https://b\n", "line 1: expected a verifier key and perhaps a URL"),
        ("witness A nokey\n", "line 1: `nokey` is no verifier key; it has the form name+hash+key"),
        (f"log {VKEYS['X1']}\n", f"line 1: the key of `x1.example` {TWICE}"),
        (f"witness A {LOG}\n", f"line 1: the key of `{ORIGIN}` {TWICE}"),
        (f"log {LOG}\nlog {LOG}\n", f"line 2: the key of `{ORIGIN}` {TWICE}"),
        (
            SHORT + SHORT.replace("A", "B", 1),
            f"line 2: the key of `x1.example` {TWICE}",
        ),
        (SHORT + f"witness A {VKEYS['X2']}\n", "line 2: the name `A` is taken"),
        (f"witness none {VKEYS['X2']}\n", "line 1: the name `none` is taken"),
        (SHORT + "group A any A\n", "line 2: the name `A` is taken"),
        (SHORT + "group g any A\ngroup g any A\n", "line 3: the name `g` is taken"),
        (SHORT + "group g any A\nwitness g x\n", "line 3: the name `g` is taken"),
        ("group\n", "line 1: a group line has a name, a threshold and at least one member"),
        (SHORT + "group g any\n", "line 2: a group line has a name, a threshold and at least one member"),
        (SHORT + "group g any B\n", "line 2: `B` is defined on no line above"),
        (SHORT + "group g any g\n", "line 2: `g` is defined on no line above"),
        (SHORT + "group g any A A\n", "line 2: a name may be a member of one group only, and once"),
        (SHORT + "group g any A\ngroup h any A\n", "line 3: a name may be a member of one group only, and once"),
        (LINES + "group g 2 X1\n", "line 7: a threshold of `2` does not fit `1` members"),
        (LINES + "group g 0 X1\n", "line 7: a threshold of `0` does not fit `1` members"),
        (LINES + "group g 9999 X1\n", "line 7: a threshold of `9999` does not fit `1` members"),
        (LINES + "group g 00001 X1\n", "line 7: `00001` is no threshold; use `any`, `all` or a number"),
        (LINES + "group g -1 X1\n", "line 7: `-1` is no threshold; use `any`, `all` or a number"),
        (LINES + "group g \u0661 X1\n", "line 7: `\u0661` is no threshold; use `any`, `all` or a number"),
        (LINES + "group g \u00b2 X1\n", "line 7: `\u00b2` is no threshold; use `any`, `all` or a number"),
        ("quorum none\r\n", "a policy has at most 65536 bytes and no control characters"),
        ("quorum none\x7f", "a policy has at most 65536 bytes and no control characters"),
    ],
)
def test_why_a_text_is_no_policy(text, why):
    with pytest.raises(LogPolicyError) as refused:
        log_policy.parse(text)
    assert str(refused.value) == why


def test_a_policy_has_as_many_bytes_as_its_limit():
    """Bytes, not characters: a remark in another script fills it sooner."""
    start = "quorum none\n#"
    most = start + "\u00e9" * ((65_536 - len(start)) // 2) + "x" * ((65_536 - len(start)) % 2)
    assert len(most.encode()) == 65_536
    assert log_policy.parse(most).quorum == "none"
    with pytest.raises(LogPolicyError, match="at most 65536 bytes"):
        log_policy.parse(most + "x")


def test_a_policy_names_at_most_256_witnesses_and_groups():
    keys = [cosignature.cosigner_vkey("w.example", at.to_bytes(32)).encode() for at in range(256)]
    witnesses = "".join(f"witness w{at} {key}\n" for at, key in enumerate(keys[:254]))
    most = witnesses + "group g any w0\ngroup h any w1\n"
    assert log_policy.parse(most + "quorum g\n").met_by(frozenset({"w0"}))
    for more in (f"witness more {keys[254]}\n", "group more any w2\n"):
        with pytest.raises(LogPolicyError, match="line 257: a policy may name at most 256 witnesses and groups"):
            log_policy.parse(most + more + "quorum g\n")


# ---- a proof under a policy


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
