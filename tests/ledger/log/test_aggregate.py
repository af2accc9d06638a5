"""One BLS aggregate over final heads (a pairing takes 0.3 s here, so every call is used for several checks)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.labels import H
from ledger.log import aggregate
from ledger.log.aggregate import Attestation, AttestationError, FinalHead
from tests import witnesses
from tests.every import every
from tests.fault.extent import drawn

HEADS = [FinalHead("b/log", 7, b"\x02" * 32), FinalHead("a/log", 5, b"\x01" * 32)]
SECRETS = {name: aggregate.secret(bytes([at]) * 32) for at, name in enumerate(["exchange", "regulator"], 1)}
DOCUMENT_HEADS = [
    {"origin": "a/log", "size": "5", "root": "01" * 32},
    {"origin": "b/log", "size": "7", "root": "02" * 32},
]
DOCUMENT = Attestation(tuple(sorted(HEADS)), {"one": b"\x03" * 48}, b"\x04" * 96).as_json()


def test_the_statement_is_over_every_head_in_the_order_of_origins():
    canonical = ",".join(
        f'{{"origin":"{one["origin"]}","root":"{one["root"]}","size":"{one["size"]}"}}' for one in DOCUMENT_HEADS
    )
    assert aggregate.statement(HEADS) == H("attestation", f"[{canonical}]".encode())
    assert aggregate.statement(HEADS) == aggregate.statement(HEADS[::-1])
    assert aggregate.statement(HEADS) != aggregate.statement(HEADS[:1])


def test_a_statement_is_over_one_to_1024_heads_one_of_each_origin():
    many = [FinalHead(f"{number}/log", number, bytes(32)) for number in range(1025)]
    assert len(aggregate.statement(many[:1024])) == len(aggregate.statement(many[:1])) == 32
    for bad in (many, [], [HEADS[0], HEADS[0]], [HEADS[0], FinalHead("b/log", 8, bytes(32))]):
        with pytest.raises(AttestationError, match="over 1 to 1024 heads, one of each origin"):
            aggregate.statement(bad)


def test_heads_in_another_order_say_the_same():
    turned = {**DOCUMENT, "heads": DOCUMENT_HEADS[::-1]}
    assert aggregate.statement(aggregate.parse(turned).heads) == aggregate.statement(HEADS)


HEAD = DOCUMENT_HEADS[0]


@every(
    ("change", "told"),
    [
        ({"extra": 1}, "not written canonically"),
        ({"v": 2}, "not written canonically"),
        ({"signature": "00"}, "`00` is not 96 bytes of lower-case hex"),
        ({"signature": "0" * 191}, "is not 96 bytes"),
        ({"signature": "AA" * 96}, "is not 96 bytes of lower-case hex"),
        ({"signature": "zz" * 96}, "is not 96 bytes of lower-case hex"),
        ({"signature": 7}, "not an attestation"),
        ({"heads": None}, "not an attestation"),
        ({"heads": [{}]}, "not an attestation"),
        ({"heads": [{**HEAD, "origin": 5}]}, "a head has an origin, a decimal size and a root"),
        ({"heads": [{**HEAD, "size": 5}]}, "not an attestation"),
        ({"heads": [{**HEAD, "size": "-5"}]}, "a decimal size"),
        ({"heads": [{**HEAD, "size": "\N{SUPERSCRIPT TWO}"}]}, "a decimal size"),
        ({"heads": [{**HEAD, "size": "05"}]}, "not written canonically"),
        ({"heads": [{**HEAD, "size": "1" * 20}]}, "a decimal size"),
        ({"heads": [{**HEAD, "root": "01" * 31}]}, "is not 32 bytes"),
        ({"heads": [{**HEAD, "root": "01" * 33}]}, "is not 32 bytes"),
        ({"heads": [{**HEAD, "more": 1}]}, "not written canonically"),
        ({"signers": [{"name": "one", "key": "00" * 47}]}, "is not 48 bytes"),
        ({"signers": [{"name": "one", "key": "00" * 48}] * 2}, "not written canonically"),
    ],
    ids=str,
)
def test_malformed_documents_are_refused(change, told):
    with pytest.raises(AttestationError, match=told):
        aggregate.parse({**DOCUMENT, **change})


@pytest.mark.parametrize("document", [None, {}, []])
def test_what_is_no_document_at_all_is_refused(document):
    with pytest.raises(AttestationError, match="not an attestation"):
        aggregate.parse(document)


def test_a_size_has_up_to_19_digits():
    document = {**DOCUMENT, "heads": [{**HEAD, "size": "9" * 19}]}
    assert aggregate.parse(document).heads == (FinalHead("a/log", 10**19 - 1, b"\x01" * 32),)


@pytest.fixture(scope="module")
def keys():
    return {name: (aggregate.public(key), aggregate.prove(key)) for name, key in SECRETS.items()}


@pytest.fixture(scope="module")
def signed(keys):
    return {name: (keys[name][0], aggregate.sign(key, HEADS)) for name, key in SECRETS.items()}


@pytest.fixture(scope="module")
def attestation(signed):
    return aggregate.combine(HEADS, signed)


def test_the_aggregate_verifies_and_its_document_round_trips(keys, attestation):
    document = attestation.as_json()
    assert document == {
        "v": 1,
        "heads": DOCUMENT_HEADS,
        "signers": [{"name": name, "key": keys[name][0].hex()} for name in ("exchange", "regulator")],
        "signature": attestation.signature.hex(),
    }
    assert [len(one) for one in (*keys["exchange"], attestation.signature)] == [48, 96, 96]
    again = aggregate.parse(document)
    assert again == attestation
    assert aggregate.verify(again, keys) == {"exchange", "regulator"}


def test_a_changed_head_is_refused(keys, attestation):
    document = attestation.as_json()
    document["heads"][0]["size"] = "6"
    with pytest.raises(AttestationError, match="does not verify"):
        aggregate.verify(aggregate.parse(document), keys)


def test_only_proven_keys_of_the_space_s_witnesses_count(keys, attestation):
    exchange, regulator = keys["exchange"], keys["regulator"]
    for known in (
        {"exchange": exchange},
        {"exchange": exchange, "regulator": exchange},
        {"exchange": exchange, "regulator": (regulator[0], exchange[1])},
        {"exchange": exchange, "regulator": (regulator[0], regulator[1][:-1])},
        {"exchange": exchange, "regulator": (b"\0" + regulator[0], regulator[1])},
    ):
        with pytest.raises(AttestationError, match="is no witness with that key and a proof of possession"):
            aggregate.verify(attestation, known)


def test_what_nobody_signed_is_refused(keys, attestation):
    with pytest.raises(AttestationError, match="does not verify"):
        aggregate.verify(replace(attestation, signers={}), keys)


def test_an_attestation_has_one_to_64_signers(signed):
    many = {str(number): signed["exchange"] for number in range(65)}
    assert len(aggregate.combine(HEADS, dict(list(many.items())[:64])).signers) == 64
    assert aggregate.combine(HEADS, {"one": signed["exchange"]}).signature == signed["exchange"][1]
    for bad in ({}, many):
        with pytest.raises(AttestationError, match="an attestation has 1 to 64 signers"):
            aggregate.combine(HEADS, bad)


@pytest.mark.parametrize("share", [b"", bytes(96), b"\xff" * 96, bytes(97)])
def test_what_a_witness_gave_and_is_no_signature_is_refused(signed, share):
    with pytest.raises(AttestationError, match="a witness gave what is no signature"):
        aggregate.combine(HEADS, {**signed, "third": (bytes(48), share)})


def test_the_keys_that_participants_of_tests_are_lent_are_possessed():
    """The whole table when all faults are played, two of its lines else."""
    for number in drawn(range(len(witnesses.PAIRS)), 2):
        key, proof = witnesses.PAIRS[number]
        secret = aggregate.secret(witnesses.seed(number))
        assert (aggregate.public(secret), aggregate.prove(secret)) == (key, proof)
        assert witnesses.LOOKED_AT(key, proof)
    assert len({key for key, _ in witnesses.PAIRS}) == len(witnesses.PAIRS) == len(witnesses.KNOWN)


def test_a_proof_that_is_in_no_table_is_looked_at():
    (key, proof), (other, _) = witnesses.PAIRS[:2]
    assert witnesses.possessed(key, proof)
    assert not witnesses.possessed(other, proof)
