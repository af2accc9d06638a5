"""Answers that terms want attested, as their buyer checks them: before one is kept, its evidence is verified.

Law: (1) each question has a number of its own, which follows from a key of ours and the question's id: nobody foretells
it, and what is asked again after a broken line has the same. (2) An answer whose evidence is missing, forged, or of
another program, platform, question or answer is none: it is not kept, and its provider is named. (3) What vouches for
it is said by the platform's row here, never by the provider.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from connector.runtime.errors import PeerMisbehaved
from contracts import platforms, reader_report
from contracts.canonical import sha
from contracts.errors import ContractError
from contracts.reader_report import ReaderReport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.identity.keys import Keys
    from contracts.gate import Gate

MEMBER: Final = "attested"
_MEMBERS: Final = frozenset({"platform", "nonce", "evidence"})


@dataclass(frozen=True, slots=True)
class AttestedQuestion:
    """A statement under an id of an agreement (hex), asked with a `nonce` of ours; its answer passes this `gate`."""

    agreement: str
    job: str
    statement: str
    gate: Gate
    nonce: str

    def accepted(self, answer: bytes) -> dict[str, str]:
        """Return what our log says of an answer's evidence; raises PeerMisbehaved unless it is of this answer.

        The members are platform, nonce, the digest of what the reader told, and the evidence (base64).
        """
        try:
            return self._checked(orjson.loads(answer))
        except (ContractError, ValueError) as fault:
            text = f"the answer is not attested as its provider agreed, so it is not kept: {fault}"
            raise PeerMisbehaved(text) from fault

    def _checked(self, told: Any) -> dict[str, str]:
        agreed, said = self.gate.attested, told.get(MEMBER) if isinstance(told, dict) else None
        assert agreed is not None, "others are not asked so"
        if (
            not isinstance(said, dict)
            or set(said) != _MEMBERS
            or not all(isinstance(one, str) for one in said.values())
        ):
            raise ContractError("evidence", f"there is none: `{MEMBER}` has platform, nonce and evidence")
        if said["platform"] != agreed.platform:
            raise ContractError("evidence", f"it is of the platform `{said['platform'][:40]}`")
        if said["nonce"] != self.nonce:
            raise ContractError("evidence", "it is of another time: its number is not ours")
        digest = reader_report.told(told)
        report = ReaderReport.of(self.agreement, self.job, self.statement, self.gate.json(), self.nonce, digest)
        evidence = base64.b64decode(said["evidence"], validate=True)
        platforms.verify(agreed.platform, evidence, report.digest(), agreed.measurement, agreed.root)
        return {"platform": agreed.platform, "nonce": self.nonce, "told": digest, "evidence": said["evidence"]}


def nonce(keys: Keys, agreement: str, job: str) -> str:
    """Return our number (64 hexadecimal digits) for what is asked under an id of an agreement."""
    return keys.number(b"penstock/nonce/v1" + sha({"agreement": agreement, "job": job})).hex()


def shown(terms: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an answer shows of its reader: what vouches for it in words, and the evidence; None for none."""
    gate = terms["gate"].get(MEMBER)
    if gate is None:
        return {MEMBER: None, "evidence": None}
    agreed = {name: gate[name] for name in ("measurement", "root")}
    return {MEMBER: platforms.words(gate["platform"]), "evidence": {**told[MEMBER], **agreed}}
