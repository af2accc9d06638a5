"""Tokens: an honest one is accepted once, at its receiver, in its time; every forgery is refused."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.identity import did as dids
from connector.identity import tokens
from connector.identity.keys import PURPOSES, Keys, Signer
from connector.identity.peers import Peers
from connector.net.addresses import Gate
from connector.runtime.clock import SetClock
from connector.runtime.errors import PeerUnreachable, TokenError
from connector.store.store import Store
from connector.store.tables import TABLES
from tests.every import every
from tests.hostile.tokens import ATTACKS, DROP, Forger

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
BUYER = "did:web:localhost%3A7002"
PROVIDER = "did:web:localhost%3A7001"
STRANGER = "did:web:evil.example.org"


def make_keys(seed: int) -> Keys:
    return Keys.of({purpose: hashlib.sha256(f"{seed}{purpose}".encode()).digest() for purpose in PURPOSES})


def signer(did):
    return Signer(KEYS[did].token, did + "#token")


KEYS = {BUYER: make_keys(1), PROVIDER: make_keys(2), STRANGER: make_keys(3)}
DOCUMENTS = {
    did: dids.parse(json.dumps(dids.build(did, "https://x", keys, None, exchange=False)).encode(), did)
    for did, keys in KEYS.items()
}


FORGER = Forger(BUYER, KEYS[BUYER], PROVIDER, KEYS[PROVIDER], STRANGER, KEYS[STRANGER], AT)
token = FORGER.token


async def no_fetch(_self, did):
    Gate(development=True).check(dids.url_of(did, development=True))
    if did not in DOCUMENTS:
        raise PeerUnreachable(f"`{did}` did not answer")
    document = DOCUMENTS[did]
    _self._known[did] = type("Known", (), {"document": document, "fetched": _self._clock.monotonic()})()
    _self.fetched = getattr(_self, "fetched", 0) + 1
    return document


@pytest.fixture
def provider(monkeypatch):
    """The provider's view of its peers; documents come from memory, never from a network."""
    monkeypatch.setattr(Peers, "_fetch", no_fetch)
    return Peers(PROVIDER, lambda: signer(PROVIDER), None, SetClock(NOW), development=True)


def test_there_are_attacks_enough():
    assert len(ATTACKS) >= 120


@pytest.mark.parametrize("name", ATTACKS)
async def test_an_attack_is_refused(provider, name):
    with pytest.raises(TokenError):
        await provider.prove("Bearer " + ATTACKS[name](FORGER))


@pytest.mark.parametrize("header", ["", "Bearer", "bearer x.y.z", "Basic dXNlcg==", "Token x", "Bearer  "])
async def test_a_header_without_a_bearer_token_is_refused(provider, header):
    with pytest.raises(TokenError):
        await provider.prove(header)


async def test_an_honest_token_is_accepted(provider):
    claims = await provider.prove("Bearer " + token())
    assert (claims.issuer, claims.audience, claims.jti) == (BUYER, PROVIDER, "abc")
    assert claims.expires == NOW + timedelta(seconds=120)
    buyer = Peers(BUYER, lambda: signer(BUYER), None, SetClock(NOW), development=True)
    first = await provider.prove(buyer.authorization(PROVIDER)["Authorization"])
    second = await provider.prove(buyer.authorization(PROVIDER)["Authorization"])
    assert first.jti != second.jti
    assert first.document is DOCUMENTS[BUYER]


@pytest.mark.parametrize(
    "change",
    [
        {"header": {"typ": DROP}},
        {"header": {"kid": "#token"}},
        {"claims": {"nbf": AT}},
        {"claims": {"scope": "anything"}},
        {"claims": {"exp": AT + 600}},
        {"claims": {"iat": AT + 30, "exp": AT + 120}},
        {"claims": {"iat": AT - 200, "exp": AT - 30}},
        {"claims": {"jti": "urn:uuid:2b0fd0c0-0000-4000-8000-000000000000"}},
    ],
)
async def test_what_the_law_leaves_open_is_accepted(provider, change):
    assert (await provider.prove("Bearer " + token(**change))).issuer == BUYER


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_no_changed_character_is_accepted(position, shift):
    honest = token()
    index = position % len(honest)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    forged = honest[:index] + alphabet[shift % len(alphabet)] + honest[index + 1 :]
    if forged == honest:
        return
    with pytest.raises(TokenError):
        taken = tokens.take_apart(forged)
        tokens.verify(taken, DOCUMENTS.get(taken.issuer, DOCUMENTS[STRANGER]), PROVIDER, NOW)


def taken(made, did=BUYER, audience=PROVIDER, now=NOW):
    """What the reader of a token makes of it, against the document of `did`."""
    return tokens.verify(tokens.take_apart(made), DOCUMENTS[did], audience, now)


PUBLISHED = "the token names a key that its issuer does not publish for authentication"
FIRST_SECOND, TOO_LATE = "1970-01-01T00:00:01+00:00", "2026-03-01T12:00:31+00:00"
WHEN = "here it is 2026-03-01T12:00:00+00:00"
LONG = tokens.TOKEN_BYTES_MAX
WORDS = {
    "long": (lambda f: "x" * (LONG + 1), f"the token is longer than {LONG} bytes, or not ASCII"),
    "not ASCII": (lambda f: f.token() + "\u00e9", f"the token is longer than {LONG} bytes, or not ASCII"),
    "just not long": (lambda f: "x" * LONG, "the token has not the three parts of a signed JWT"),
    "two parts": (ATTACKS["two parts"], "the token has not the three parts of a signed JWT"),
    "four parts": (ATTACKS["four parts"], "the token has not the three parts of a signed JWT"),
    "header no object": (ATTACKS["header no object"], "the token's header is no object"),
    "claims no object": (ATTACKS["claims no object"], "the token's claims is no object"),
    "claims no JSON": (ATTACKS["claims no JSON"], "the token's claims cannot be read: "),
    "claims no base64": (
        lambda f: "..".join(f.token().split(".")[::2]).replace("..", ".!."),
        "cannot be read: not base",
    ),
    "algorithm": (ATTACKS["alg none"], "the token's algorithm is not ES256"),
    "members": (lambda f: f.token({"zip": 1, "crit": 1}), "the token's header has members we refuse: crit, zip"),
    "type": (ATTACKS["typ"], "the token's type is not JWT"),
    "kid": (ATTACKS["kid absent"], "the token's `kid` is absent or no text of at most 512 characters"),
    "kid of 513": (lambda f: f.token({"kid": "k" * 513}), "the token's `kid` is absent or no text of at most 512"),
    "kid of 512": (lambda f: f.token({"kid": "k" * 512}), PUBLISHED),
    "kid of one": (lambda f: f.token({"kid": "k"}), PUBLISHED),
    "issuer": (ATTACKS["iss absent"], "the token's `iss` is absent or no text of at most 512 characters"),
    "issuer no did:web": (ATTACKS["iss did:key"], "the issuer is not a did:web"),
    "issuer another": (ATTACKS["iss another"], "the token was checked against a document of somebody else"),
    "signature": (ATTACKS["another's key"], "the signature does not fit"),
    "signature no base64": (lambda f: f.token() + "!", "the token's signature is not base64url"),
    "short signature": (ATTACKS["short signature"], "the token's signature has not 64 bytes"),
    "long signature": (ATTACKS["long signature"], "the token's signature has not 64 bytes"),
    "subject": (ATTACKS["iss not sub"], "the token's issuer and subject differ"),
    "audience": (ATTACKS["aud another"], f"the token is not for `{PROVIDER}`"),
    "exp text": (ATTACKS["exp text"], "the token's `exp` is absent or no whole number of seconds"),
    "exp true": (ATTACKS["exp true"], "the token's `exp` is absent or no whole number of seconds"),
    "iat negative": (ATTACKS["exp negative"], "the token's `iat` is absent or no whole number of seconds"),
    "nbf null": (ATTACKS["nbf null"], "the token's `nbf` is absent or no whole number of seconds"),
    "year 10000": (lambda f: f.token(claims={"exp": 253_402_300_800}), "`exp` is absent or no whole number"),
    "year 9999": (
        lambda f: f.token(claims={"iat": 253_402_300_798, "exp": 253_402_300_799}),
        f"the token begins at 9999-12-31T23:59:58+00:00, {WHEN}",
    ),
    "year 1970": (
        lambda f: f.token(claims={"iat": 0, "exp": 1}),
        f"the token ended at 1970-01-01T00:00:01+00:00, {WHEN}",
    ),
    "too long": (ATTACKS["lives too long"], "the token lives longer than 600 s, or ends before it begins"),
    "no time": (lambda f: f.token(claims={"exp": AT}), "the token lives longer than 600 s, or ends before it begins"),
    "begins": (lambda f: f.token(claims={"iat": AT + 31}), f"the token begins at {TOO_LATE}, {WHEN}"),
    "not before": (
        lambda f: f.token(claims={"nbf": AT + 31}),
        f"the token begins at {TOO_LATE}, {WHEN}",
    ),
    "ended": (
        lambda f: f.token(claims={"iat": AT - 100, "exp": AT - 31}),
        f"the token ended at 2026-03-01T11:59:29+00:00, {WHEN}",
    ),
    "jti": (ATTACKS["jti long"], "the token's `jti` is absent or no text of at most 128 characters"),
    "jti control": (ATTACKS["jti control"], "the token's `jti` is absent or no text of at most 128 characters"),
    "jti empty": (ATTACKS["jti empty"], "the token's `jti` is absent or no text of at most 128 characters"),
}


@every("name", WORDS)
def test_what_is_wrong_with_a_token_is_said(name):
    forge, words = WORDS[name]
    with pytest.raises(TokenError) as caught:
        taken(forge(FORGER))
    assert words in str(caught.value)


def test_a_header_is_a_scheme_and_a_token():
    assert tokens.of_header("Bearer a.b.c") == "a.b.c"
    with pytest.raises(TokenError, match=r"^the request carries no bearer token$"):
        tokens.of_header("a.b.c")


def test_an_issued_token_is_read_back():
    made = tokens.issue(signer(BUYER), PROVIDER, NOW, 600)
    claims = taken(made)
    assert (claims.issuer, claims.audience, claims.document) == (BUYER, PROVIDER, DOCUMENTS[BUYER])
    assert (claims.issued, claims.expires) == (NOW, NOW + timedelta(seconds=600))
    assert len(claims.jti) == 22


@every(
    "claims",
    [
        {"exp": AT + 1},
        {"iat": AT + 30, "exp": AT + 31},
        {"nbf": AT + 30},
        {"iat": AT - 31, "exp": AT - 30},
        {"jti": "j" * 128},
        {"jti": "j"},
        {"x": [[[[[[[]]]]]]]},
    ],
)
def test_a_token_at_a_limit_is_accepted(claims):
    assert taken(token(claims=claims)).issuer == BUYER


def test_claims_are_not_deeper_than_eight():
    with pytest.raises(TokenError, match="claims cannot be read"):
        tokens.take_apart(token(claims={"x": [[[[[[[[]]]]]]]]}))


def test_a_fragment_is_a_key_of_the_issuer():
    assert tokens.key_id(tokens.take_apart(token({"kid": "#k"}))) == BUYER + "#k"
    assert tokens.key_id(tokens.take_apart(token({"kid": "did:web:x#k"}))) == "did:web:x#k"


async def spend(store, claims):
    await store.write(lambda tx: tokens.remember(tx, claims))


async def test_a_token_is_used_once_across_restarts_and_processes(provider, tmp_path):
    claims = await provider.prove("Bearer " + token())
    store = await Store.open(tmp_path / "p.db", TABLES)
    other = await Store.open(tmp_path / "p.db", TABLES)
    outcomes = await asyncio.gather(
        *(spend(each, claims) for each in (store, other, store, other)), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType"] + ["TokenError"] * 3
    await other.close()
    await store.close()
    store = await Store.open(tmp_path / "p.db", TABLES)
    with pytest.raises(TokenError, match="used before"):
        await spend(store, claims)
    # the same jti of another issuer is another token
    await spend(store, tokens.Claims(STRANGER, PROVIDER, "abc", NOW, NOW, DOCUMENTS[STRANGER]))
    await store.close()


async def test_a_refused_act_does_not_use_the_token_up(provider, tmp_path):
    claims = await provider.prove("Bearer " + token())
    store = await Store.open(tmp_path / "p.db", TABLES)

    def refused(tx):
        tokens.remember(tx, claims)
        raise ValueError("the act was refused")

    with pytest.raises(ValueError):
        await store.write(refused)
    await spend(store, claims)
    await store.close()


async def test_a_spent_token_is_forgotten_only_when_it_cannot_be_accepted_any_more(provider, tmp_path):
    claims = await provider.prove("Bearer " + token())
    store = await Store.open(tmp_path / "p.db", TABLES)
    await spend(store, claims)
    for seconds in range(0, 240, 20):
        now = NOW + timedelta(seconds=seconds)
        forgotten = await store.write(lambda tx, now=now: tokens.purge(tx, now))
        try:
            tokens.verify(tokens.take_apart(token()), DOCUMENTS[BUYER], PROVIDER, now)
        except TokenError:
            pass
        else:
            assert forgotten == 0
    assert await store.read(lambda tx: tx.find("tokens_seen")) == []
    for number in range(3):
        await spend(store, replace(claims, jti=str(number)))
    row = (await store.read(lambda tx: tx.find("tokens_seen")))[0]
    assert row["expires"] == claims.expires + timedelta(seconds=30)
    assert await store.write(lambda tx: tokens.purge(tx, row["expires"])) == 0
    assert await store.write(lambda tx: tokens.purge(tx, row["expires"] + timedelta(microseconds=1))) == 3
    await store.close()


async def test_a_rotated_key_is_noticed_but_nobody_makes_us_hammer(provider, monkeypatch):
    old = dids.Document(BUYER, {}, None, None, None, None, {})
    provider._known[BUYER] = type("Known", (), {"document": old, "fetched": provider._clock.monotonic()})()
    provider._clock.move(11)
    assert (await provider.prove("Bearer " + token())).issuer == BUYER
    assert provider.fetched == 1
    for _ in range(20):
        with pytest.raises(TokenError):
            await provider.prove("Bearer " + token({"kid": BUYER + "#other"}))
    assert provider.fetched == 1


async def test_an_issuer_out_of_reach_means_come_again(provider):
    with pytest.raises(PeerUnreachable):
        await provider.prove("Bearer " + token(claims={"iss": "did:web:gone.org", "sub": "did:web:gone.org"}))


async def test_documents_are_fetched_once_for_many_and_again_when_old(provider):
    await asyncio.gather(*(provider.document(BUYER) for _ in range(50)))
    assert provider.fetched == 1
    provider._clock.move(299)
    await provider.document(BUYER)
    assert provider.fetched == 1
    provider._clock.move(2)
    await provider.document(BUYER)
    assert provider.fetched == 2
    provider.forget(BUYER)
    await provider.document(BUYER)
    assert provider.fetched == 3


async def test_strangers_cannot_make_us_look_up_without_end(provider, monkeypatch):
    async def never(_self, _did):
        await asyncio.Event().wait()

    monkeypatch.setattr(Peers, "_fetch", never)
    waiting = [asyncio.ensure_future(provider.document(f"did:web:host{n}.org")) for n in range(100)]
    await asyncio.sleep(0.01)
    refused = [task for task in waiting if task.done()]
    assert len(refused) == 36
    old = dids.Document(BUYER, {}, None, None, None, None, {})
    provider._known[BUYER] = type("Known", (), {"document": old, "fetched": provider._clock.monotonic() - 301})()
    waiting.append(asyncio.ensure_future(provider.document(BUYER)))
    await asyncio.sleep(0.01)
    assert not waiting[-1].done(), "whoever is known is looked up again beside all of them"
    assert all(isinstance(task.exception(), PeerUnreachable) for task in refused)
    for task in (*waiting, *provider._fetching.values()):
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
