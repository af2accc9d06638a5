"""A program of a buyer together with its reviewer's assent: what is run once over all rows, and told exactly.

Law: that it is what the reviewer assented to is asked at both ends, by the same words (`contracts.assent`): by the
buyer before it is sent, by the provider before anything is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connector.runtime.errors import InvalidInput, NotPermitted
from contracts.assent import Wanted, number

if TYPE_CHECKING:
    from datetime import datetime

    from connector.compute.program import Named, Program
    from contracts.assent import Signed
    from contracts.gate import Gate

HINT: Final = "ask the reviewer for another assent: penstock program assent"


@dataclass(frozen=True, slots=True)
class Assented:
    """A program, of which no blocks are made, and the assent that it is run by."""

    program: Program | Named
    signed: Signed

    @property
    def digest(self) -> str:
        """Return by which a policy names the program: of the module's bytes."""
        return self.program.digest

    @property
    def assent(self) -> str:
        """Return the digest (hex) of the assent."""
        return self.signed.assent.digest.hex()

    @property
    def rows(self) -> str:
        """Return the statement that gives its rows."""
        return self.program.rows

    def words(self) -> str:
        """Return what is asked in words."""
        return self.signed.assent.words(tuple(map(float, self.program.parameters)))

    def told(self) -> dict[str, Any]:
        """Return what a log says of the assent: whoever audits reads from it what was run."""
        parameters = list(map(number, self.program.parameters))
        return {**self.signed.json(), "parameters": parameters}

    def require(self, gate: Gate, product: str, provider: str, buyer: str, at: datetime | None) -> str:
        """Return the reviewer (DID) whose signature it needs; raises InvalidInput, NotPermitted with what differs.

        Of no moment (None) it is not asked whether the assent is over: what was answered by it may be read again.
        """
        if gate.reviewer is None:
            raise InvalidInput("its terms name nobody by whose assent a program is run", "leave the assent out")
        tells = tuple((one.name, float(one.least), float(one.most)) for one in self.program.tells)
        parameters = tuple(map(float, self.program.parameters))
        wanted = Wanted(self.digest, self.rows, tells, parameters, product, provider, buyer)
        if why := self.signed.assent.refusal(wanted, gate.reviewer, at):
            raise NotPermitted(f"the assent does not let this be run: {why}", HINT)
        return gate.reviewer
