"""did:web documents: ours as it is served, a peer's as it is read.

Law: a document counts only for the DID it names and was fetched for; each key has one method of its own, found by its
fragment: `#token` (P-256, authentication), `#agreement` (secp256k1 with its chain address), `#log` (Ed25519),
`#delivery` (X25519, key agreement), `#bls` (BLS12-381 with proof of possession), `#cosigner` (ML-DSA-44), perhaps
`#hybrid` (X25519 with ML-KEM-768), and of an issuer `#credential` (P-256, assertion). A key of SM2 (assertion) is found
by its curve, since other makes have names of their own for it; ours is `#sm2`, and listed by those alone who have drawn
one. Keys that were are `#delivery-1`, `#sm2-1`, `#log-1` and so on, for no relationship. What is ours alone stands
within a key, where readers that know no extensions pass over it. What proves something, `#cosigner` and `#hybrid` bear
a signature of the log's key (`connector.identity.vouching`). A foreign participant may lack all but a P-256 key; what
it lacks, it cannot do with us.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric import ec

from connector.identity import followed_log, jwk, vouching
from connector.identity.keys import CREDENTIAL, SM2, TOKEN
from connector.identity.published import ALONE
from connector.runtime.errors import InvalidInput, VerificationFailed
from connector.runtime.limits import (
    DID_CHARACTERS_MAX,
    DID_DOCUMENT_BYTES_MAX,
    DID_MEMBERS_MAX,
    FORMER_DELIVERY_KEYS_MAX,
    LISTED_SM2_MAX,
)
from connector.runtime.settings import LOOPBACK
from contracts import address, canonical, signature
from contracts.errors import ContractError
from contracts.namespace import NS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connector.identity.keys import Keys
    from connector.identity.published import Published
    from connector.net.outbound import Outbound
    from ledger.space.log_keys import FormerLog

CONTEXTS = ("https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1")
JWK_METHOD = "JsonWebKey2020"
# as draft-ietf-cose-bls-key-representations has it
BLS_CURVE = "BLS12381G1"
COSIGNER, HYBRID = "ML-DSA-44", "MLKEM768-X25519"
ACCOUNT, BLS_PUBLIC, BLS_PROOF = NS + "account", NS + "blsPublicKey", NS + "blsProof"
UNTIL = NS + "until"
BLS_PUBLIC_BYTES, BLS_PROOF_BYTES = 48, 96
# service type → (fragment, path below the base URL); the first is the Dataspace Protocol's own
SERVICES: Mapping[str, tuple[str, str]] = {
    "DataService": ("dsp", "/.well-known/dspace-version"),
    NS + "Log": ("log-prefix", "/log"),
    NS + "Witness": ("witness", "/witness"),
    NS + "Space": ("space", "/space"),
    # of the Decentralized Claims Protocol
    "CredentialService": ("credentials", "/dcp"),
    "IssuerService": ("issuer", "/issuer"),
}
# what an exchange alone has
OF_EXCHANGES = ("space", "issuer")
# under this name with a number stands a delivery key that was, for what is sealed under a pair of keys
FORMER = "delivery-"
# what proves a presentation, and a credential
PROVING = ("authentication", "assertionMethod")
# what proves a token
CALLING = ("authentication", "capabilityInvocation")
# what a document may say of a key that it is for (DID Core 1.0, 5.3)
RELATIONSHIPS = ("authentication", "assertionMethod", "capabilityInvocation", "capabilityDelegation", "keyAgreement")
_DID = re.compile(r"did:web:[A-Za-z0-9._-]+(%3A[0-9]{1,5})?(:[A-Za-z0-9._~-]+)*")


@dataclass(frozen=True, slots=True)
class Document:
    """What a DID document told us, checked; an absent key is None or empty."""

    id: str
    token_keys: Mapping[str, ec.EllipticCurvePublicKey]
    agreement: bytes | None
    log: bytes | None
    delivery: bytes | None
    aggregate: tuple[bytes, bytes] | None
    services: Mapping[str, str]
    # relationship → id of a method → its JWK, for what is signed by whatever curve (`connector.operation.dcp.jose`)
    proofs: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    cosigner: bytes | None = None
    hybrid: bytes | None = None
    # 64 bytes
    sm2: bytes | None = None
    # delivery keys that were
    former: tuple[bytes, ...] = ()
    # keys of SM2 that were → until when each counts, None where it is not said; and whether the log's key signed `sm2`
    sm2_former: Mapping[bytes, datetime | None] = field(default_factory=dict)
    sm2_vouched: bool = False
    # ids of the keys that prove something and that the log's key has not signed
    unvouched: frozenset[str] = frozenset()
    # keys of the log that were, the newest first; each has signed the one after it
    log_former: tuple[FormerLog, ...] = ()

    def names(self, kid: str) -> bool:
        """Say whether a key of this id (a DID URL) proves something here."""
        return kid in self.token_keys or any(kid in keys for keys in self.proofs.values())

    def require(self, purpose: str) -> bytes:
        """Return the address (agreement) or the 32 public bytes (log, delivery); `VerificationFailed` if absent."""
        found = {"agreement": self.agreement, "log": self.log, "delivery": self.delivery}[purpose]
        if found is None:
            raise VerificationFailed(f"`{self.id}` publishes no {purpose} key", "it must serve it in its DID document")
        return found


def url_of(did: str, *, development: bool) -> str:
    """Return where the document of `did` is served; loopback participants speak http under development."""
    if len(did) > DID_CHARACTERS_MAX or not _DID.fullmatch(did):
        raise InvalidInput(f"`{did[:80]}` is not a did:web")
    host, *path = did.removeprefix("did:web:").split(":")
    if any(segment in (".", "..") for segment in path):
        raise InvalidInput(f"`{did}` climbs out of its path")
    authority = unquote(host)
    loopback = authority.split(":")[0].lower() in LOOPBACK
    scheme = "http" if development and loopback else "https"
    return f"{scheme}://{authority}/" + "/".join((*path, "did.json") if path else (".well-known", "did.json"))


def build(
    did: str,
    base_url: str,
    keys: Keys,
    aggregate: tuple[bytes, bytes] | None,
    published: Published = ALONE,
    *,
    exchange: bool,
    hybrid: bool = False,
) -> Any:
    """Return our document; `aggregate` is (public key, proof of possession), as ledger.log.aggregate derives them.

    `hybrid` says whether our key of that kind is in it, so that whoever reads this seals to it.
    """
    agreement = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), signature.public(keys.agreement))
    tokens, credentials = (_listed(did, keys, published, one) for one in (TOKEN, CREDENTIAL))
    methods = [
        *tokens,
        _vouched(did, keys, "agreement", jwk.of_point(agreement, "secp256k1")),
        *(_method(did, name, key) for name, key in followed_log.listed(keys.log_public, keys.log_former)),
        _method(did, "delivery", jwk.of_bytes(keys.delivery_public, "X25519")),
    ]
    if aggregate is not None:
        public, proof = aggregate
        key = {"kty": "OKP", "crv": BLS_CURVE, "x": jwk.encode(public), BLS_PROOF: proof.hex()}
        methods.append(_method(did, "bls", key))
    methods.append(_vouched(did, keys, "cosigner", jwk.of_algorithm(keys.cosigner_public, COSIGNER)))
    methods += [
        _method(did, f"{FORMER}{number}", jwk.of_bytes(one.public_key().public_bytes_raw(), "X25519"))
        for number, one in enumerate(reversed(keys.former), 1)
    ]
    if hybrid:
        methods.append(_vouched(did, keys, "hybrid", jwk.of_algorithm(keys.hybrid.public, HYBRID)))
    asserting = [f"{did}#agreement", f"{did}#log"]
    if keys.sm2_public is not None:
        methods.append(_vouched(did, keys, SM2, jwk.of_sm2(keys.sm2_public)))
        asserting.append(f"{did}#{SM2}")
    methods += [
        _method(did, f"{SM2}-{number}", {**jwk.of_sm2(one.key), UNTIL: one.until.isoformat(timespec="seconds")})
        for number, one in enumerate(keys.sm2_former[:LISTED_SM2_MAX], 1)
    ]
    if exchange:
        methods += credentials
        asserting += map(_id, credentials)
    services = {kind: row for kind, row in SERVICES.items() if exchange or row[0] not in OF_EXCHANGES}
    return {
        "@context": list(CONTEXTS),
        "id": did,
        "verificationMethod": methods,
        "authentication": list(map(_id, tokens)),
        "capabilityInvocation": list(map(_id, tokens)),
        "assertionMethod": asserting,
        "keyAgreement": [f"{did}#delivery"],
        "service": [
            {"id": f"{did}#{fragment}", "type": kind, "serviceEndpoint": base_url + path}
            for kind, (fragment, path) in services.items()
        ],
    }


def of_hub(document: Any, connector: str) -> Any:
    """Return a document of ours with which a connector of another make, below that address, acts under our DID.

    It names where that connector answers the Dataspace Protocol, and no key of agreements: whoever finds one there
    takes the peer for one of our make.
    """
    key, data_service = document["id"] + "#agreement", next(iter(SERVICES))
    at = {"serviceEndpoint": connector + SERVICES[data_service][1]}
    return document | {
        "verificationMethod": [one for one in document["verificationMethod"] if one["id"] != key],
        "assertionMethod": [one for one in document["assertionMethod"] if one != key],
        "service": [one | at if one["type"] == data_service else one for one in document["service"]],
    }


def parse(body: bytes, did: str) -> Document:
    """Read a peer's document strictly where we use it; raises `VerificationFailed`."""
    try:
        document = canonical.load(body, max_bytes=DID_DOCUMENT_BYTES_MAX)
    except ContractError as error:
        raise VerificationFailed(f"the DID document of `{did}` cannot be read: {error}") from error
    if not isinstance(document, dict) or document.get("id") != did:
        raise VerificationFailed(f"the DID document fetched for `{did}` is not its own")
    methods = _methods(document, did)
    agreement, log = methods.get(f"{did}#agreement"), _raw(methods.get(f"{did}#log"), "Ed25519")
    proofs = {each: _permitted(document, methods, did, (each,)) for each in PROVING}
    asserting = proofs["assertionMethod"]
    national = next((name for name, key in asserting.items() if key.get("crv") == "SM2"), None)
    unvouched = vouching.lacking({**asserting, **_permitted(document, methods, did, CALLING)}, did, log)
    return Document(
        did,
        _token_keys(document, methods, did),
        None if agreement is None else _address(agreement),
        log,
        _raw(methods.get(f"{did}#delivery"), "X25519"),
        _aggregate(methods, did),
        _services(document),
        proofs,
        _of_algorithm(methods.get(f"{did}#cosigner"), COSIGNER, did, log),
        _of_algorithm(methods.get(f"{did}#hybrid"), HYBRID, did, log),
        None if national is None else jwk.read_sm2(asserting[national]),
        tuple(_former(methods, did)),
        _former_sm2(methods, None if national is None else asserting[national]),
        national is not None and national not in unvouched,
        unvouched,
        () if log is None else followed_log.proven(_keys(methods), did),
    )


async def resolve(did: str, outbound: Outbound, *, development: bool) -> Document:
    """Fetch and read the document of `did`; raises what `Outbound.get` and `parse` raise."""
    url = url_of(did, development=development)
    answer = await outbound.get(url, limit_bytes=DID_DOCUMENT_BYTES_MAX)
    return parse(answer.body, did)


def _listed(did: str, keys: Keys, published: Published, purpose: str) -> list[dict[str, Any]]:
    """Return the methods of a purpose: of the present key, and of those that were or are to come."""
    key = keys.public(purpose)
    rows = [(published.fragment(purpose, key), key)]
    rows += [(row.fragment, dict(row.key)) for row in published.beside(keys, purpose)]
    return [_vouched(did, keys, fragment, each) for fragment, each in rows]


def _id(method: dict[str, Any]) -> Any:
    return method["id"]


def _method(did: str, fragment: str, key: dict[str, str]) -> dict[str, Any]:
    return {"id": f"{did}#{fragment}", "type": JWK_METHOD, "controller": did, "publicKeyJwk": key}


def _methods(document: Mapping[str, Any], did: str) -> dict[str, Mapping[str, Any]]:
    """Return the document's own methods by id; a method that another DID controls is not this one's key."""
    listed = _list(document, "verificationMethod")
    methods: dict[str, Mapping[str, Any]] = {}
    for method in listed:
        if not isinstance(method, dict) or not isinstance(method.get("id"), str):
            raise VerificationFailed(f"a verification method of `{did}` has no id")
        identifier = did + method["id"] if method["id"].startswith("#") else method["id"]
        if identifier in methods:
            raise VerificationFailed(f"`{did}` lists `{identifier}` twice")
        if identifier.startswith(did + "#") and method.get("controller") == did:
            methods[identifier] = method
    return methods


def _keys(methods: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the keys of methods by their fragment."""
    return {name.rpartition("#")[2]: method.get("publicKeyJwk") for name, method in methods.items()}


def _token_keys(
    document: Mapping[str, Any], methods: Mapping[str, Mapping[str, Any]], did: str
) -> dict[str, ec.EllipticCurvePublicKey]:
    """Return key id → P-256 key for every method that the document permits for authentication."""
    permitted = _permitted(document, methods, did, CALLING)
    return {name: jwk.read_point(key, "P-256") for name, key in permitted.items() if key.get("crv") == "P-256"}


def _permitted(
    document: Mapping[str, Any], methods: Mapping[str, Mapping[str, Any]], did: str, relations: Sequence[str]
) -> dict[str, Mapping[str, Any]]:
    """Return key id → JWK for every method that the document permits for one of these relationships.

    One that says of none of its keys what it is for, as documents of the DCP's own kit do, permits all of them.
    """
    keys: dict[str, Mapping[str, Any]] = {}
    told = [reference for relation in relations for reference in _list(document, relation)]
    for reference in told if any(name in document for name in RELATIONSHIPS) else methods:
        identifier = did + reference if isinstance(reference, str) and reference.startswith("#") else reference
        method = methods.get(identifier) if isinstance(identifier, str) else None
        key = method.get("publicKeyJwk") if method is not None else None
        if isinstance(key, dict):
            keys[str(identifier)] = key
    return keys


def _address(method: Mapping[str, Any]) -> bytes:
    found = jwk.address_of(jwk.read_point(method.get("publicKeyJwk"), "secp256k1"))
    if method.get(ACCOUNT, address.show(found)) != address.show(found):
        raise VerificationFailed("the account of the agreement key is not the one of its public key")
    return found


def _raw(method: Mapping[str, Any] | None, curve: str) -> bytes | None:
    return None if method is None else jwk.read(method.get("publicKeyJwk"), curve)[0]


def _former(methods: Mapping[str, Mapping[str, Any]], did: str) -> Iterator[bytes]:
    for number in range(FORMER_DELIVERY_KEYS_MAX, 0, -1):
        if (found := _raw(methods.get(f"{did}#{FORMER}{number}"), "X25519")) is not None:
            yield found


def _vouched(did: str, keys: Keys, fragment: str, key: Mapping[str, str]) -> dict[str, Any]:
    """Return the method of a key that our log's key signs."""
    return _method(did, fragment, vouching.vouched(did, keys.log, key))


def _former_sm2(
    methods: Mapping[str, Mapping[str, Any]], present: Mapping[str, Any] | None
) -> dict[bytes, datetime | None]:
    listed = (method.get("publicKeyJwk") for method in methods.values())
    keys = [key for key in listed if isinstance(key, dict) and key.get("crv") == "SM2" and key != present]
    try:
        ends = [datetime.fromisoformat(key[UNTIL]) if UNTIL in key else None for key in keys]
    except (TypeError, ValueError) as error:
        raise VerificationFailed("a former key of SM2 ends at no time") from error
    if any(end is not None and end.tzinfo is None for end in ends):
        raise VerificationFailed("a former key of SM2 ends at a time without a zone")
    return dict(zip(map(jwk.read_sm2, keys), ends, strict=True))


def _of_algorithm(method: Mapping[str, Any] | None, algorithm: str, did: str, log: bytes | None) -> bytes | None:
    """Return the key of a method for an algorithm if `log` has signed it; one of another algorithm is passed over."""
    key = None if method is None else method.get("publicKeyJwk")
    if not isinstance(key, dict) or key.get("alg") != algorithm or log is None:
        return None
    public = jwk.read_algorithm(key, algorithm)
    vouching.require(key, did, log)
    return public


def _aggregate(methods: Mapping[str, Mapping[str, Any]], did: str) -> tuple[bytes, bytes] | None:
    """Return the BLS key with its proof, as it stands within a key, or beside it as it stood before."""
    found = methods.get(f"{did}#bls")
    key = found.get("publicKeyJwk") if found is not None else None
    before = methods.get(f"{did}#aggregate")
    if isinstance(key, dict) and key.get("crv") == BLS_CURVE:
        told = (_hex(key.get("x")), key.get(BLS_PROOF))
    elif before is not None:
        told = (before.get(BLS_PUBLIC), before.get(BLS_PROOF))
    else:
        return None
    public, proof = told
    sizes = zip(told, (BLS_PUBLIC_BYTES, BLS_PROOF_BYTES), strict=True)
    if not all(isinstance(text, str) and re.fullmatch(f"[0-9a-f]{{{2 * size}}}", text) for text, size in sizes):
        raise VerificationFailed("the aggregate key or its proof of possession has the wrong form")
    return bytes.fromhex(str(public)), bytes.fromhex(str(proof))


def _hex(coordinate: Any) -> Any:
    try:
        return jwk.decode(coordinate).hex()
    except ValueError:
        return ""


def _services(document: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for service in _list(document, "service"):
        if not isinstance(service, dict):
            continue
        kind, endpoint = service.get("type"), service.get("serviceEndpoint")
        if isinstance(kind, str) and isinstance(endpoint, str):
            found.setdefault(kind, endpoint)
    return found


def _list(document: Mapping[str, Any], name: str) -> list[Any]:
    listed = document.get(name, [])
    if not isinstance(listed, list) or len(listed) > DID_MEMBERS_MAX:
        raise VerificationFailed(f"`{name}` of a DID document is no list of at most {DID_MEMBERS_MAX}")
    return listed
