"""Tokens: an honest one is accepted once, at its receiver, in its time; every forgery is refused."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils
from hypothesis import given
from hypothesis import strategies as st

from connector.clock import SetClock
from connector.errors import PeerUnreachable, TokenError
from connector.identity import did as dids
from connector.identity import jwk, tokens
from connector.identity.keys import PURPOSES, Keys
from connector.identity.peers import Peers
from connector.store.sqlite import Store
from connector.store.tables import TABLES

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
BUYER = "did:web:localhost%3A7002"
PROVIDER = "did:web:localhost%3A7001"
STRANGER = "did:web:evil.example.org"


def make_keys(seed: int) -> Keys:
    return Keys.of({purpose: hashlib.sha256(f"{seed}{purpose}".encode()).digest() for purpose in PURPOSES})


KEYS = {BUYER: make_keys(1), PROVIDER: make_keys(2), STRANGER: make_keys(3)}
DOCUMENTS = {
    did: dids.parse(json.dumps(dids.build(did, "https://x", keys, None, exchange=False)).encode(), did)
    for did, keys in KEYS.items()
}


def b64(value) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signature(signed: str, key) -> bytes:
    r, s = utils.decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


HEADER = {"alg": "ES256", "typ": "JWT", "kid": BUYER + "#token"}
CLAIMS = {"iss": BUYER, "sub": BUYER, "aud": PROVIDER, "iat": AT, "exp": AT + 120, "jti": "abc"}
DROP = object()


def changed(base, change):
    return {key: value for key, value in {**base, **change}.items() if value is not DROP}


def token(header=None, claims=None, key=None, raw_header=None, raw_claims=None, sign=None) -> str:
    """A token that is honest but for what the arguments change."""
    first = b64(raw_header or changed(HEADER, header or {}))
    second = b64(raw_claims or changed(CLAIMS, claims or {}))
    signed = f"{first}.{second}"
    made = sign(signed) if sign else signature(signed, key or KEYS[BUYER].token)
    return f"{signed}.{b64(made)}"


async def no_fetch(_self, did):
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
    return Peers(PROVIDER, KEYS[PROVIDER], None, SetClock(NOW), development=True)


def hs256(signed: str) -> bytes:
    public = KEYS[BUYER].token.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hmac.new(pem, signed.encode(), hashlib.sha256).digest()


def rs256(signed: str) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import padding

    return rsa.generate_private_key(65537, 2048).sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())


def der(signed: str) -> bytes:
    return KEYS[BUYER].token.sign(signed.encode(), ec.ECDSA(hashes.SHA256()))


def es384(signed: str) -> bytes:
    r, s = utils.decode_dss_signature(KEYS[BUYER].token.sign(signed.encode(), ec.ECDSA(hashes.SHA384())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def swapped_claims() -> str:
    header, _, made = token().split(".")
    return f"{header}.{b64(changed(CLAIMS, {'jti': 'x'}))}.{made}"


def with_end(text: str) -> bytes:
    """The claims with `text` written where the number of `exp` stands."""
    return json.dumps(changed(CLAIMS, {"exp": "END"})).replace('"END"', text).encode()


STRANGERS_KEY = jwk.of_point(KEYS[STRANGER].token.public_key(), "P-256")
ATTACKS = {
    # the algorithm
    "alg none": lambda: token({"alg": "none"}),
    "alg none, no signature": lambda: token({"alg": "none"}, sign=lambda _: b""),
    "alg None": lambda: token({"alg": "None"}, sign=lambda _: b""),
    "alg nOnE": lambda: token({"alg": "nOnE"}, sign=lambda _: b""),
    "alg NONE": lambda: token({"alg": "NONE"}, sign=lambda _: b""),
    "alg absent": lambda: token({"alg": DROP}),
    "alg null": lambda: token({"alg": None}),
    "alg list": lambda: token({"alg": ["ES256"]}),
    "alg es256": lambda: token({"alg": "es256"}),
    "alg HS256 with the public key": lambda: token({"alg": "HS256"}, sign=hs256),
    "ES256 said, HMAC made": lambda: token(sign=hs256),
    "alg RS256": lambda: token({"alg": "RS256"}, sign=rs256),
    "alg ES384": lambda: token({"alg": "ES384"}, sign=es384),
    "ES256 said, SHA-384 made": lambda: token(sign=es384),
    "alg ES256K": lambda: token({"alg": "ES256K"}),
    "alg EdDSA": lambda: token({"alg": "EdDSA"}, sign=lambda s: KEYS[BUYER].log.sign(s.encode())),
    # keys that the token brings
    "jwk": lambda: token({"jwk": STRANGERS_KEY}, key=KEYS[STRANGER].token),
    "jku": lambda: token({"jku": "https://evil.example.org/keys"}, key=KEYS[STRANGER].token),
    "x5u": lambda: token({"x5u": "https://evil.example.org/cert"}, key=KEYS[STRANGER].token),
    "x5c": lambda: token({"x5c": ["MIIB"]}, key=KEYS[STRANGER].token),
    "x5t": lambda: token({"x5t": "abc"}),
    "crit": lambda: token({"crit": ["exp"]}),
    "b64": lambda: token({"b64": False, "crit": ["b64"]}),
    "zip": lambda: token({"zip": "DEF"}),
    "enc": lambda: token({"enc": "A256GCM"}),
    "cty": lambda: token({"cty": "JWT"}),
    "typ": lambda: token({"typ": "dpop+jwt"}),
    # the key id
    "kid absent": lambda: token({"kid": DROP}),
    "kid empty": lambda: token({"kid": ""}),
    "kid of another purpose": lambda: token({"kid": BUYER + "#agreement"}),
    "kid of the log key": lambda: token({"kid": BUYER + "#log"}),
    "kid of a stranger": lambda: token({"kid": STRANGER + "#token"}, key=KEYS[STRANGER].token),
    "kid of the receiver": lambda: token({"kid": PROVIDER + "#token"}, key=KEYS[PROVIDER].token),
    "kid path": lambda: token({"kid": "../../../../dev/null"}, sign=lambda _: bytes(64)),
    "kid SQL": lambda: token({"kid": "' UNION SELECT 'key' --"}),
    "kid URL": lambda: token({"kid": "https://evil.example.org/key"}, key=KEYS[STRANGER].token),
    "kid number": lambda: token({"kid": 0}),
    "kid long": lambda: token({"kid": BUYER + "#" + "t" * 600}),
    # the signature
    "another's key": lambda: token(key=KEYS[STRANGER].token),
    "no signature": lambda: token(sign=lambda _: b""),
    "zero signature": lambda: token(sign=lambda _: bytes(64)),
    "order as signature": lambda: token(sign=lambda _: bytes.fromhex("ff" * 64)),
    "short signature": lambda: token(sign=lambda s: signature(s, KEYS[BUYER].token)[:63]),
    "long signature": lambda: token(sign=lambda s: signature(s, KEYS[BUYER].token) + b"\0"),
    "DER signature": lambda: token(sign=der),
    "flipped signature": lambda: token(sign=lambda s: bytes(64 * [1])),
    "claims swapped": swapped_claims,
    "padded base64": lambda: token() + "==",
    "plain base64": lambda: token().replace("-", "+").replace("_", "/") + "+",
    "loose last bits": lambda: token()[:-1] + {"A": "B", "Q": "R", "g": "h", "w": "x"}[token()[-1]],
    "white space": lambda: token().replace(".", ". "),
    # the shape
    "two parts": lambda: ".".join(token().split(".")[:2]),
    "four parts": lambda: token() + ".x",
    "JWE": lambda: token() + ".x.y",
    "empty": lambda: "",
    "dots": lambda: "..",
    "10 kB": lambda: token(claims={"pad": "x" * 10_000}),
    "10 kB header": lambda: token(header={"kid": "x" * 10_000}),
    "header no object": lambda: token(raw_header=["ES256"]),
    "claims no object": lambda: token(raw_claims=b'"did"'),
    "claims no JSON": lambda: token(raw_claims=b"{"),
    "double alg": lambda: token(raw_header=b'{"alg":"none",' + json.dumps(HEADER)[1:].encode()),
    "double aud": lambda: token(raw_claims=json.dumps(CLAIMS)[:-1].encode() + b',"aud":"did:web:x"}'),
    "double exp": lambda: token(raw_claims=b'{"exp":1,' + json.dumps(CLAIMS)[1:].encode()),
    "NaN": lambda: token(raw_claims=json.dumps(CLAIMS)[:-1].encode() + b',"x":NaN}'),
    "deep": lambda: token(raw_claims=b'{"x":' + b"[" * 1500 + b"]" * 1500 + b"}"),
    "surrogate": lambda: token(raw_claims=json.dumps(CLAIMS)[:-1].encode() + b',"x":"\\ud800"}'),
    # who
    "iss absent": lambda: token(claims={"iss": DROP}),
    "iss another": lambda: token(claims={"iss": STRANGER, "sub": STRANGER}),
    "iss not sub": lambda: token(claims={"sub": STRANGER}),
    "sub absent": lambda: token(claims={"sub": DROP}),
    "iss URL": lambda: token(claims={"iss": "https://x", "sub": "https://x"}),
    "iss did:key": lambda: token(claims={"iss": "did:key:z6", "sub": "did:key:z6"}),
    "iss with NUL": lambda: token(claims={"iss": BUYER + "\0", "sub": BUYER + "\0"}),
    # for whom
    "aud another": lambda: token(claims={"aud": STRANGER}),
    "aud absent": lambda: token(claims={"aud": DROP}),
    "aud null": lambda: token(claims={"aud": None}),
    "aud list": lambda: token(claims={"aud": [PROVIDER]}),
    "aud list of two": lambda: token(claims={"aud": [PROVIDER, STRANGER]}),
    "aud prefix": lambda: token(claims={"aud": PROVIDER[:-1]}),
    "aud longer": lambda: token(claims={"aud": PROVIDER + "0"}),
    "aud the sender": lambda: token(claims={"aud": BUYER}),
    "aud other case": lambda: token(claims={"aud": PROVIDER.upper()}),
    # when
    "expired": lambda: token(claims={"iat": AT - 200, "exp": AT - 61}),
    "exp absent": lambda: token(claims={"exp": DROP}),
    "exp null": lambda: token(claims={"exp": None}),
    "exp text": lambda: token(claims={"exp": str(AT + 120)}),
    "exp float": lambda: token(claims={"exp": AT + 120.5}),
    "exp true": lambda: token(claims={"exp": True}),
    "exp negative": lambda: token(claims={"exp": -1, "iat": -5}),
    "exp huge": lambda: token(claims={"exp": 2**52}),
    "exp infinity": lambda: token(raw_claims=with_end("1e999")),
    "exp of 400 digits": lambda: token(raw_claims=with_end("9" * 400)),
    "lives too long": lambda: token(claims={"exp": AT + 301}),
    "ends before it begins": lambda: token(claims={"exp": AT - 1}),
    "iat absent": lambda: token(claims={"iat": DROP}),
    "iat future": lambda: token(claims={"iat": AT + 61, "exp": AT + 120}),
    "nbf future": lambda: token(claims={"nbf": AT + 61}),
    "nbf text": lambda: token(claims={"nbf": "soon"}),
    # which
    "jti absent": lambda: token(claims={"jti": DROP}),
    "jti empty": lambda: token(claims={"jti": ""}),
    "jti number": lambda: token(claims={"jti": 7}),
    "jti long": lambda: token(claims={"jti": "j" * 129}),
    "jti control": lambda: token(claims={"jti": "a\u0000b"}),
}  # fmt: skip


def test_there_are_attacks_enough():
    assert len(ATTACKS) >= 60


@pytest.mark.parametrize("name", ATTACKS)
async def test_an_attack_is_refused(provider, name):
    with pytest.raises(TokenError):
        await provider.prove("Bearer " + ATTACKS[name]())


@pytest.mark.parametrize("header", ["", "Bearer", "bearer x.y.z", "Basic dXNlcg==", "Token x", "Bearer  "])
async def test_a_header_without_a_bearer_token_is_refused(provider, header):
    with pytest.raises(TokenError):
        await provider.prove(header)


async def test_an_honest_token_is_accepted(provider):
    claims = await provider.prove("Bearer " + token())
    assert (claims.issuer, claims.audience, claims.jti) == (BUYER, PROVIDER, "abc")
    assert claims.expires == NOW + timedelta(seconds=120)
    buyer = Peers(BUYER, KEYS[BUYER], None, SetClock(NOW), development=True)
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
        {"claims": {"exp": AT + 300}},
        {"claims": {"iat": AT + 60, "exp": AT + 120}},
        {"claims": {"iat": AT - 200, "exp": AT - 60}},
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
    assert all(isinstance(task.exception(), PeerUnreachable) for task in refused)
    for task in (*waiting, *provider._fetching.values()):
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
