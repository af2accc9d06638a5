"""What shows a peer an authority: each part of it changed, left out, or taken from somewhere else is refused."""

from __future__ import annotations

import base64
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts.signature import address, sign
from ledger.agreement import authority_proof
from ledger.agreement.authority_proof import Principal, said_digest, statement, verify
from ledger.log import checkpoint, merkle
from ledger.log import note as notes
from ledger.log.checkpoint import Checkpoint
from ledger.log.events import Entry
from ledger.log.proof import LogProof
from tests.contracts.test_authority import KEY, MADE, OTHER, SINCE, WITHIN

AGREEMENT, NAME = "ab" * 32, MADE.digest.hex()
LOG, ORIGIN = Ed25519PrivateKey.from_private_bytes(bytes(32)), "buyer/log"
ME = Principal(MADE.principal, notes.log_vkey(ORIGIN, LOG.public_key().public_bytes_raw()))
AT = SINCE + timedelta(days=1, microseconds=7)


def entry(kind, part, *link, party=MADE.principal, at=AT):
    return Entry(kind, at, party, part, link, ()).encode()


GRANT = entry("authority.granted", NAME, NAME, at=SINCE)
SIGNED = entry("agreement.signed", AGREEMENT, AGREEMENT, NAME)


def proven(entries, at, key=LOG):
    """Return an entry with its proof in the log that these make."""
    left, right = (merkle.leaf_hash(one) for one in entries)
    note = checkpoint.sign(Checkpoint(ORIGIN, 2, merkle.node_hash(left, right)), key)
    proof = LogProof(at, ((right, left)[at],), note).encode()
    return {"entry": base64.b64encode(entries[at]).decode(), "proof": proof}


def shown(made=MADE, entries=(GRANT, SIGNED), revoked=None, key=KEY, order=(0, 1), **changed):
    said = statement(AGREEMENT, made.digest.hex(), AT.isoformat(), revoked, AT.isoformat()) | changed
    return {
        "authority": made.json(),
        "signature": sign(made.digest, key).hex(),
        "statement": said,
        "said": sign(said_digest(said), KEY).hex(),
        "granted": proven(entries, order[0]),
        "signed": proven(entries, order[1]),
    }


def test_what_holds_is_told():
    found = verify(shown(), AGREEMENT, WITHIN, ME)
    assert (found.authority, found.signed, found.revoked) == (MADE, AT, None)
    later = (AT + timedelta(seconds=1)).isoformat()
    assert verify(shown(revoked=later), AGREEMENT, WITHIN, ME).revoked == later


FALSE = {
    "one that is signed by another": (shown(key=OTHER), "not signed by its principal"),
    "one that was revoked before": (shown(revoked=SINCE.isoformat()), "revoked before the agreement"),
    "a time of revocation that is none": (shown(revoked="soon"), "Invalid isoformat"),
    "a time of revocation without its zone": (shown(revoked=AT.replace(tzinfo=None).isoformat()), "of no zone"),
    "a number as time of revocation": (shown(revoked=5), "a time that is none"),
    "a true word of before what was signed": (shown(at=SINCE.isoformat()), "made before the agreement"),
    "a word of no time": (shown(at=None), "a time that is none"),
    "a word about another agreement": (shown(agreement="cd" * 32), "about something else"),
    "a word of another time": (shown(signed=SINCE.isoformat()), "about something else"),
    "a word with a member more": (shown(more="x"), "other members"),
    "a grant that came later": (shown(entries=(SIGNED, GRANT), order=(1, 0)), "granted after"),
    "the grant of another": (
        shown(entries=(entry("authority.granted", "cd" * 32, "cd" * 32), SIGNED)),
        "another grant",
    ),
    "an agreement that names none": (
        shown(entries=(GRANT, entry("agreement.signed", AGREEMENT, AGREEMENT))),
        "does not name it",
    ),
    "the log of another": (
        shown(entries=(GRANT, entry("agreement.signed", AGREEMENT, AGREEMENT, NAME, party="did:web:x"))),
        "another participant's",
    ),
    "another participant's": (
        shown(made := replace(MADE, principal="did:web:x"), (entry("authority.granted", made.digest.hex()), SIGNED)),
        "another participant's",
    ),
}


@pytest.mark.parametrize("what", FALSE)
def test_what_does_not_hold_says_so(what):
    told, why = FALSE[what]
    with pytest.raises(ValueError, match=why):
        verify(told, AGREEMENT, WITHIN, ME)


def test_it_covers_what_was_signed_by_the_key_that_signed():
    for changed in ({"amount": 501}, {"product": "winds"}, {"role": "service"}, {"account": address(OTHER)}):
        with pytest.raises(ValueError, match="does not hold"):
            verify(shown(), AGREEMENT, replace(WITHIN, **changed), ME)


def test_another_log_s_head_proves_nothing():
    told = shown()
    told["granted"] = proven((GRANT, SIGNED), 0, Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))
    with pytest.raises(ValueError, match=r"\w"):
        verify(told, AGREEMENT, WITHIN, ME)


def test_nothing_of_it_can_be_left_out_or_be_of_another_form():
    for name in authority_proof.MEMBERS:
        for value in (None, "x", 5, [], {}):
            told = deepcopy(shown())
            told[name] = value
            with pytest.raises(ValueError, match=r"\w"):
                verify(told, AGREEMENT, WITHIN, ME)
    for told in (None, [], {}, shown() | {"more": 1}):
        with pytest.raises(ValueError, match="exactly"):
            verify(told, AGREEMENT, WITHIN, ME)
