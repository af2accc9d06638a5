"""What is asked of the policy for a plain copy, with what a client that says nothing has said by its agreement.

Law: whoever says no purpose asks for the one that its agreement names; where that leaves a choice the policy is asked
without one, and refuses.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from catalog.codes import TIERS
from connector.enforcement.context import ALGORITHM, BUDGET, FUNCTION, PURPOSE, QUERY, measured, share_of
from connector.enforcement.rules import agreed
from connector.enforcement.use import RELEASE, Link, Use
from connector.licence.licensed import facts_of
from connector.negotiation.protocol.offers import PLAIN
from connector.provider.upstream import SIZES
from contracts.canonical import sha
from contracts.units import COMPUTED
from policy.model import atoms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.store.rows.agreement import AgreementRow
    from contracts.facts import Fact

PLACE: Final = "copy"
CALL: Final = "call"
STREAM: Final = "stream"
COMPUTE: Final = "compute"


def use(agreement: AgreementRow, transfer: str, purpose: str, said: Mapping[str, str], size: int) -> Use:
    """Return the use of a copy of `size` bytes under the row of its agreement; `transfer` is our id of its transfer.

    `said` is what else its asker says of it.
    """
    terms, peer = agreement.signed_terms, agreement.peer
    request = sha({PLACE: transfer}).hex()
    rules = agreed(terms, peer)
    link = Link(agreement.digest, terms["product"], peer, peer, rules, request, PLAIN, facts_of(terms))
    known = measured({**said, PURPOSE: purpose} if purpose else said, size, share_of(size, size))
    return Use((link,), TIERS[PLAIN].action, known, RELEASE, PLACE, taker=transfer, polls=True)


def call(agreement: AgreementRow, transfer: str, purpose: str, said: Mapping[str, str], taker: str) -> Use:
    """Return the use of one call under an agreement; `taker` names the call.

    How long its answer is nobody knows before it is made. Its decision is recorded when it is another one than before.
    """
    terms, peer = agreement.signed_terms, agreement.peer
    request = sha({CALL: transfer}).hex()
    link = Link(agreement.digest, terms["product"], peer, peer, agreed(terms, peer), request, PLAIN, facts_of(terms))
    known = {name: text for name, text in said.items() if name not in SIZES}
    return Use(
        (link,),
        TIERS[PLAIN].action,
        {**known, PURPOSE: purpose} if purpose else known,
        RELEASE,
        CALL,
        taker,
        polls=True,
    )


def stream(agreement: AgreementRow, transfer: str, purpose: str, said: Mapping[str, str]) -> Use:
    """Return the use of a stream under an agreement: one for each transfer, however long it lasts."""
    return replace(call(agreement, transfer, purpose, said, taker=transfer), place=STREAM)


def computed(
    agreement: AgreementRow,
    purpose: str,
    said: Mapping[str, str],
    taker: str,
    statement: str,
    functions: tuple[str, ...],
    algorithm: str,
    cost: Mapping[str, str],
) -> Use:
    """Return the use that one statement is, of what is computed here; `taker` names it, and its record of its own.

    `algorithm` is what computes it. `cost` has the ε of its answer, where that is told with noise.
    """
    terms, peer = agreement.signed_terms, agreement.peer
    rules, request = agreed(terms, peer), sha({COMPUTE: taker}).hex()
    link = Link(agreement.digest, terms["product"], peer, peer, rules, request, COMPUTED, facts_of(terms))
    known = {name: text for name, text in said.items() if name not in SIZES | {BUDGET}}
    known |= {BUDGET: cost["epsilon"]} if cost else {}
    context = {**known, PURPOSE: purpose} if purpose else known
    read: dict[str, Fact] = {QUERY: " ".join(statement.split()), FUNCTION: functions, ALGORITHM: algorithm}
    return Use((link,), TIERS[COMPUTED].action, context, RELEASE, COMPUTE, taker, read=read)


def agreed_purpose(agreement: AgreementRow) -> str:
    """Return the one purpose that an agreement names, empty where it names none or leaves a choice."""
    return named_purpose(agreement.terms, agreement.peer)


def named_purpose(terms: Mapping[str, Any] | None, peer: str) -> str:
    """Return the one purpose that terms with a peer name, likewise."""
    policy = agreed(terms, peer).compiled.policy
    named = [atom for rule in policy.permissions for atom in atoms(rule.conditions) if atom.left == PURPOSE]
    said = {str(one) for atom in named for one in atom.right}
    return said.pop() if len(said) == 1 else ""
