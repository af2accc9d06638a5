"""Whose a connector is, proven: the legal identity that a holder shows when it registers under a subject.

Law: (1) a subject is proven by a LegalPersonCredential that names the very same unified social credit code, of an
issuer whom this node believes; anything else is the holder's word, level 0. (2) Where the node demands a level
(`trust.subject_level`) less is refused. (3) What is proven is recorded by the digest of the credential that proves it.
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
    """How far a subject is proven (one of LEVELS), and the digest (hex) of the credential that says so, or none."""

    level: int = 0
    digest: str = ""


class Subjects:
    """Asks holders for their legal identity."""

    def __init__(self, core: Core, verifier: Verifier) -> None:
        self._clock, self._verifier = core.clock, verifier
        self._least = core.settings.trust.subject_level

    async def proof(self, claims: Claims, subject: str) -> Proof:
        """Return how far the caller proves that a subject is its own.

        Raises NotPermitted where that is less than is demanded, PeerUnreachable where it is and nobody knows now.
        """
        try:
            found = await self._shown(claims, subject)
            why = f"it shows no {LEGAL_PERSON} of `{subject}` that holds, of an issuer who is believed here"
        except (PenstockError, ContractError) as fault:
            if self._least and isinstance(fault, PeerUnreachable):
                raise
            log.info("`%s` proves no legal identity: %s", claims.issuer, fault)
            found, why = Proof(), str(fault)
        if found.level < self._least:
            raise NotPermitted(
                f"the subject `{subject}` is {LEVELS[found.level][0]}, and this node asks for level {self._least}"
                f" ({LEVELS[self._least][0]})" + ("" if found.level else f": {why}"),
                f"penstock credential request {LEGAL_PERSON} --issuer DID, then name the type in `trust.shown`",
            )
        return found

    async def _shown(self, claims: Claims, subject: str) -> Proof:
        shown, now = await self._verifier.asking.ask(claims, (LEGAL_PERSON,)), self._clock.now()
        digests = {id(one): signed.digest for signed, one in shown.signed}
        proofs = [
            Proof(int(one.subject["level"]), digests[id(one)])
            for kind, one in shown.believed(self._verifier.demands, now)
            if kind == LEGAL_PERSON and subject in kinds.codes(one.subject)
        ]
        return max(proofs, key=lambda one: one.level, default=Proof())
