"""What is asked of the policy for a plain copy, with what a client that says nothing has said by its agreement.

Law: whoever says no purpose asks for the one that its agreement names; where that leaves a choice the policy is asked
without one, and refuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from catalog.codes import TIERS
from connector.channel.doors import Bound
from connector.channel.judgement import BYTE, SIZE, UNIT
from connector.licence.enforce import Use
from connector.licence.judge import agreed
from connector.negotiation.protocol.offers import PLAIN
from contracts.canonical import sha
from contracts.terms import Terms
from policy.model import atoms

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACE: Final = "copy"
PURPOSE: Final = "purpose"


def use(agreement: Mapping[str, Any], transfer: str, purpose: str, size: int) -> Use:
    """Return the use of a copy of `size` bytes under the row of its agreement; `transfer` is our id of its transfer."""
    terms, peer = agreement["terms"], agreement["peer"]
    said = {PURPOSE: purpose} if purpose else {}
    return Use(
        Bound(bytes.fromhex(agreement["digest"]), Terms.from_json(terms), peer),
        agreed(terms, peer),
        peer,
        ((PLACE, TIERS[PLAIN].action),),
        said | {SIZE: str(size), UNIT: BYTE},
        taker=transfer,
        request=sha({PLACE: transfer}).hex(),
        polls=True,
    )


def agreed_purpose(agreement: Mapping[str, Any]) -> str:
    """Return the one purpose that an agreement names, empty where it names none or leaves a choice."""
    policy = agreed(agreement["terms"], agreement["peer"]).compiled.policy
    named = [atom for rule in policy.permissions for atom in atoms(rule.conditions) if atom.left == PURPOSE]
    said = {str(one) for atom in named for one in atom.right}
    return said.pop() if len(said) == 1 else ""
