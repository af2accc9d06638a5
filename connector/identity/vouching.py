"""The signature of a log's key over another key of the same DID document.

    publicKeyJwk  {…, "<NS>logProof": 128 hex digits}
    signed        "penstock/key/v1" NUL DID NUL algorithm or curve NUL public key

Law: the registry and the space have the key of a log, so whoever only serves the document puts no other key in the
place of one that bears this. A signature that does not hold makes the whole document void. It is no note, for those
have no NUL, and it stands within the key, where readers that know no extensions pass over it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from connector.runtime.errors import VerificationFailed
from contracts.namespace import NS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LOG_PROOF, CONTEXT = NS + "logProof", b"penstock/key/v1"


def vouched(did: str, log: Ed25519PrivateKey, key: Mapping[str, str]) -> dict[str, str]:
    """Return a JWK with the signature of our log's key over it."""
    return {**key, LOG_PROOF: proof(did, log, key).hex()}


def proof(did: str, log: Ed25519PrivateKey, key: Mapping[str, str]) -> bytes:
    """Return the signature (64 bytes) of a log's key over a JWK."""
    return log.sign(_signed(did, key))


def require(key: Mapping[str, Any], did: str, log: bytes) -> bool:
    """Return True if the log's key (32 bytes) has signed a JWK of the same document; raises VerificationFailed."""
    try:
        Ed25519PublicKey.from_public_bytes(log).verify(bytes.fromhex(key[LOG_PROOF]), _signed(did, key))
    except (AttributeError, KeyError, TypeError, ValueError, InvalidSignature) as error:
        named = key.get("alg") or key.get("crv")
        raise VerificationFailed(f"the log's key of `{did}` has not signed its {named} key") from error
    return True


def lacking(proving: Mapping[str, Mapping[str, Any]], did: str, log: bytes | None) -> frozenset[str]:
    """Return the ids of the keys (id → JWK) that bear no signature; the log's own needs none.

    Without a log nobody vouches for any. Raises as `require`.
    """
    others = {name: key for name, key in proving.items() if name != f"{did}#log"}
    return frozenset(
        name for name, key in others.items() if log is None or LOG_PROOF not in key or not require(key, did, log)
    )


def _signed(did: str, key: Mapping[str, Any]) -> bytes:
    point = ".".join(key[name] for name in ("x", "y") if name in key)
    algorithm, public = (key["alg"], key["pub"]) if "pub" in key else (key["crv"], point)
    return b"\0".join((CONTEXT, did.encode(), algorithm.encode(), public.encode()))
