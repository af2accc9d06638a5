"""DID documents: ours is read back as it was made; a peer's counts only for itself."""

from __future__ import annotations

import copy
import json

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from connector.clock import SetClock
from connector.errors import InvalidInput, PeerMisbehaved, PeerRefused, VerificationFailed
from connector.identity import did as dids
from connector.identity import jwk, tokens
from connector.identity.did import ACCOUNT, BLS_PROOF, BLS_PUBLIC
from connector.identity.peers import Peers
from connector.outbound import Outbound
from contracts import signature
from contracts.address import show
from contracts.namespace import NS
from tests.connector.identity.test_tokens import BUYER, KEYS, NOW, PROVIDER, make_keys

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
    assert list(document.token_keys) == [BUYER + "#token"]
    assert document.token_keys[BUYER + "#token"] == keys.token.public_key()
    assert document.services["DataService"] == "http://localhost:7002/.well-known/dspace-version"
    assert document.services[NS + "Log"] == "http://localhost:7002/log"
    assert NS + "Space" not in document.services
    assert NS + "Space" in parse(dids.build(BUYER, "x", keys, None, exchange=True)).services


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


KEY = ("verificationMethod", 0, "publicKeyJwk")
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
    "aggregate short": change(("verificationMethod", 4, BLS_PUBLIC), "00"),
    "aggregate no hex": change(("verificationMethod", 4, BLS_PROOF), "z" * 192),
    "aggregate upper case": change(("verificationMethod", 4, BLS_PUBLIC), "AA" * 48),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_document_is_refused(name):
    document = copy.deepcopy(BUILT)
    BROKEN[name](document)
    with pytest.raises(VerificationFailed):
        parse(document)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"id":"a","id":"b"}', b"\xff", b'{"x":"' + b"y" * 70_000 + b'"}'])
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


@pytest.mark.parametrize(
    ("did", "development", "url"),
    [
        ("did:web:example.org", False, "https://example.org/.well-known/did.json"),
        ("did:web:example.org%3A8443", False, "https://example.org:8443/.well-known/did.json"),
        ("did:web:example.org%3A8443:a:b", True, "https://example.org:8443/a/b/did.json"),
        ("did:web:localhost%3A7001", True, "http://localhost:7001/.well-known/did.json"),
        ("did:web:localhost%3A7001:holder", True, "http://localhost:7001/holder/did.json"),
        ("did:web:localhost%3A7001", False, "https://localhost:7001/.well-known/did.json"),
        ("did:web:localhost.example.org", True, "https://localhost.example.org/.well-known/did.json"),
    ],
)
def test_a_did_names_a_place(did, development, url):
    assert dids.url_of(did, development=development) == url


@pytest.mark.parametrize(
    "did",
    [
        "did:key:z6Mk", "did:web:", "did:web", "web:example.org", "did:web:example.org%2Fpath",
        "did:web:example.org:..:x", "did:web:example.org:.:x", "did:web:example.org::x", "did:web:user@example.org",
        "did:web:example.org%40evil",
        "did:web:example.org#token", "did:web:example.org?x", "did:web:example.org/x", "did:web:[::1]",
        "did:web:example.org%3A", "did:web:example.org%3Aabc", "did:web:" + "a" * 600, "did:web:example.org:%2e%2e",
    ],
)  # fmt: skip
def test_what_is_no_did_web_is_refused(did):
    with pytest.raises(InvalidInput):
        dids.url_of(did, development=True)


@given(st.binary(max_size=70))
def test_base64url_is_canonical(data):
    text = jwk.encode(data)
    assert jwk.decode(text) == data
    for other in (text + "=", text + "\n", "+" + text, text + "/"):
        with pytest.raises(ValueError):
            jwk.decode(other)


async def test_a_document_is_fetched_over_http_and_proves_its_token():
    """The whole way with a real server: token out, document fetched, caller proven; a stranger's DID is not."""
    served = {}

    async def handle(request):
        body = served.get(request.path)
        return web.Response(body=body) if body is not None else web.Response(status=404)

    app = web.Application()
    app.router.add_get("/{tail:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    did = f"did:web:localhost%3A{runner.addresses[0][1]}"
    keys = make_keys(9)
    served["/.well-known/did.json"] = json.dumps(
        dids.build(did, "http://localhost", keys, None, exchange=False)
    ).encode()
    served["/other/did.json"] = served["/.well-known/did.json"]
    served["/big/did.json"] = b"x" * 100_000
    async with Outbound(development=True) as outbound:
        provider = Peers(PROVIDER, KEYS[PROVIDER], outbound, SetClock(NOW), development=True)
        claims = await provider.prove("Bearer " + tokens.issue(keys.token, did, PROVIDER, NOW))
        assert claims.issuer == did
        assert claims.document.agreement == keys.address
        for path, kind in (("other", VerificationFailed), ("big", PeerMisbehaved), ("absent", PeerRefused)):
            with pytest.raises(kind):
                await provider.document(f"{did}:{path}")
    await runner.cleanup()
