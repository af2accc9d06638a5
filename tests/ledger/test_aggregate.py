"""One BLS aggregate over final heads (a pairing takes 0.3 s here, so every call is used for several checks)."""

from __future__ import annotations

import pytest

from ledger import aggregate
from ledger.aggregate import AttestationError, FinalHead

HEADS = [FinalHead("b/log", 7, b"\x02" * 32), FinalHead("a/log", 5, b"\x01" * 32)]
SECRETS = {name: aggregate.secret(bytes([at]) * 32) for at, name in enumerate(["exchange", "regulator"], 1)}


@pytest.fixture(scope="module")
def keys():
    return {name: (aggregate.public(key), aggregate.prove(key)) for name, key in SECRETS.items()}


@pytest.fixture(scope="module")
def attestation(keys):
    signed = {name: (keys[name][0], aggregate.sign(key, HEADS)) for name, key in SECRETS.items()}
    return aggregate.combine(HEADS, signed)


def test_the_aggregate_verifies_and_its_document_round_trips(keys, attestation):
    again = aggregate.parse(attestation.as_json())
    assert again == attestation
    assert aggregate.verify(again, keys) == {"exchange", "regulator"}


def test_a_changed_head_or_a_missing_signer_is_refused(keys, attestation):
    document = attestation.as_json()
    document["heads"][0]["size"] = "6"
    with pytest.raises(AttestationError, match="does not verify"):
        aggregate.verify(aggregate.parse(document), keys)
    with pytest.raises(AttestationError, match="no witness"):
        aggregate.verify(attestation, {"exchange": keys["exchange"]})
    swapped = {"exchange": keys["exchange"], "regulator": (keys["regulator"][0], keys["exchange"][1])}
    with pytest.raises(AttestationError, match="possession"):
        aggregate.verify(attestation, swapped)


def test_the_statement_does_not_depend_on_order_but_on_every_head():
    assert aggregate.statement(HEADS) == aggregate.statement(HEADS[::-1])
    assert aggregate.statement(HEADS) != aggregate.statement(HEADS[:1])
    for bad in ([], [HEADS[0], HEADS[0]], [HEADS[0], FinalHead("b/log", 8, bytes(32))]):
        with pytest.raises(AttestationError):
            aggregate.statement(bad)


def test_malformed_documents_are_refused(attestation):
    good = attestation.as_json()
    for bad in (
        None,
        {},
        {**good, "extra": 1},
        {**good, "v": 2},
        {**good, "signature": "00"},
        {**good, "heads": [{"origin": "a", "size": 5, "root": "00" * 32}]},
        {**good, "heads": good["heads"][::-1]},
        {**good, "signers": [*good["signers"], good["signers"][0]]},
    ):
        if bad == {**good, "heads": good["heads"][::-1]}:
            assert aggregate.statement(aggregate.parse(bad).heads) == aggregate.statement(HEADS)
            continue
        with pytest.raises(AttestationError):
            aggregate.parse(bad)
