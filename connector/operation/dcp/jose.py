"""Credentials and presentations as signed JWTs (RFC 7515), by whatever key the signer's document names.

Law: (1) the algorithm is one of ALGORITHMS, and the key's own: a key of a curve verifies nothing else. (2) The key is
that which the *signer's* DID document lists under `kid` for the purpose; nothing in the JWT brings a key or says where
to fetch one. (3) We sign with P-256 alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import orjson
from jwt import PyJWK
from jwt.api_jws import PyJWS
from jwt.exceptions import PyJWTError

from connector.identity import jwk
from connector.runtime.errors import VerificationFailed
from connector.runtime.limits import CREDENTIAL_BYTES_MAX, DID_CHARACTERS_MAX
from contracts import canonical
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.identity.keys import Signer

# curve or kind of a key → the algorithms that it may sign by (RFC 7518, 8037, 8812)
ALGORITHMS: Final[Mapping[str, tuple[str, ...]]] = {
    "P-256": ("ES256",),
    "P-384": ("ES384",),
    "secp256k1": ("ES256K",),
    "Ed25519": ("EdDSA",),
    "RSA": ("PS256", "RS256"),
}
LEVELS_MAX: Final = 16
_JWS: Final = PyJWS()


@dataclass(frozen=True, slots=True)
class Signed:
    """A JWT taken apart, not believed: by which key of whom it says that it is signed, and what it carries."""

    raw: str
    kid: str
    algorithm: str
    payload: Mapping[str, Any]

    @property
    def signer(self) -> str:
        """The DID whose key it names."""
        return self.kid.partition("#")[0]

    @property
    def digest(self) -> str:
        """The digest (hex) of the JWT: its name in rows and in the log."""
        return sha256(self.raw.encode()).hexdigest()


def sign(signer: Signer, typ: str, payload: Mapping[str, Any]) -> str:
    """Return the payload signed by a P-256 key of ours."""
    return _JWS.encode(orjson.dumps(payload), signer.key, algorithm="ES256", headers={"typ": typ, "kid": signer.kid})


def take_apart(raw: str) -> Signed:
    """Read a JWT that names a key of a DID document, without believing it; raises as `read`."""
    signed = read(raw)
    if not 0 < len(signed.kid) <= DID_CHARACTERS_MAX or "#" not in signed.kid:
        raise VerificationFailed("the header of a JWT names no key (`kid`) of a DID document")
    return signed


def read(raw: str) -> Signed:
    """Read a signed JWT without believing it; raises VerificationFailed for what can never be valid."""
    parts = raw.split(".")
    if len(raw) > CREDENTIAL_BYTES_MAX or len(parts) != 3:
        raise VerificationFailed(f"a JWT has three parts and at most {CREDENTIAL_BYTES_MAX} bytes")
    header, payload = (_object(part) for part in parts[:2])
    kid, algorithm = header.get("kid", ""), header.get("alg")
    if "crit" in header or not isinstance(algorithm, str) or not isinstance(kid, str):
        raise VerificationFailed("the header of a JWT asks for what is not done here")
    return Signed(raw, kid, algorithm, payload)


def verify(signed: Signed, keys: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise VerificationFailed unless the key that a JWT names is one of `keys` (id → JWK) and signed it."""
    key = keys.get(signed.kid)
    if key is None:
        raise VerificationFailed(f"`{signed.kid[:200]}` is no key that its owner publishes for this")
    if "d" in key or signed.algorithm not in ALGORITHMS.get(str(key.get("crv") or key.get("kty")), ()):
        raise VerificationFailed(f"the key of a JWT does not sign by `{signed.algorithm[:20]}`")
    try:
        _JWS.decode_complete(signed.raw, PyJWK(dict(key), signed.algorithm), [signed.algorithm])
    except (PyJWTError, ValueError, TypeError) as error:
        raise VerificationFailed("the signature of a JWT does not fit") from error


def _object(part: str) -> Mapping[str, Any]:
    try:
        value = canonical.load(jwk.decode(part), max_bytes=CREDENTIAL_BYTES_MAX, max_depth=LEVELS_MAX)
    except (ValueError, ContractError) as error:
        raise VerificationFailed(f"a part of a JWT cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise VerificationFailed("a part of a JWT is no object")
    return value
