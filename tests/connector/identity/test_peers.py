"""What is known of peers: looked up once for many, anew when it is old, and never without end."""

from __future__ import annotations

import asyncio
import gc
import json
from types import SimpleNamespace

import pytest

from connector.identity import did as dids
from connector.identity import peers as module
from connector.identity import tokens
from connector.identity.peers import Peers, Static
from connector.runtime.clock import SetClock
from connector.runtime.errors import PeerRefused, PeerUnreachable, TokenError
from connector.runtime.limits import (
    DID_DOCUMENT_BYTES_MAX,
    DID_FETCHES_MAX,
    DID_FRESH_SECONDS,
    DID_REFRESH_SECONDS,
    TOKEN_SECONDS,
)
from tests.connector.identity.test_tokens import BUYER, KEYS, NOW, PROVIDER, make_keys, signer, token


class Documents:
    """Answers for the web: `served` are documents by DID, `asked` what was looked up, `gate` holds the answers."""

    def __init__(self):
        self.served = {did: dids.build(did, "https://x", keys, None, exchange=False) for did, keys in KEYS.items()}
        self.asked, self.fault = [], None
        self.gate = asyncio.Event()
        self.gate.set()

    async def get(self, url, *, limit_bytes):
        assert limit_bytes == DID_DOCUMENT_BYTES_MAX
        self.asked.append(url)
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        found = [one for did, one in self.served.items() if dids.url_of(did, development=True) == url]
        if not found:
            raise PeerUnreachable("there is nobody")
        return SimpleNamespace(body=json.dumps(found[0]).encode())


@pytest.fixture
def documents():
    return Documents()


@pytest.fixture
def clock():
    return SetClock(NOW)


@pytest.fixture
def peers(documents, clock):
    return Peers(PROVIDER, lambda: signer(PROVIDER), documents, clock, development=True)


async def test_a_document_is_looked_up_where_its_did_says(peers, documents):
    document = await peers.document(BUYER)
    assert document.id == BUYER
    assert document.agreement == KEYS[BUYER].address
    assert documents.asked == ["http://localhost:7002/.well-known/did.json"]


async def test_without_development_loopback_is_asked_over_tls(documents, clock):
    outside = Peers(PROVIDER, lambda: signer(PROVIDER), documents, clock, development=False)
    with pytest.raises(PeerUnreachable):
        await outside.document(BUYER)
    assert documents.asked == ["https://localhost:7002/.well-known/did.json"]


async def test_a_document_is_believed_until_it_is_old_and_looked_up_again_from_then_on(peers, documents, clock):
    clock.move(1000)
    first = await peers.document(BUYER)
    clock.move(DID_FRESH_SECONDS - 1)
    assert await peers.document(BUYER) is first
    clock.move(1)
    assert await peers.document(BUYER) is not first
    assert len(documents.asked) == 2
    peers.forget(BUYER)
    peers.forget(BUYER)
    await peers.document(BUYER)
    assert len(documents.asked) == 3


async def test_many_who_ask_at_once_wait_for_one_look_up(peers, documents):
    documents.gate.clear()
    waiting = [asyncio.ensure_future(peers.document(BUYER)) for _ in range(5)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    documents.gate.set()
    found = await asyncio.gather(*waiting[1:])
    assert len(documents.asked) == 1
    assert len({id(one) for one in found}) == 1, "who gives up takes nothing from the others"


async def test_what_failed_is_asked_for_again(peers, documents):
    documents.fault = PeerUnreachable("not there")
    with pytest.raises(PeerUnreachable):
        await peers.document(BUYER)
    await asyncio.sleep(0)
    documents.fault = None
    assert (await peers.document(BUYER)).id == BUYER


async def test_strangers_are_looked_up_in_so_many_places_and_whoever_is_known_beside_them(peers, documents, clock):
    await peers.document(BUYER)
    clock.move(DID_FRESH_SECONDS)
    documents.gate.clear()
    strangers = [asyncio.ensure_future(peers.document(f"did:web:host{n}.org")) for n in range(DID_FETCHES_MAX)]
    await asyncio.sleep(0)
    with pytest.raises(PeerUnreachable, match=r"^too many participants are being looked up at this moment$"):
        await peers.document("did:web:one-more.org")
    known = asyncio.ensure_future(peers.document(BUYER))
    await asyncio.sleep(0)
    assert not known.done()
    documents.gate.set()
    assert (await known).id == BUYER
    await asyncio.gather(*strangers, return_exceptions=True)
    await asyncio.sleep(0)
    assert (await peers.document(PROVIDER)).id == PROVIDER


async def test_so_many_documents_are_kept_and_the_oldest_goes_first(peers, documents, monkeypatch):
    monkeypatch.setattr(module, "PEERS_KNOWN_MAX", 2)
    known = [BUYER, PROVIDER]
    for did in known:
        await peers.document(did)
    for did in known:
        await peers.document(did)
    assert len(documents.asked) == 2
    third = next(did for did in KEYS if did not in known)
    await peers.document(third)
    await peers.document(PROVIDER)
    assert len(documents.asked) == 3
    await peers.document(BUYER)
    assert len(documents.asked) == 4


async def test_a_failure_that_nobody_waits_for_is_no_unheard_error(peers, documents, caplog):
    documents.gate.clear()
    documents.fault = PeerUnreachable("not there")
    waiting = asyncio.ensure_future(peers.document(BUYER))
    await asyncio.sleep(0)
    waiting.cancel()
    heard = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: heard.append(context))
    documents.gate.set()
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()
    assert heard == []


# Tokens.


async def test_a_token_proves_its_issuer(peers, documents):
    claims = await peers.prove("Bearer " + token())
    assert (claims.issuer, claims.audience) == (BUYER, PROVIDER)
    await peers.prove("Bearer " + token())
    assert len(documents.asked) == 1


async def test_our_own_token_is_for_one_audience_and_lives_for_minutes(peers):
    header = peers.authorization(BUYER)
    assert list(header) == ["Authorization"]
    taken = tokens.take_apart(tokens.of_header(header["Authorization"]))
    at = int(NOW.timestamp())
    known = {"iss": PROVIDER, "sub": PROVIDER, "aud": BUYER, "iat": at, "exp": at + TOKEN_SECONDS}
    assert {name: taken.claims[name] for name in known} == known
    assert len(taken.claims["jti"]) == 22


async def test_an_unknown_key_makes_us_look_once_more_at_once_and_then_not_for_a_while(peers, documents, clock):
    await peers.document(BUYER)
    unknown = token({"kid": BUYER + "#other"}, key=make_keys(9).token)
    for _ in range(5):
        with pytest.raises(TokenError, match=r"^the token names a key that its issuer does not publish"):
            await peers.prove("Bearer " + unknown)
    assert len(documents.asked) == 2
    documents.served[BUYER] = dids.build(BUYER, "https://x", make_keys(8), None, exchange=False)
    documents.served[BUYER]["verificationMethod"][0]["id"] = BUYER + "#next"
    documents.served[BUYER]["authentication"] = [BUYER + "#next"]
    new = token({"kid": BUYER + "#next"}, key=make_keys(8).token)
    clock.move(DID_REFRESH_SECONDS - 1)
    with pytest.raises(TokenError, match=r"^the token names a key that its issuer does not publish"):
        await peers.prove("Bearer " + new)
    assert len(documents.asked) == 2
    clock.move(1)
    assert (await peers.prove("Bearer " + new)).issuer == BUYER
    assert len(documents.asked) == 3


async def test_an_issuer_without_a_document_is_not_proven_and_one_out_of_reach_is_asked_to_come_again(peers, documents):
    documents.fault = PeerRefused("it said 404", 404, b"")
    with pytest.raises(TokenError, match=f"^the document of `{BUYER}` cannot be had: it said 404"):
        await peers.prove("Bearer " + token())
    await asyncio.sleep(0)
    documents.fault = PeerUnreachable("not there")
    with pytest.raises(PeerUnreachable):
        await peers.prove("Bearer " + token())


async def test_a_static_peer_is_never_looked_up_and_stands_beside_the_others(documents, clock):
    peers = Peers(
        PROVIDER,
        lambda: signer(PROVIDER),
        documents,
        clock,
        development=True,
        static=Static("Key", "SOMEBODY"),
    )
    assert (await peers.document("SOMEBODY")).token_keys == {}
    claims = await peers.prove("Key")
    assert (claims.issuer, (claims.expires - claims.issued).total_seconds()) == ("SOMEBODY", TOKEN_SECONDS)
    assert documents.asked == []
    assert peers.authorization("SOMEBODY") == {"Authorization": "Key"}
    assert peers.authorization(BUYER)["Authorization"].startswith("Bearer ey")
    assert (await peers.document(BUYER)).id == BUYER
    assert (await peers.prove("Bearer " + token())).issuer == BUYER
