"""A digital contract in the fields of TC609-6-2025-14, annex C (按其设计): an agreement of ours, whole.

    written(agreed, state, domain)   the contract: who, when, until when, how it stands, and the rules as strategies
    read(document)                   the agreement that it carries, with how it stands
    rules(terms, odrl)               the rules of an agreement as one policy

Law: (1) what the dictionary has a field for is in that field, true by itself; all that was signed stands in
`expansionItem`, as it was signed. (2) Reading writes the plain fields once more from what was signed, and refuses what
differs at its path: neither can be changed without the other. (3) Identifiers are carried as they are. `contractId` is
a local code, until a node assigns one: both sides make the same of the program and the digest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from contracts.canonical import canonical
from contracts.check_character import ALPHABET, check_character
from contracts.decimals import read_hex
from contracts.errors import ContractError
from contracts.lifecycle import CODES
from contracts.signature import SIGNATURE_BYTES
from contracts.terms import Terms
from contracts.typed_data import Agreement, Domain, digest
from contracts.typed_json import from_json
from policy.errors import PolicyError
from policy.tc609.translate import to_tc609

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION: Final = 1
FIELDS: Final = frozenset({
    *("contractId", "contractName", "contractAbstract", "contractStatus", "createTime", "signMode"),
    *("signatoryEntities", "signTime", "indate", "contractPolicies", "expansionItem"),
})  # fmt: skip
EXPANSION: Final = frozenset({"v", "state", "program", "agreement", "terms", "odrl"})
POINT_TO_POINT: Final = "01"
PROVIDER, CONSUMER = "01", "02"
NAME_CHARACTERS_MAX, ABSTRACT_CHARACTERS_MAX = 128, 1024
# times of the dictionary have no zone: they are Beijing's
BEIJING: Final = timezone(timedelta(hours=8))
TIME: Final = "%Y%m%d%H%M%S"
_STAMP: Final = "%Y-%m-%dT%H:%M:%SZ"
# the parts of a code: a contract (the text numbers no kind for it), of a service node; ZZ marks what no node assigned
KIND, NODE, LOCAL, PLACE = "8", "4", "ZZ", "0000"
_NAMES: Final = ("target", "assigner", "assignee")
# what a policy may be called by itself: here it is the agreement's
_ITS_OWN: Final = frozenset({"@id", "@type", "uid", *_NAMES})


@dataclass(frozen=True, slots=True)
class Agreed:
    """What both sides signed: terms and typed data as JSON, the ODRL agreement, both signatures."""

    terms: Mapping[str, Any]
    agreement: Mapping[str, Any]
    odrl: Mapping[str, Any]
    signatures: tuple[bytes, bytes]


def written(agreed: Agreed, state: str, domain: Domain) -> dict[str, Any]:
    """Return the contract of an agreement that stands in a `state` of its life; raises ContractError."""
    terms, agreement = Terms.from_json(agreed.terms), from_json(Agreement, agreed.agreement)
    if state not in CODES:
        raise ContractError("contract", f"`{state!s:.40}` is no state of a contract")
    signed = _moment(agreed.odrl.get("timestamp"))
    code = contract_code(domain.verifying_contract + domain.salt, digest(domain, agreement), signed)
    parties = zip((PROVIDER, CONSUMER), ("assigner", "assignee"), agreed.signatures, strict=True)
    return {
        "contractId": code,
        "contractName": terms.title[:NAME_CHARACTERS_MAX],
        "contractAbstract": agreement.summary[:ABSTRACT_CHARACTERS_MAX],
        "contractStatus": CODES[state],
        "createTime": _beijing(signed),
        "signMode": POINT_TO_POINT,
        "signatoryEntities": [
            {"signatoryEntityId": agreed.odrl.get(name), "signatorytype": kind, "signature": signature.hex()}
            for kind, name, signature in parties
        ],
        "signTime": _beijing(signed),
        "indate": _beijing(terms.not_after),
        "contractPolicies": _strategies(terms, agreed.odrl),
        "expansionItem": {
            "v": VERSION,
            "state": state,
            "program": {
                "chainId": str(domain.chain_id),
                "address": domain.verifying_contract.hex(),
                "salt": domain.salt.hex(),
            },
            "agreement": dict(agreed.agreement),
            "terms": dict(agreed.terms),
            "odrl": dict(agreed.odrl),
        },
    }


def read(document: Any) -> tuple[Agreed, str, Domain]:
    """Return what a contract carries: the agreement, how it stands, where its signatures count; raises ContractError.

    Whether the signatures are those of the parties is for `contracts.agreement.verify`.
    """
    whole = _object(document, FIELDS, "")
    held = _object(whole["expansionItem"], EXPANSION, "/expansionItem")
    if held["v"] != VERSION or type(held["v"]) is not int:
        raise ContractError("contract", f"contracts of version `{held['v']!s:.20}` are unknown here", "use version 1")
    program = _object(held["program"], frozenset({"chainId", "address", "salt"}), "/expansionItem/program")
    try:
        domain = Domain(
            int(program["chainId"]), read_hex(program["address"], "address", 20), read_hex(program["salt"], "salt", 32)
        )
        entities = [_object(one, None, "/signatoryEntities") for one in whole["signatoryEntities"]]
        signatures = [read_hex(one.get("signature"), "signature", SIGNATURE_BYTES) for one in entities]
    except (TypeError, ValueError) as error:
        raise ContractError("contract", f"what signatures need is malformed: {error}") from error
    if len(signatures) != 2:
        raise ContractError("contract", "a contract of ours is signed by its provider and its consumer")
    terms, typed, odrl = (
        _object(held[name], None, f"/expansionItem/{name}") for name in ("terms", "agreement", "odrl")
    )
    agreed = Agreed(terms, typed, odrl, (signatures[0], signatures[1]))
    differing = _difference(whole, written(agreed, str(held["state"]), domain), "")
    if differing is not None:
        raise ContractError("contract", f"`{differing}` is not what was signed: one of the two was changed")
    return agreed, str(held["state"]), domain


def contract_code(program: bytes, agreement: bytes, at: datetime) -> str:
    """Return the local code of a contract, 47 characters: of its program, its time and its digest.

    The text names a check character for codes of 32 characters; here is the same.
    """
    subject = LOCAL + _characters(program, 16)
    body = f"{KIND}{NODE}{subject}{PLACE}{_beijing(at)}{LOCAL}{_characters(agreement, 6)}"
    return body + check_character(body)


def _characters(of: bytes, count: int) -> str:
    """Return so many digits and capital letters that follow from bytes."""
    number, found = int.from_bytes(sha256(of).digest()), ""
    for _ in range(count):
        number, at = divmod(number, len(ALPHABET))
        found += ALPHABET[at]
    return found


def rules(terms: Terms, odrl: Mapping[str, Any], kind: str = "Agreement") -> dict[str, Any]:
    """Return the rules of terms as one policy, for the product and the parties that an agreement or an offer names."""
    signed = {name: value for name, value in terms.policy.items() if name not in _ITS_OWN}
    named = {"uid": odrl.get("@id"), **{name: odrl.get(name) for name in _NAMES}}
    return {**signed, "@type": kind, **{name: value for name, value in named.items() if value is not None}}


def _strategies(terms: Terms, odrl: Mapping[str, Any]) -> dict[str, object]:
    try:
        return to_tc609(rules(terms, odrl))
    except PolicyError as error:
        raise ContractError("contract", f"its rules are no strategies: {error}") from error


def _difference(given: Any, derived: Any, path: str) -> str | None:
    """Return the first place where two documents differ, None where they are the same."""
    if isinstance(given, dict) and isinstance(derived, dict):
        pairs = [(given.get(key), derived.get(key), f"{path}/{key}") for key in sorted({*given, *derived})]
        return next((found for pair in pairs if (found := _difference(*pair)) is not None), None)
    return None if canonical(given) == canonical(derived) else path or "/"


def _object(value: Any, members: frozenset[str] | None, path: str) -> dict[str, Any]:
    if not isinstance(value, dict) or (members is not None and set(value) != members):
        needed = f" with exactly {', '.join(sorted(members))}" if members else ""
        raise ContractError("contract", f"`{path or '/'}` of a digital contract is an object{needed}")
    return value


def _beijing(moment: datetime) -> str:
    return moment.astimezone(BEIJING).strftime(TIME)


def beijing(text: str) -> datetime:
    """Return the moment that a time of the dictionary says; raises ValueError, TypeError."""
    return datetime.strptime(text, TIME).replace(tzinfo=BEIJING)


def _moment(text: Any) -> datetime:
    try:
        return datetime.strptime(text, _STAMP).replace(tzinfo=UTC)
    except (TypeError, ValueError) as error:
        raise ContractError("contract", f"an agreement says when it was made, not `{text!s:.40}`") from error
