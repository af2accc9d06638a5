"""`penstock verify`: bundles, proofs and receipts as files; a verdict is an answer, a forgery is exit code 6."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from contracts import address, signature
from contracts.agreement import build
from contracts.onchain.artifacts import PROGRAMS
from contracts.typed_data import Domain, digest
from contracts.typed_json import to_json
from ledger.log import checkpoint, cosignature, merkle, note
from ledger.log import proof as proofs
from ledger.log.policy import LogPolicy
from ledger.log.proof import LogProof
from tests.contracts.weather import TERMS
from tests.ledger.dispute import test_verdict as case
from tests.ledger.dispute.test_filing import CONTRADICTIONS, contradiction
from tests.ledger.spans import span_of

ORIGIN = "localhost:7001/log"
ENTRIES = [b"one", b"two", b"three"]


@pytest.fixture
def file(tmp_path):
    def write(name, value):
        path = tmp_path / name
        if isinstance(value, bytes):
            path.write_bytes(value)
        else:
            path.write_text(value if isinstance(value, str) else json.dumps(value))
        return path

    return write


@pytest.fixture
def deployment(file):
    where = dict.fromkeys(PROGRAMS, 9) | {"editions": 1, "licences": 2, "channels": 3}
    addresses = {name: address.show(bytes([number]) * 20) for name, number in where.items()}
    return file("deployment.json", {"chainId": "7", "salt": "22" * 32, "addresses": addresses})


@pytest.mark.parametrize("finding", case.CASES)
def test_every_verdict(penstock, file, deployment, finding):
    bundle = file("bundle.json", case.CASES[finding]().json())
    said = penstock("verify", bundle, "--deployment", deployment, "--json")
    assert said.json["finding"] == finding.value
    assert said.code == (6 if finding is case.Finding.BUYER_LIES else 0)
    plain = penstock("verify", bundle, "--deployment", deployment)
    assert f"at fault: {case.CONSEQUENCES[finding].at_fault}" in plain.out


@pytest.fixture
def agreed():
    """An agreement as `agreement.signed` has it, signed by both in the deployment's domain, and its digest."""
    domain, buyer, provider = Domain(7, bytes([2]) * 20, b"\x22" * 32), b"\x02" * 32, b"\x01" * 32
    agreement = build(TERMS, provider=signature.address(provider), buyer=signature.address(buyer), price_cap=1500)
    signed = digest(domain, agreement)
    fields = {"terms": TERMS.json(), "agreement": to_json(agreement)}
    fields |= {"providerSignature": signature.sign(signed, provider).hex()}
    return fields | {"buyerSignature": signature.sign(signed, buyer).hex()}, signed.hex()


def test_an_agreement_holds_by_its_terms_and_both_signatures(penstock, file, deployment, agreed):
    document, signed = agreed
    said = penstock("verify", file("agreement.json", document), "--deployment", deployment, "--json")
    assert (said.code, said.json["kind"], said.json["agreementDigest"]) == (0, "agreement", signed)
    assert (
        document["agreement"]["summary"]
        in penstock("verify", file("agreement.json", document), "--deployment", deployment).out
    )


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (lambda one: {**one, "terms": {**one["terms"], "tariff": {**one["terms"]["tariff"], "minor": "1"}}}, "terms"),
        (lambda one: {**one, "agreement": {**one["agreement"], "summary": "cheaper"}}, "words"),
        (lambda one: {**one, "buyerSignature": one["providerSignature"]}, "buyer"),
        (lambda one: {**one, "agreement": {**one["agreement"], "notAfter": "1"}}, "not_after"),
    ],
)
def test_an_agreement_that_was_changed_says_where(penstock, file, deployment, agreed, changed, why):
    said = penstock("verify", file("agreement.json", changed(agreed[0])), "--deployment", deployment, "--json")
    assert (said.code, said.json["verified"]) == (6, False)
    assert why.lower() in said.json["reason"].lower()


def test_a_space_document_serves_as_deployment(penstock, file, deployment):
    space = file("space.json", {"members": [], "deployment": json.loads(deployment.read_text())})
    bundle = file("bundle.json", case.wrong_key().json())
    said = penstock("verify", bundle, "--deployment", space)
    assert said.code == 0
    assert "at fault: payee" in said.out
    assert "refund: 2.50" in said.out


def proven(index=1):
    key = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
    leaves = [merkle.leaf_hash(entry) for entry in ENTRIES]
    signed = checkpoint.sign(checkpoint.Checkpoint(ORIGIN, len(ENTRIES), merkle.root(leaves)), key)
    path = merkle.inclusion_proof(span_of(leaves), index, len(ENTRIES))
    vkey = note.log_vkey(ORIGIN, key.public_key().public_bytes_raw())
    return LogProof(index, tuple(path), signed).encode(), LogPolicy((vkey,), {}, {}, "none").encode()


def test_a_proof(penstock, file):
    text, policy = proven()
    proof, rules = file("proof.txt", text), file("policy.txt", policy)
    said = penstock("verify", proof, "--entry", file("entry", b"two"), "--log-policy", rules, "--json")
    assert said.code == 0, said.err
    assert (said.json["origin"], said.json["index"], said.json["size"]) == (ORIGIN, "1", "3")
    assert penstock("verify", proof, "--entry", file("entry", b"too"), "--log-policy", rules).code == 6


def test_a_proof_that_lacks_its_witnesses(penstock, file):
    text, policy = proven()
    witness = note.VerifierKey("w/witness", note.COSIGNATURE, b"\x07" * 32)
    demanding = policy.replace("quorum none", f"witness w {witness.encode()}\nquorum w")
    rules = file("policy.txt", demanding)
    said = penstock("verify", file("proof", text), "--entry", file("entry", b"two"), "--log-policy", rules)
    assert said.code == 6
    assert "quorum" in said.err


def test_a_witness_that_signs_with_a_lattice(penstock, file):
    text, policy = proven()
    key = MLDSA44PrivateKey.from_seed_bytes(b"\x07" * 32)
    shown = proofs.parse(text)
    head = checkpoint.parse_text(shown.note.text)
    line = cosignature.cosign_lattice(head, "w/witness", key, 1_800_000_000)
    vkey = cosignature.lattice_vkey("w/witness", key.public_key().public_bytes_raw())
    demanding = policy.replace("quorum none", f"witness w {vkey.encode()}\nquorum w")
    signed = replace(shown, note=shown.note.sign_with(line)).encode()
    rules, entry = file("policy.txt", demanding), file("entry", b"two")
    said = penstock("verify", file("proof", signed), "--entry", entry, "--log-policy", rules, "--json")
    assert (said.code, said.json["witnesses"], said.json["postQuantum"]) == (0, ["w"], ["w"])
    told = penstock("verify", file("proof", signed), "--entry", entry, "--log-policy", rules).out
    assert "witnessed by w (ML-DSA-44)" in told
    assert penstock("verify", file("proof", text), "--entry", entry, "--log-policy", rules).code == 6


def test_an_event_of_a_bundle(penstock, file):
    text, policy = proven()
    event = file("event.json", {"entry": note.b64(b"two"), "proof": text})
    said = penstock("verify", event, "--log-policy", file("policy.txt", policy))
    assert said.code == 0
    assert "entry 1 of 3" in said.out


def test_a_receipt_names_its_signer(penstock, file, deployment):
    signed = case.make().receipt
    document = {"receipt": to_json(signed.value), "receiptSig": signed.signature.hex()}
    said = penstock("verify", file("receipt.json", document), "--deployment", deployment, "--json")
    assert said.code == 0
    assert said.json["signer"] == address.show(signature.address(case.PROVIDER))
    assert signature.is_by(
        signature.address(case.PROVIDER), digest(case.DOMAINS.registry, signed.value), signed.signature
    )


@pytest.mark.parametrize("role", CONTRADICTIONS)
def test_an_equivocation_names_who_signed_both(penstock, file, deployment, role):
    said = penstock("verify", file("e.json", CONTRADICTIONS[role]()), "--deployment", deployment, "--json")
    assert said.code == 0, said.err
    key = case.BUYER if role == "payer" else case.PROVIDER
    assert (said.json["finding"], said.json["atFault"]) == ("equivocation", role.split()[0])
    assert said.json["signer"] == address.show(signature.address(key))


NO_CONTRADICTIONS = {
    "another key": lambda: contradiction("voucher", case.DOMAINS.channels, case.STRANGER, cumulative_amount=200),
    "another domain": lambda: contradiction("voucher", case.DOMAINS.registry, case.BUYER, cumulative_amount=200),
    "another seq": lambda: contradiction("voucher", case.DOMAINS.channels, case.BUYER, seq=8),
    "another channel": lambda: contradiction("voucher", case.DOMAINS.channels, case.BUYER, channel_id=b"\x01" * 32),
    "the same twice": lambda: contradiction("voucher", case.DOMAINS.channels, case.BUYER),
    "one alone": lambda: {**(both := CONTRADICTIONS["payer"]()), "messages": both["messages"][:1]},
    "another kind": lambda: {**CONTRADICTIONS["payer"](), "kind": "Receipt"},
    "no kind": lambda: {**CONTRADICTIONS["payer"](), "kind": "Final"},
    "another version": lambda: {**CONTRADICTIONS["payer"](), "v": 2},
    "a long list": lambda: {**(both := CONTRADICTIONS["payer"]()), "messages": both["messages"] * 2},
}


@pytest.mark.parametrize("name", NO_CONTRADICTIONS)
def test_what_proves_no_equivocation_is_dismissed(penstock, file, deployment, name):
    said = penstock("verify", file("e.json", NO_CONTRADICTIONS[name]()), "--deployment", deployment, "--json")
    assert said.code == 6
    assert (said.json["finding"], said.json["atFault"]) == ("buyer-lies", "claimant")


def test_what_is_missing_or_unknown_is_2(penstock, file, deployment):
    bundle = file("bundle.json", case.make().json())
    assert "--deployment" in penstock("verify", bundle).err
    assert penstock("verify", bundle).code == 2
    assert penstock("verify", file("proof", proven()[0])).code == 2
    assert penstock("verify", file("x.json", {"some": "thing"}), "--deployment", deployment).code == 2
    assert penstock("verify", file("x.json", [1]), "--deployment", deployment).code == 2
    assert penstock("verify", file("x.bin", b"\xff\xfe"), "--deployment", deployment).code == 2
    assert penstock("verify", bundle, "--deployment", file("d.json", {"chainId": "7"})).code == 2
