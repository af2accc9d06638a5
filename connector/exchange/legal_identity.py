"""Whose a connector is, proven: the legal identity that a holder shows when it applies, or registers under a subject.

Law: (1) an organisation is proven by a LegalPersonCredential of an issuer whom we believe, a subject by one that names
the very same unified social credit code; anything else is the holder's word, level 0. (2) Where a level is demanded
(`trust.subject_level` of a node, `trust.member_level` of an exchange) less is refused. (3) What is proven is recorded
by the digest of the credential that proves it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.runtime.errors import NotPermitted, PeerUnreachable, PenstockError
from contracts.credential import kinds
from contracts.credential.kinds import LEGAL_PERSON, LEVELS
from contracts.errors import ContractError

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.tokens import Claims
    from connector.operation.dcp.verifier import Verifier

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Proof:
    """How far an organisation is proven (one of LEVELS), and if it is, its name, code and credential's digest (hex)."""

    level: int = 0
    digest: str = ""
    name: str = ""
    code: str = ""

    def json(self) -> dict[str, str]:
        """Return it as an application keeps it."""
        told = {"name": self.name, "code": self.code, "credential": self.digest}
        return {"level": str(self.level), **{name: text for name, text in told.items() if text}}


class LegalIdentity:
    """Asks holders for their legal identity, and refuses one that is proven less far than level `least`."""

    def __init__(self, core: Core, verifier: Verifier, least: int, whose: str) -> None:
        self._clock, self._verifier = core.clock, verifier
        self._least, self._whose = least, whose

    async def proof(self, claims: Claims, subject: str = "") -> Proof:
        """Return how far the caller proves who it is, or that a subject is its own.

        Raises NotPermitted where that is less than is demanded, PeerUnreachable where it is and nobody knows now.
        """
        of = f" of `{subject}`" if subject else ""
        try:
            found = await self._shown(claims, subject)
            why = f"it shows no {LEGAL_PERSON}{of} that holds, of an issuer who is believed here"
        except (PenstockError, ContractError) as fault:
            if self._least and isinstance(fault, PeerUnreachable):
                raise
            log.info("`%s` proves no legal identity: %s", claims.issuer, fault)
            found, why = Proof(), str(fault)
        if found.level < self._least:
            about = f"the subject `{subject}`" if subject else f"the organisation of `{claims.issuer}`"
            raise NotPermitted(
                f"{about} is {LEVELS[found.level][0]}, and this {self._whose} asks for level {self._least}"
                f" ({LEVELS[self._least][0]})" + ("" if found.level else f": {why}"),
                f"penstock credential request {LEGAL_PERSON} --issuer DID, then name the type in `trust.shown`",
            )
        return found

    async def _shown(self, claims: Claims, subject: str) -> Proof:
        shown, now = await self._verifier.asking.ask(claims, (LEGAL_PERSON,)), self._clock.now()
        digests = {id(one): signed.digest for signed, one in shown.signed}
        proofs = [
            Proof(int(one.subject["level"]), digests[id(one)], str(one.subject["legalName"]), code)
            for kind, one in shown.believed(self._verifier.demands, now)
            if kind == LEGAL_PERSON
            for code in kinds.codes(one.subject)
            if subject in {"", code}
        ]
        return max(proofs, key=lambda one: one.level, default=Proof())
