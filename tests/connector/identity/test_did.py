"""DID documents: ours is read back as it was made; a peer's counts only for itself."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.identity import did as dids
from connector.identity import jwk
from connector.identity.did import ACCOUNT, BLS_PROOF, BLS_PUBLIC
from connector.identity.vouching import LOG_PROOF
from connector.runtime.errors import InvalidInput, VerificationFailed
from contracts import signature
from contracts.address import show
from contracts.namespace import NS
from tests.connector.identity.test_tokens import BUYER, KEYS, PROVIDER
from tests.every import every

AGGREGATE = (bytes(range(48)), bytes(range(96)))
BUILT = dids.build(BUYER, "http://localhost:7002", KEYS[BUYER], AGGREGATE, exchange=False)


def parse(document, did=BUYER):
    return dids.parse(json.dumps(document).encode(), did)


def test_our_document_is_read_back_as_it_was_made():
    keys = KEYS[BUYER]
    document = parse(BUILT)
    assert document.id == BUYER
    assert document.agreement == keys.address == document.require("agreement")
    assert document.log == keys.log_public
    assert document.delivery == keys.delivery_public
    assert document.aggregate == AGGREGATE
    assert document.cosigner == keys.cosigner_public
    assert list(document.token_keys) == [BUYER + "#token"]
    assert document.token_keys[BUYER + "#token"] == keys.token.public_key()
    assert document.services["DataService"] == "http://localhost:7002/.well-known/dspace-version"
    assert document.services[NS + "Log"] == "http://localhost:7002/log"
    assert NS + "Space" not in document.services
    assert NS + "Space" in parse(dids.build(BUYER, "x", keys, None, exchange=True)).services


def test_a_key_of_sm2_is_listed_by_who_has_one_and_found_by_its_curve():
    assert "sm2" not in json.dumps(BUILT).lower()
    keys = replace(KEYS[BUYER], sm2=bytes([9]) * 32)
    built = dids.build(BUYER, "http://localhost:7002", keys, AGGREGATE, exchange=False)
    document = parse(built)
    assert document.sm2 == keys.sm2_public
    assert list(document.token_keys) == [BUYER + "#token"]
    assert parse(json.loads(json.dumps(built).replace("#sm2", "#seal"))).sm2 == keys.sm2_public
    # what is not said to assert proves nothing
    unsaid = {**built, "assertionMethod": built["assertionMethod"][:-1]}
    assert parse(unsaid).sm2 is None
    for member, wrong in (("y", "A" * 43), ("x", "AA"), ("kty", "OKP"), ("d", "A" * 43)):
        broken = copy.deepcopy(built)
        broken["verificationMethod"][-1]["publicKeyJwk"][member] = wrong
        with pytest.raises(VerificationFailed, match="SM2"):
            parse(broken)


def test_the_account_is_the_one_that_signs():
    digest = bytes(32)
    assert signature.recover(digest, signature.sign(digest, KEYS[BUYER].agreement)) == parse(BUILT).agreement


def test_a_foreign_participant_may_publish_only_a_token_key():
    bare = {
        "id": BUYER,
        "verificationMethod": [{**BUILT["verificationMethod"][0], "id": "#k1"}],
        "authentication": ["#k1"],
    }
    document = parse(bare)
    assert list(document.token_keys) == [BUYER + "#k1"]
    assert (document.agreement, document.log, document.delivery, document.aggregate) == (None, None, None, None)
    with pytest.raises(VerificationFailed, match="publishes no delivery key"):
        document.require("delivery")


def change(path, value):
    def apply(document):
        *walk, last = path
        place = document
        for step in walk:
            place = place[step]
        place[last] = value

    return apply


KEY, BLS_KEY = ("verificationMethod", 0, "publicKeyJwk"), ("verificationMethod", 4, "publicKeyJwk")
AGREEMENT_KEY, LATTICE_KEY = (("verificationMethod", number, "publicKeyJwk") for number in (1, 5))
OTHERS = dids.build(PROVIDER, "http://localhost:7001", KEYS[PROVIDER], AGGREGATE, exchange=False)
OTHERS_KEY = OTHERS["verificationMethod"][5]
BROKEN = {
    "another id": change(("id",), PROVIDER),
    "no id": change(("id",), None),
    "methods no list": change(("verificationMethod",), {}),
    "method no object": change(("verificationMethod", 0), "x"),
    "method without id": change(("verificationMethod", 0, "id"), None),
    "method twice": change(("verificationMethod", 1, "id"), BUYER + "#token"),
    "too many methods": change(("verificationMethod",), [{"id": f"#{n}"} for n in range(33)]),
    "authentication no list": change(("authentication",), BUYER + "#token"),
    "point off the curve": change((*KEY, "x"), "A" * 43),
    "short coordinate": change((*KEY, "x"), "AAAA"),
    "padded coordinate": change((*KEY, "y"), BUILT["verificationMethod"][0]["publicKeyJwk"]["y"] + "="),
    "no coordinate": change((*KEY, "y"), None),
    "private member": change((*KEY, "d"), "A" * 43),
    "wrong kind": change((*KEY, "kty"), "OKP"),
    "agreement of another curve": change(("verificationMethod", 1, "publicKeyJwk", "crv"), "P-256"),
    "another account": change(("verificationMethod", 1, ACCOUNT), show(bytes(20))),
    "log of another curve": change(("verificationMethod", 2, "publicKeyJwk", "crv"), "X25519"),
    "delivery short": change(("verificationMethod", 3, "publicKeyJwk", "x"), "AAAA"),
    "aggregate short": change((*BLS_KEY, "x"), "AA"),
    "aggregate no text": change((*BLS_KEY, "x"), 7),
    "aggregate no hex": change((*BLS_KEY, BLS_PROOF), "z" * 192),
    "aggregate upper case": change((*BLS_KEY, BLS_PROOF), "AA" * 96),
    "cosigner of another kind": change((*LATTICE_KEY, "kty"), "OKP"),
    "cosigner short": change((*LATTICE_KEY, "pub"), "AAAA"),
    "cosigner no text": change((*LATTICE_KEY, "pub"), 7),
    "cosigner with its secret": change((*LATTICE_KEY, "priv"), "A" * 43),
    "cosigner of nobody's log": change((*LATTICE_KEY, LOG_PROOF), None),
    "cosigner of another's log": change((*LATTICE_KEY, LOG_PROOF), OTHERS_KEY["publicKeyJwk"][LOG_PROOF]),
    "another's cosigner": change(LATTICE_KEY, OTHERS_KEY["publicKeyJwk"]),
    "token of nobody's log": change((*KEY, LOG_PROOF), None),
    "token of another's log": change((*KEY, LOG_PROOF), OTHERS["verificationMethod"][0]["publicKeyJwk"][LOG_PROOF]),
    "another's token": change(KEY, OTHERS["verificationMethod"][0]["publicKeyJwk"]),
    "agreement of no hex": change((*AGREEMENT_KEY, LOG_PROOF), "z" * 128),
    "another's account": change(AGREEMENT_KEY, OTHERS["verificationMethod"][1]["publicKeyJwk"]),
}


@every("name", BROKEN)
def test_a_broken_document_is_refused(name):
    document = copy.deepcopy(BUILT)
    BROKEN[name](document)
    with pytest.raises(VerificationFailed):
        parse(document)


SAID = {
    "another id": f"the DID document fetched for `{BUYER}` is not its own",
    "methods no list": "`verificationMethod` of a DID document is no list of at most 32",
    "too many methods": "`verificationMethod` of a DID document is no list of at most 32",
    "method no object": f"a verification method of `{BUYER}` has no id",
    "method without id": f"a verification method of `{BUYER}` has no id",
    "method twice": f"`{BUYER}` lists `{BUYER}#token` twice",
    "another account": "the account of the agreement key is not the one of its public key",
    "aggregate short": "the aggregate key or its proof of possession has the wrong form",
    "log of another curve": "a public key is not a JWK on Ed25519",
    "cosigner of another kind": "a public key is no JWK for ML-DSA-44",
    "cosigner short": "a key for ML-DSA-44 has not 1312 bytes",
    "another's cosigner": f"the log's key of `{BUYER}` has not signed its ML-DSA-44 key",
    "cosigner no text": "the bytes of a key for ML-DSA-44 are not base64url",
    "another's token": f"the log's key of `{BUYER}` has not signed its P-256 key",
    "another's account": f"the log's key of `{BUYER}` has not signed its secp256k1 key",
}


@every("name", SAID)
def test_what_is_wrong_with_a_document_is_said(name):
    document = copy.deepcopy(BUILT)
    BROKEN[name](document)
    with pytest.raises(VerificationFailed) as caught:
        parse(document)
    assert str(caught.value) == SAID[name]


def test_our_document_word_for_word():
    methods = BUILT["verificationMethod"]
    ours = [f"{BUYER}#{name}" for name in ("token", "agreement", "log", "delivery", "bls", "cosigner")]
    assert [method["id"] for method in methods] == ours
    assert {method["controller"] for method in methods} == {BUYER}
    # a reader that knows no extensions, as the kit of DCP, takes a method with these members alone
    assert {frozenset(method) for method in methods} == {frozenset({"id", "type", "controller", "publicKeyJwk"})}
    assert {method["type"] for method in methods} == {"JsonWebKey2020"}
    key = {"kty": "OKP", "crv": "BLS12381G1", "x": jwk.encode(AGGREGATE[0]), BLS_PROOF: AGGREGATE[1].hex()}
    assert methods[4]["publicKeyJwk"] == key
    lattice = {"kty": "AKP", "alg": "ML-DSA-44", "pub": jwk.encode(KEYS[BUYER].cosigner_public)}
    vouched = f"penstock/key/v1\0{BUYER}\0ML-DSA-44\0{lattice['pub']}".encode()
    assert methods[5]["publicKeyJwk"] == lattice | {LOG_PROOF: KEYS[BUYER].log.sign(vouched).hex()}
    for place, curve in ((0, "P-256"), (1, "secp256k1")):
        point = methods[place]["publicKeyJwk"]
        signed = f"penstock/key/v1\0{BUYER}\0{curve}\0{point['x']}.{point['y']}".encode()
        assert point[LOG_PROOF] == KEYS[BUYER].log.sign(signed).hex()
    assert BUILT["authentication"] == BUILT["capabilityInvocation"] == [ours[0]]
    assert BUILT["assertionMethod"] == ours[1:3]
    assert BUILT["keyAgreement"] == [ours[3]]
    names = ["dsp", "log-prefix", "witness", "credentials"]
    assert [service["id"] for service in BUILT["service"]] == [f"{BUYER}#{name}" for name in names]
    exchange = dids.build(BUYER, "x", KEYS[BUYER], None, exchange=True)
    names[3:3] = ["space"]
    assert [service["id"] for service in exchange["service"]] == [f"{BUYER}#{name}" for name in (*names, "issuer")]
    assert [method["id"] for method in exchange["verificationMethod"]][4:] == [ours[5], f"{BUYER}#credential"]
    assert exchange["assertionMethod"] == [*ours[1:3], f"{BUYER}#credential"]


def test_a_hybrid_key_is_told_where_that_is_asked_for():
    told = dids.build(BUYER, "http://localhost:7002", KEYS[BUYER], AGGREGATE, exchange=False, hybrid=True)
    assert parse(told).hybrid == KEYS[BUYER].hybrid.public
    assert parse(BUILT).hybrid is None
    [key] = [one["publicKeyJwk"] for one in told["verificationMethod"] if one["id"] == f"{BUYER}#hybrid"]
    key["pub"] = jwk.encode(KEYS[PROVIDER].hybrid.public)
    with pytest.raises(VerificationFailed, match="has not signed its MLKEM768-X25519 key"):
        parse(told)


def test_a_cosigner_s_key_of_an_algorithm_to_come_is_passed_over():
    document = copy.deepcopy(BUILT)
    change((*LATTICE_KEY, "alg"), "ML-DSA-65")(document)
    assert parse(document).cosigner is None
    change((*LATTICE_KEY, "alg"), "ML-DSA-44")(document)
    change(("verificationMethod", 2, "id"), "#none")(document)
    assert parse(document).cosigner is None, "nobody vouches for it"
    del document["verificationMethod"][5]
    assert parse(document).cosigner is None


def test_a_bls_key_beside_its_method_is_read_as_it_was_written_before():
    document = copy.deepcopy(BUILT)
    keyed = {BLS_PUBLIC: AGGREGATE[0].hex(), BLS_PROOF: AGGREGATE[1].hex()}
    document["verificationMethod"][4] = {"id": f"{BUYER}#aggregate", "type": "x", "controller": BUYER, **keyed}
    assert parse(document).aggregate == AGGREGATE
    document["verificationMethod"][4][BLS_PUBLIC] = "AA" * 48
    with pytest.raises(VerificationFailed, match="the aggregate key or its proof of possession has the wrong form"):
        parse(document)


def test_as_many_members_as_there_may_be_are_read():
    document = copy.deepcopy(BUILT)
    document["service"] = [{"type": f"t{number}", "serviceEndpoint": "x"} for number in range(32)]
    assert len(parse(document).services) == 32
    document["service"].append({})
    with pytest.raises(VerificationFailed, match="`service` of a DID document is no list of at most 32"):
        parse(document)


def test_of_two_services_of_a_kind_the_first_counts_and_what_is_none_is_passed_over():
    document = copy.deepcopy(BUILT)
    odd = ["x", 7, {"type": 7, "serviceEndpoint": "x"}, {"type": "T", "serviceEndpoint": {}}, {"type": ["T"]}, {}]
    document["service"] = [*odd, {"type": "T", "serviceEndpoint": "a"}, {"type": "T", "serviceEndpoint": "b"}]
    assert parse(document).services == {"T": "a"}
    del document["service"]
    assert parse(document).services == {}


def test_an_account_may_be_told():
    document = copy.deepcopy(BUILT)
    document["verificationMethod"][1][ACCOUNT] = show(KEYS[BUYER].address)
    assert parse(document).agreement == KEYS[BUYER].address


@pytest.mark.parametrize("reference", [7, None, {"id": BUYER + "#token"}, [BUYER + "#token"], PROVIDER + "#token"])
def test_what_refers_to_no_key_of_ours_is_passed_over(reference):
    document = copy.deepcopy(BUILT)
    document["authentication"] = [reference, "#log", "#token"]
    document["capabilityInvocation"] = []
    assert list(parse(document).token_keys) == [BUYER + "#token"]


def test_a_key_under_another_s_name_opens_nothing_whoever_controls_it():
    document = copy.deepcopy(BUILT)
    document["verificationMethod"][0]["id"] = PROVIDER + "#token"
    document["authentication"] = [PROVIDER + "#token"]
    assert parse(document).token_keys == {}


def test_a_key_that_acts_is_as_good_as_one_that_authenticates():
    document = copy.deepcopy(BUILT)
    del document["authentication"]
    assert list(parse(document).token_keys) == [BUYER + "#token"]


def test_a_method_without_a_key_opens_nothing():
    document = copy.deepcopy(BUILT)
    document["verificationMethod"][0]["publicKeyJwk"] = "P-256"
    assert parse(document).token_keys == {}


@pytest.mark.parametrize(("purpose", "size"), [("agreement", 20), ("log", 32), ("delivery", 32)])
def test_a_key_that_is_needed_is_there_or_is_asked_for(purpose, size):
    assert len(parse(BUILT).require(purpose)) == size
    bare = parse({"id": BUYER})
    with pytest.raises(VerificationFailed, match=f"^`{BUYER}` publishes no {purpose} key$"):
        bare.require(purpose)


def test_a_did_of_just_so_many_characters_names_a_place():
    longest = "did:web:" + "a" * 504
    assert dids.url_of(longest, development=False) == f"https://{'a' * 504}/.well-known/did.json"
    for wrong in (longest + "a", "did:web:"):
        with pytest.raises(InvalidInput, match=r"is not a did:web$"):
            dids.url_of(wrong, development=False)
    with pytest.raises(InvalidInput, match=r"^`did:web:a:..` climbs out of its path$"):
        dids.url_of("did:web:a:..", development=False)


@every("body", [b"", b"[]", b"{", b'{"id":"a","id":"b"}', b"\xff", b'{"x":"' + b"y" * 70_000 + b'"}'])
def test_what_is_no_document_is_refused(body):
    with pytest.raises(VerificationFailed):
        dids.parse(body, BUYER)


def test_a_key_that_somebody_else_controls_is_not_the_peers():
    document = copy.deepcopy(BUILT)
    document["verificationMethod"][0]["controller"] = PROVIDER
    assert parse(document).token_keys == {}
    document = copy.deepcopy(BUILT)
    document["verificationMethod"][2] |= {"id": PROVIDER + "#log"}
    assert parse(document).log is None


def test_a_key_not_listed_for_authentication_opens_nothing():
    document = copy.deepcopy(BUILT)
    document["authentication"] = document["capabilityInvocation"] = [BUYER + "#log", {"id": "embedded"}, 7]
    assert parse(document).token_keys == {}


@given(st.binary(max_size=70))
def test_base64url_is_canonical(data):
    text = jwk.encode(data)
    assert jwk.decode(text) == data
    for other in (text + "=", text + "\n", "+" + text, text + "/"):
        with pytest.raises(ValueError):
            jwk.decode(other)


def test_a_hub_names_the_connector_that_acts_under_its_did_and_signs_no_agreement():
    document = parse(dids.of_hub(BUILT, "https://edc.example:8282/dsp"))
    assert document.services["DataService"] == "https://edc.example:8282/dsp/.well-known/dspace-version"
    assert document.services["CredentialService"] == parse(BUILT).services["CredentialService"]
    assert (document.agreement, document.log) == (None, parse(BUILT).log)
    assert document.token_keys == parse(BUILT).token_keys
    assert not any(name.endswith("#agreement") for name in document.proofs["assertionMethod"])
