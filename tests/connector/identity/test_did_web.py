"""Where a did:web leads, and the whole way there and back over HTTP."""

from __future__ import annotations

import json

import pytest
from aiohttp import web

from connector.identity import did as dids
from connector.identity import tokens
from connector.identity.keys import Signer
from connector.identity.peers import Peers
from connector.net.outbound import Outbound
from connector.runtime.clock import SetClock
from connector.runtime.errors import InvalidInput, PeerMisbehaved, PeerRefused, VerificationFailed
from tests.connector.identity.test_tokens import NOW, PROVIDER, make_keys, signer
from tests.every import every


@every(
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


@every(
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
        provider = Peers(
            PROVIDER,
            lambda: signer(PROVIDER),
            outbound,
            SetClock(NOW),
            development=True,
        )
        claims = await provider.prove("Bearer " + tokens.issue(Signer(keys.token, did + "#token"), PROVIDER, NOW))
        assert claims.issuer == did
        assert claims.document.agreement == keys.address
        for path, kind in (("other", VerificationFailed), ("big", PeerMisbehaved), ("absent", PeerRefused)):
            with pytest.raises(kind):
                await provider.document(f"{did}:{path}")
    await runner.cleanup()
