"""Tokens that must not be believed: one table for the verifier and for the wire.

A row is name → what forges the token; it is honest but for what its name says.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from connector.identity import jwk

DROP = object()


def b64(value) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def changed(base, change):
    return {key: value for key, value in {**base, **change}.items() if value is not DROP}


def signed_by(key, signed, digest=hashes.SHA256) -> bytes:
    r, s = utils.decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(digest())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@dataclass
class Forger:
    """Somebody (`did`, `keys`) who writes tokens for `audience` at `at`, and whose keys it would like to use.

    `other` is a third participant with `other_keys`, `audience_keys` are the receiver's. `slack` is the time, in
    seconds, by which a token is over what the receiver's clock allows.
    """

    did: str
    keys: Any
    audience: str
    audience_keys: Any
    other: str
    other_keys: Any
    at: int
    slack: int = 1
    jti: str = "abc"

    @property
    def header(self):
        return {"alg": "ES256", "typ": "JWT", "kid": self.did + "#token"}

    @property
    def claims(self):
        about = {"iss": self.did, "sub": self.did, "aud": self.audience}
        return about | {"iat": self.at, "exp": self.at + 120, "jti": self.jti}

    @property
    def key(self):
        return self.keys.token

    @property
    def log(self):
        return self.keys.log

    @property
    def stranger(self):
        return self.other_keys.token

    @property
    def receiver(self):
        return self.audience_keys.token

    def token(self, header=None, claims=None, key=None, raw_header=None, raw_claims=None, sign=None) -> str:
        """A token that is honest but for what the arguments change."""
        first = b64(raw_header or changed(self.header, header or {}))
        second = b64(raw_claims or changed(self.claims, claims or {}))
        signed = f"{first}.{second}"
        made = sign(signed) if sign else signed_by(key or self.key, signed)
        return f"{signed}.{b64(made)}"

    def hs256(self, signed: str) -> bytes:
        """The public key, which everybody has, used as a secret."""
        form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        return hmac.new(self.key.public_key().public_bytes(*form), signed.encode(), hashlib.sha256).digest()

    def es384(self, signed: str) -> bytes:
        return signed_by(self.key, signed, hashes.SHA384)

    def der(self, signed: str) -> bytes:
        return self.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256()))


def rs256(signed: str) -> bytes:
    return rsa.generate_private_key(65537, 2048).sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())


def claims_swapped(f) -> str:
    header, _, made = f.token().split(".")
    return f"{header}.{b64(changed(f.claims, {'jti': 'x'}))}.{made}"


def loose_bits(f) -> str:
    honest = f.token()
    return honest[:-1] + {"A": "B", "Q": "R", "g": "h", "w": "x"}[honest[-1]]


def with_end(f, text: str) -> bytes:
    """The claims with `text` written where the number of `exp` stands."""
    return json.dumps(changed(f.claims, {"exp": "END"})).replace('"END"', text).encode()


ATTACKS = {
    # the algorithm
    "alg none": lambda f: f.token({"alg": "none"}),
    "alg none, no signature": lambda f: f.token({"alg": "none"}, sign=lambda _: b""),
    "alg None": lambda f: f.token({"alg": "None"}, sign=lambda _: b""),
    "alg nOnE": lambda f: f.token({"alg": "nOnE"}, sign=lambda _: b""),
    "alg NONE": lambda f: f.token({"alg": "NONE"}, sign=lambda _: b""),
    "alg absent": lambda f: f.token({"alg": DROP}),
    "alg null": lambda f: f.token({"alg": None}),
    "alg list": lambda f: f.token({"alg": ["ES256"]}),
    "alg es256": lambda f: f.token({"alg": "es256"}),
    "alg HS256 with the public key": lambda f: f.token({"alg": "HS256"}, sign=f.hs256),
    "ES256 said, HMAC made": lambda f: f.token(sign=f.hs256),
    "alg RS256": lambda f: f.token({"alg": "RS256"}, sign=rs256),
    "alg ES384": lambda f: f.token({"alg": "ES384"}, sign=f.es384),
    "ES256 said, SHA-384 made": lambda f: f.token(sign=f.es384),
    "alg ES256K": lambda f: f.token({"alg": "ES256K"}),
    "alg EdDSA": lambda f: f.token({"alg": "EdDSA"}, sign=lambda s: f.log.sign(s.encode())),
    "alg PS256": lambda f: f.token({"alg": "PS256"}),
    "alg dir": lambda f: f.token({"alg": "dir", "enc": "A256GCM"}),
    "alg with a space": lambda f: f.token({"alg": "ES256 "}),
    "alg twice in a list": lambda f: f.token({"alg": ["none", "ES256"]}),
    # keys that the token brings
    "jwk": lambda f: f.token({"jwk": jwk.of_point(f.stranger.public_key(), "P-256")}, key=f.stranger),
    "jku": lambda f: f.token({"jku": "https://evil.example.org/keys"}, key=f.stranger),
    "x5u": lambda f: f.token({"x5u": "https://evil.example.org/cert"}, key=f.stranger),
    "x5c": lambda f: f.token({"x5c": ["MIIB"]}, key=f.stranger),
    "x5t": lambda f: f.token({"x5t": "abc"}),
    "crit": lambda f: f.token({"crit": ["exp"]}),
    "b64": lambda f: f.token({"b64": False, "crit": ["b64"]}),
    "zip": lambda f: f.token({"zip": "DEF"}),
    "enc": lambda f: f.token({"enc": "A256GCM"}),
    "cty": lambda f: f.token({"cty": "JWT"}),
    "typ": lambda f: f.token({"typ": "dpop+jwt"}),
    "typ list": lambda f: f.token({"typ": ["JWT"]}),
    "x5t#S256": lambda f: f.token({"x5t#S256": "abc"}),
    "epk": lambda f: f.token({"epk": jwk.of_point(f.stranger.public_key(), "P-256")}),
    "p2c": lambda f: f.token({"p2c": 2**31, "p2s": "abc"}),
    "nonce": lambda f: f.token({"nonce": "abc"}),
    # the key id
    "kid absent": lambda f: f.token({"kid": DROP}),
    "kid empty": lambda f: f.token({"kid": ""}),
    "kid of another purpose": lambda f: f.token({"kid": f.did + "#agreement"}),
    "kid of the log key": lambda f: f.token({"kid": f.did + "#log"}),
    "kid of a stranger": lambda f: f.token({"kid": f.other + "#token"}, key=f.stranger),
    "kid of the receiver": lambda f: f.token({"kid": f.audience + "#token"}, key=f.receiver),
    "kid path": lambda f: f.token({"kid": "../../../../dev/null"}, sign=lambda _: bytes(64)),
    "kid SQL": lambda f: f.token({"kid": "' UNION SELECT 'key' --"}),
    "kid URL": lambda f: f.token({"kid": "https://evil.example.org/key"}, key=f.stranger),
    "kid number": lambda f: f.token({"kid": 0}),
    "kid long": lambda f: f.token({"kid": f.did + "#" + "t" * 600}),
    "kid of the delivery key": lambda f: f.token({"kid": f.did + "#delivery"}),
    "kid of no fragment": lambda f: f.token({"kid": f.did}),
    "kid of an empty fragment": lambda f: f.token({"kid": f.did + "#"}),
    "kid with NUL": lambda f: f.token({"kid": f.did + "#token\0"}),
    "kid other case": lambda f: f.token({"kid": f.did + "#TOKEN"}),
    "kid list": lambda f: f.token({"kid": [f.did + "#token"]}),
    "kid with a query": lambda f: f.token({"kid": f.did + "?x#token"}),
    # the signature
    "another's key": lambda f: f.token(key=f.stranger),
    "no signature": lambda f: f.token(sign=lambda _: b""),
    "zero signature": lambda f: f.token(sign=lambda _: bytes(64)),
    "order as signature": lambda f: f.token(sign=lambda _: bytes.fromhex("ff" * 64)),
    "short signature": lambda f: f.token(sign=lambda s: signed_by(f.key, s)[:63]),
    "long signature": lambda f: f.token(sign=lambda s: signed_by(f.key, s) + b"\0"),
    "DER signature": lambda f: f.token(sign=f.der),
    "flipped signature": lambda f: f.token(sign=lambda _: bytes(64 * [1])),
    "claims swapped": claims_swapped,
    "padded base64": lambda f: f.token() + "==",
    "plain base64": lambda f: f.token().replace("-", "+").replace("_", "/") + "+",
    "loose last bits": loose_bits,
    "white space": lambda f: f.token().replace(".", ". "),
    # the shape
    "two parts": lambda f: ".".join(f.token().split(".")[:2]),
    "four parts": lambda f: f.token() + ".x",
    "JWE": lambda f: f.token() + ".x.y",
    "empty": lambda _: "",
    "dots": lambda _: "..",
    "10 kB": lambda f: f.token(claims={"pad": "x" * 10_000}),
    "10 kB header": lambda f: f.token(header={"kid": "x" * 10_000}),
    "header no object": lambda f: f.token(raw_header=["ES256"]),
    "claims no object": lambda f: f.token(raw_claims=b'"did"'),
    "claims no JSON": lambda f: f.token(raw_claims=b"{"),
    "double alg": lambda f: f.token(raw_header=b'{"alg":"none",' + json.dumps(f.header)[1:].encode()),
    "double aud": lambda f: f.token(raw_claims=json.dumps(f.claims)[:-1].encode() + b',"aud":"did:web:x"}'),
    "double exp": lambda f: f.token(raw_claims=b'{"exp":1,' + json.dumps(f.claims)[1:].encode()),
    "NaN": lambda f: f.token(raw_claims=json.dumps(f.claims)[:-1].encode() + b',"x":NaN}'),
    "deep": lambda f: f.token(raw_claims=b'{"x":' + b"[" * 1500 + b"]" * 1500 + b"}"),
    "surrogate": lambda f: f.token(raw_claims=json.dumps(f.claims)[:-1].encode() + b',"x":"\\ud800"}'),
    # who
    "iss absent": lambda f: f.token(claims={"iss": DROP}),
    "iss another": lambda f: f.token(claims={"iss": f.other, "sub": f.other}),
    "iss not sub": lambda f: f.token(claims={"sub": f.other}),
    "sub absent": lambda f: f.token(claims={"sub": DROP}),
    "iss URL": lambda f: f.token(claims={"iss": "https://x", "sub": "https://x"}),
    "iss did:key": lambda f: f.token(claims={"iss": "did:key:z6", "sub": "did:key:z6"}),
    "iss with NUL": lambda f: f.token(claims={"iss": f.did + "\0", "sub": f.did + "\0"}),
    "iss list": lambda f: f.token(claims={"iss": [f.did], "sub": [f.did]}),
    "iss of 10 kB": lambda f: f.token(claims={"iss": "did:web:" + "x" * 3000, "sub": "did:web:" + "x" * 3000}),
    "iss the receiver": lambda f: f.token(claims={"iss": f.audience, "sub": f.audience}),
    "iss with a path up": lambda f: f.token(claims={"iss": f.did + ":..:x", "sub": f.did + ":..:x"}),
    "iss an address inside": lambda f: f.token(claims={"iss": "did:web:10.0.0.1", "sub": "did:web:10.0.0.1"}),
    "iss with credentials": lambda f: f.token(claims={"iss": "did:web:a%40b", "sub": "did:web:a%40b"}),
    "sub list": lambda f: f.token(claims={"sub": [f.did]}),
    # for whom
    "aud another": lambda f: f.token(claims={"aud": f.other}),
    "aud absent": lambda f: f.token(claims={"aud": DROP}),
    "aud null": lambda f: f.token(claims={"aud": None}),
    "aud list": lambda f: f.token(claims={"aud": [f.audience]}),
    "aud list of two": lambda f: f.token(claims={"aud": [f.audience, f.other]}),
    "aud prefix": lambda f: f.token(claims={"aud": f.audience[:-1]}),
    "aud longer": lambda f: f.token(claims={"aud": f.audience + "0"}),
    "aud the sender": lambda f: f.token(claims={"aud": f.did}),
    "aud other case": lambda f: f.token(claims={"aud": f.audience.upper()}),
    "aud object": lambda f: f.token(claims={"aud": {"0": f.audience}}),
    "aud empty": lambda f: f.token(claims={"aud": ""}),
    "aud a URL": lambda f: f.token(claims={"aud": "https://" + f.audience}),
    # when
    "expired": lambda f: f.token(claims={"iat": f.at - 200, "exp": f.at - 60 - f.slack}),
    "exp absent": lambda f: f.token(claims={"exp": DROP}),
    "exp null": lambda f: f.token(claims={"exp": None}),
    "exp text": lambda f: f.token(claims={"exp": str(f.at + 120)}),
    "exp float": lambda f: f.token(claims={"exp": f.at + 120.5}),
    "exp true": lambda f: f.token(claims={"exp": True}),
    "exp negative": lambda f: f.token(claims={"exp": -1, "iat": -5}),
    "exp huge": lambda f: f.token(claims={"exp": 2**52}),
    "exp infinity": lambda f: f.token(raw_claims=with_end(f, "1e999")),
    "exp of 400 digits": lambda f: f.token(raw_claims=with_end(f, "9" * 400)),
    "lives too long": lambda f: f.token(claims={"exp": f.at + 601}),
    "ends before it begins": lambda f: f.token(claims={"exp": f.at - 1}),
    "iat absent": lambda f: f.token(claims={"iat": DROP}),
    "iat future": lambda f: f.token(claims={"iat": f.at + 60 + f.slack, "exp": f.at + 120}),
    "nbf future": lambda f: f.token(claims={"nbf": f.at + 60 + f.slack}),
    "nbf text": lambda f: f.token(claims={"nbf": "soon"}),
    "nbf null": lambda f: f.token(claims={"nbf": None}),
    "iat text": lambda f: f.token(claims={"iat": str(f.at)}),
    "iat zero": lambda f: f.token(claims={"iat": 0}),
    "exp list": lambda f: f.token(claims={"exp": [f.at + 120]}),
    # which
    "jti absent": lambda f: f.token(claims={"jti": DROP}),
    "jti empty": lambda f: f.token(claims={"jti": ""}),
    "jti number": lambda f: f.token(claims={"jti": 7}),
    "jti long": lambda f: f.token(claims={"jti": "j" * 129}),
    "jti control": lambda f: f.token(claims={"jti": "a\u0000b"}),
    "jti null": lambda f: f.token(claims={"jti": None}),
    "jti list": lambda f: f.token(claims={"jti": ["abc"]}),
    "double jti": lambda f: f.token(raw_claims=json.dumps(f.claims)[:-1].encode() + b',"jti":"x"}'),
    "double iss": lambda f: f.token(raw_claims=b'{"iss":"did:web:x",' + json.dumps(f.claims)[1:].encode()),
}  # fmt: skip
# a clock that is wrong shows the same, so they are told as that
OTHER_TIMES = frozenset({"expired", "iat future", "nbf future"})


def told_of(attack):
    """Return the code by which one is refused."""
    return "clock" if attack in OTHER_TIMES else "token"
