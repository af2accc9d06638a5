"""A contract as it is filed at a platform (备案): what `/contractRegistrate` of TC609-6-2025-14 takes (按其设计).

    written(contract, agreement, key)   what a party sends
    read(document)                      what was filed, proven to be signed by both: `signed_by` says by whom
    filing.opened(keys)                 the contract in it

Law: (1) who keeps filings reads what a register needs: code, name, parties, product, moment, signatures. Price, rules
and all the rest are sealed under a key that provider and consumer share: each makes it of its own delivery key and the
other's, and nobody ever sends it; by those that each had before, where one has another since. (2) Both sides file the
same bytes as long as neither has changed its key, so a contract has one hash, whoever files it.
(3) The code follows from program, moment and digest, and the signatures are over that digest: no register can be given
a contract that was not signed.
"""

from __future__ import annotations

import base64
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from contracts.canonical import canonical, load
from contracts.check_character import passes
from contracts.decimals import read_hex
from contracts.digital_contract import (
    CONSUMER,
    NAME_CHARACTERS_MAX,
    PROVIDER,
    beijing,
    contract_code,
)
from contracts.errors import ContractError
from contracts.signature import SIGNATURE_BYTES, is_by
from ledger.fields import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from contracts.typed_data import Domain

VERSION: Final = 1
FILING: Final = "filing"
CODE_CHARACTERS: Final = 47
# of the number of a control instruction (数据交易控制指令), `ctrlInstructiontId` of NDI-TR-2025-05
INSTRUCTION_CHARACTERS: Final = 32
NAMED_CHARACTERS_MAX: Final = 512  # of a DID, or of a product's identifier
SEALED_BYTES_MAX: Final = 256 << 10
KEY_BYTES: Final = (
    64  # of AES-256-SIV: what both sides seal alike needs no nonce, and one that came twice breaks nothing
)
_INFO: Final = b"penstock/filing/v1\0"
# both readings of the text: clause and dictionary name the nodes otherwise
NODES: Final[Mapping[str, tuple[str, ...]]] = {
    PROVIDER: ("providerNodeId", "assignerId"),
    CONSUMER: ("consumerNodeId", "assigneeId"),
}


@dataclass(frozen=True, slots=True)
class Filing:
    """A contract that was filed: `code` of 47 characters, DIDs of both sides, both signatures over `agreement`.

    `amends` is the agreement in whose place it is, None for none: the word of who files it, which its parties compare
    with the terms that are sealed.
    """

    code: str
    name: str
    product: str
    provider: str
    consumer: str
    signed: datetime
    signatures: tuple[bytes, bytes]
    agreement: bytes
    sealed: bytes
    amends: bytes | None = None

    @property
    def parties(self) -> tuple[str, str]:
        """Return the DIDs of its two sides."""
        return self.provider, self.consumer

    @property
    def hash(self) -> str:
        """Return `contractHash`: SHA-256 of what is sealed, 64 hex digits."""
        return sha256(self.sealed).hexdigest()

    def check(self, domain: Domain, provider: bytes, consumer: bytes) -> None:
        """Raise ContractError unless the code is the agreement's and both accounts signed it."""
        if self.code != contract_code(domain.verifying_contract + domain.salt, self.agreement, self.signed):
            raise ContractError(FILING, "`contractId` does not follow from program, moment and agreement")
        for account, proof, side in zip((provider, consumer), self.signatures, ("provider", "consumer"), strict=True):
            if not is_by(account, self.agreement, proof):
                raise ContractError(FILING, f"the {side} named did not sign this agreement")

    def opened(self, keys: Sequence[bytes]) -> dict[str, Any]:
        """Return the contract, by whichever key opens it; raises ContractError where none does, or for no contract."""
        try:
            contract = load(self._opened(keys), max_bytes=SEALED_BYTES_MAX)
        except ValueError as error:
            raise ContractError(FILING, "it does not open with the key of its two parties") from error
        if not isinstance(contract, dict) or contract.get("contractId") != self.code:
            raise ContractError(FILING, "what is sealed in it is another contract than it says")
        return contract

    def _opened(self, keys: Sequence[bytes]) -> bytes:
        for key in keys:
            with suppress(InvalidTag):
                return AESSIV(key).decrypt(self.sealed, [_INFO, self.agreement])
        raise ValueError("none of these keys opens it")


def instruction(agreement: bytes) -> str:
    """Return the number of the control instruction of an agreement: the first 32 digits of its digest.

    Whoever knows the agreement makes the same, so deliveries and evidence are found by it in everybody's log.
    """
    return agreement.hex()[:INSTRUCTION_CHARACTERS]


def key_of(own: X25519PrivateKey, other: bytes, agreement: bytes) -> bytes:
    """Return the key that the two parties of an agreement share; `other` is the public delivery key of the other."""
    shared = own.exchange(X25519PublicKey.from_public_bytes(other))
    return HKDF(SHA256(), KEY_BYTES, agreement, _INFO).derive(shared)


def written(contract: Mapping[str, Any], agreement: bytes, key: bytes) -> dict[str, Any]:
    """Return what a party sends to file a contract (`contracts.digital_contract.written`)."""
    provider, consumer = (one["signatoryEntityId"] for one in contract["signatoryEntities"])
    strategies = [one for kind in contract["contractPolicies"].values() for one in kind]
    product = strategies[0]["subjectInfo"]["dataProductId"]
    signed = beijing(contract["signTime"])
    sealed = AESSIV(key).encrypt(canonical(dict(contract)), [_INFO, agreement])
    amends = contract["expansionItem"]["terms"].get("amends")
    return {
        "contractName": contract["contractName"],
        "contractId": contract["contractId"],
        "strategy": {
            "subjectInfo": {"dataProductId": product, "dataProductEntityId": provider},
            "executionNodeInfo": {"providerNodeId": provider, "consumerNodeId": consumer},
            "actions": sorted({action for one in strategies for action in one["actions"]}),
        },
        "signatoryEntities": [dict(one) for one in contract["signatoryEntities"]],
        "signatoryTime": signed.isoformat(),
        "contractExpansionItem": {
            "v": VERSION,
            "agreement": agreement.hex(),
            "sealed": base64.b64encode(sealed).decode(),
        }
        | ({"amends": amends} if amends else {}),
    }


def read(document: Any) -> Filing:
    """Return what is filed; raises ContractError at the member that is wrong. What it has besides is left alone."""
    whole = _object(document, "the body")
    strategy = _object(whole.get("strategy"), "strategy")
    subject, nodes = (_object(strategy.get(name), name) for name in ("subjectInfo", "executionNodeInfo"))
    held = _object(whole.get("contractExpansionItem"), "contractExpansionItem")
    if type(held.get("v")) is not int or held["v"] != VERSION:
        raise ContractError(FILING, "`contractExpansionItem` is of an unknown version", "use version 1")
    code = text(whole.get("contractId"), "contractId", limit_chars=CODE_CHARACTERS)
    if len(code) != CODE_CHARACTERS or not passes(code):
        raise ContractError(FILING, "`contractId` is 47 characters, of which the last one checks the others")
    signers = _signers(whole.get("signatoryEntities"))
    named = {kind: next((nodes[name] for name in names if name in nodes), None) for kind, names in NODES.items()}
    for kind, node in named.items():
        if text(node, NODES[kind][0], limit_chars=NAMED_CHARACTERS_MAX) != signers[kind][0]:
            raise ContractError(FILING, f"`{NODES[kind][0]}` is another than who signed as {kind}")
    return Filing(
        code=code,
        name=text(whole.get("contractName"), "contractName", limit_chars=NAME_CHARACTERS_MAX),
        product=text(subject.get("dataProductId"), "dataProductId", limit_chars=NAMED_CHARACTERS_MAX),
        provider=signers[PROVIDER][0],
        consumer=signers[CONSUMER][0],
        signed=_moment(whole.get("signatoryTime")),
        signatures=(signers[PROVIDER][1], signers[CONSUMER][1]),
        agreement=read_hex(held.get("agreement"), "agreement", 32),
        sealed=_sealed(held.get("sealed")),
        amends=read_hex(held["amends"], "amends", 32) if "amends" in held else None,
    )


def _signers(value: Any) -> dict[str, tuple[str, bytes]]:
    """Return kind of signatory → its identifier and signature: a provider and a consumer."""
    found: dict[str, tuple[str, bytes]] = {}
    for one in value if isinstance(value, list) else ():
        entity = _object(one, "signatoryEntities")
        kind = entity.get("signatorytype", entity.get("signatoryType"))
        proof = read_hex(entity.get("signature"), "signature", SIGNATURE_BYTES)
        named = text(entity.get("signatoryEntityId"), "signatoryEntityId", limit_chars=NAMED_CHARACTERS_MAX)
        found[str(kind)] = named, proof
    if set(found) != set(NODES) or len(value) != len(NODES):
        raise ContractError(FILING, "`signatoryEntities` are its provider (01) and its consumer (02), each once")
    return found


def _sealed(value: Any) -> bytes:
    try:
        sealed = base64.b64decode(value, validate=True)
    except (TypeError, ValueError) as error:
        raise ContractError(FILING, "`sealed` is base64") from error
    if not 0 < len(sealed) <= SEALED_BYTES_MAX:
        raise ContractError(FILING, f"`sealed` has at most {SEALED_BYTES_MAX} bytes")
    return sealed


def _moment(value: Any) -> datetime:
    """Return a moment that is said as on the interfaces (ISO 8601, with a zone) or as in the dictionary (Beijing's)."""
    try:
        if len(value) == len("YYYYMMDDHHMMSS"):
            return beijing(value).astimezone(UTC)
        found = datetime.fromisoformat(value)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise ContractError(FILING, f"`signatoryTime` is a date and time with its zone, not `{value!s:.40}`")


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ContractError(FILING, f"{name} of a filing is an object")
    return value
