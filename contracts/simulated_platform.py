"""The simulated platform: evidence as a platform gives it, signed by a key of the provider's own; no hardware is in it.

    {"v": 1, "platform": "simulated", "label": …, "measurement": "sha-256:…", "report": hex, "at": time, "key": hex,
     "signature": hex}    in its canonical form (RFC 8785); Ed25519 signs all of it but the signature

Law: (1) it shows that the way works, and proves nothing of a machine: whoever holds the key vouches for any program.
(2) The label stands in what is signed, so that nobody takes the evidence for another kind: without it there is none.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from contracts.canonical import canonical, load
from contracts.decimals import read_hex
from contracts.errors import ContractError
from contracts.labels import H

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

NAME: Final = "simulated"
LABEL: Final = "simulated platform: no hardware vouches for it"
VERSION: Final = 1
KEY_BYTES, REPORT_BYTES, SIGNATURE_BYTES = 32, 32, 64
_MEMBERS: Final = frozenset({"v", "platform", "label", "measurement", "report", "at", "key", "signature"})


class Simulated:
    """How evidence of the simulated platform is verified (`contracts.platforms`)."""

    name = NAME
    words = ("simulated (no hardware vouches for it)", "模拟平台(无硬件背书)")

    def verify(self, evidence: bytes, report: bytes, measurement: str, root: str) -> None:
        """Raise ContractError unless the key of `root` vouches for this report of a reader of this measurement."""
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  # no reader process needs it
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415  # as above

        told = _read(evidence)
        key = read_hex(told["key"], "key", KEY_BYTES)
        if root_of(key) != root:
            raise ContractError("evidence", "it is signed by another platform's key than the terms name")
        try:
            signed = read_hex(told["signature"], "signature", SIGNATURE_BYTES)
            Ed25519PublicKey.from_public_bytes(key).verify(signed, _digest(told))
        except (InvalidSignature, ValueError) as fault:
            raise ContractError("evidence", "its signature is none of the platform's") from fault
        if told["measurement"] != measurement:
            raise ContractError("evidence", f"it is of another program: `{told['measurement']}`")
        if told["report"] != report.hex():
            raise ContractError("evidence", "it is of another answer, or of another question")


def evidence(key: Ed25519PrivateKey, measurement: str, report: bytes, at: datetime) -> bytes:
    """Return the evidence that the simulated platform gives of a report (32 bytes)."""
    assert len(report) == REPORT_BYTES
    public = key.public_key().public_bytes_raw()
    told: dict[str, Any] = {
        "v": VERSION,
        "platform": NAME,
        "label": LABEL,
        "measurement": measurement,
        "report": report.hex(),
        "at": at.isoformat(),
        "key": public.hex(),
    }
    return canonical({**told, "signature": key.sign(_digest(told)).hex()})


def root_of(public: bytes) -> str:
    """Return how terms name the key (32 bytes) of a simulated platform."""
    return f"sha-256:{sha256(public).hexdigest()}"


def _digest(told: dict[str, Any]) -> bytes:
    return H("simulated-platform", canonical({name: one for name, one in told.items() if name != "signature"}))


def _read(evidence: bytes) -> dict[str, Any]:
    """Return what evidence says, in its one form; raises ContractError."""
    told = load(evidence)
    if not isinstance(told, dict) or set(told) != _MEMBERS or told["v"] != VERSION or type(told["v"]) is not int:
        members = ", ".join(sorted(_MEMBERS))
        raise ContractError("evidence", f"evidence of a simulated platform has exactly the members {members}")
    if not all(isinstance(one, str) for name, one in told.items() if name != "v"):
        raise ContractError("evidence", "the members of evidence are texts")
    if told["platform"] != NAME:
        raise ContractError("evidence", f"it is of the platform `{told['platform'][:40]}`")
    if told["label"] != LABEL:
        raise ContractError("evidence", f"it is not labelled as `{LABEL}`")
    if canonical(told) != evidence:
        raise ContractError("evidence", "it is not in its canonical form")
    try:
        aware = datetime.fromisoformat(told["at"]).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise ContractError("evidence", "its time is none, or has no zone")
    return told
