"""What a finding rests on and how to check it, in both languages and in the order of the table."""

from __future__ import annotations

from ledger.audit.how_to_check import RECORDS, evidence, how


def test_evidence_and_ways_to_check_it_are_told_in_the_language_asked_for():
    identity, space = RECORDS["identity"], RECORDS["space"]
    code = "member-keys-differ"
    assert evidence(code) == evidence(code, "en") == ("its own DID document", "the space's document")
    assert evidence(code, "zh") == (identity[1], space[1])
    assert how(code) == how(code, "en") == (identity[2], space[2])
    assert how(code, "zh") == (identity[3], space[3])
