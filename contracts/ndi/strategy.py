"""The one strategy of a `/contractNegotiate` (designed after TC609-6-2025-14, B.2.3), to and from an ODRL policy.

    written(policy)    the strategy: what one permission says, and its price as `payAmount`; where a policy says more,
                       `policyExpansion` has all its strategies, and the plain fields the mark `expansionItem`
    read(strategy)     the policy, in the one form of policy/forms/compact.py

Law: (1) read(written(policy)) is the policy. (2) Plain fields never permit more than the policy. (3) Both readings of
annex D are taken: `export` is what ODRL 2.2 calls `transform` now, and `compensate` and `logRecordSend` are obligations
where they stand among the constraints. (4) An expansion that is not ours is refused: what cannot be read is not kept.
(5) Service parties, the digest of the contract in whose place this one is to be, and that it is delivered sealed, stand
in the expansion beside the policy, so a contract that has any of them always has one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from contracts.canonical import canonical, load
from contracts.errors import ContractError
from contracts.ndi.services import MEMBER
from contracts.ndi.services import read as service_parties
from policy.canonical import digest as policy_digest
from policy.errors import PolicyError
from policy.forms.compact import compact
from policy.tc609.codes import EXPANSION
from policy.tc609.strategy import KINDS
from policy.tc609.translate import to_odrl, to_tc609

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from contracts.ndi.services import ServiceParty

PERMISSIONS, PROHIBITIONS, OBLIGATIONS = KINDS
PAY, PAID = "compensate", "payAmount"
# what a policy has of rules, and which of them wins
DUTIES: Final = "obligation"
RULES: Final = ("permission", "prohibition", DUTIES)
CONFLICT: Final = "conflict"
EQUAL: Final = "01"
EXPANSION_BYTES_MAX: Final = 1 << 18
# member of the expansion: which contract this one supersedes, by its digest in hex
SUPERSEDES: Final = "supersedes"
# … and how what it is about is delivered: sealed and metered, between two connectors that can
DELIVERY: Final = "delivery"
SEALED: Final = "sealed"
# a word of annex D → the word of the dictionary
ACTIONS: Final[Mapping[str, str]] = {"export": "transform"}
_DIGEST = re.compile("[0-9a-f]{64}")
# actions that annex D has among the constraints
OBLIGED: Final = frozenset({PAY, "logRecordSend"})


@dataclass(frozen=True, slots=True)
class Beside:
    """What a strategy says beside its policy: who serves, which contract (digest in hex) it supersedes, if any.

    `sealed` says that what it is about is delivered in sealed pieces, which are metered (decision 0282).
    """

    services: tuple[ServiceParty, ...] = ()
    supersedes: str = ""
    sealed: bool = False

    def json(self) -> dict[str, Any]:
        """Return the members of the expansion."""
        told: dict[str, Any] = {MEMBER: [one.json() for one in self.services]} if self.services else {}
        told |= {SUPERSEDES: self.supersedes} if self.supersedes else {}
        return told | ({DELIVERY: SEALED} if self.sealed else {})


def written(
    policy: Mapping[str, Any], services: Sequence[ServiceParty] = (), supersedes: str = "", *, sealed: bool = False
) -> dict[str, Any]:
    """Return the strategy of a policy that names product, provider and consumer; raises PolicyError.

    What else it says is as in `Beside`.
    """
    kinds: Mapping[str, Any] = to_tc609(dict(policy))
    permissions, obligations = kinds.get(PERMISSIONS, []), kinds.get(OBLIGATIONS, [])
    first = next(iter(permissions), None)
    if first is None:
        raise PolicyError("missing", "/permission", "a contract permits something", "write a permission")
    told = {name: first[name] for name in ("subjectInfo", "executionNodeInfo", "actions")}
    constraints = first.get("constraints", [])
    more = Beside(tuple(services), supersedes, sealed).json()
    is_short = len(permissions) == 1 and PROHIBITIONS not in kinds and not more
    if is_short and _is_plain(first) and all(map(_is_price, obligations)):
        constraints = [*constraints, *(one["constraints"][0] for one in obligations[:1])]
        if len(obligations) < 2 and read(_with(told, constraints)) == compact(dict(policy)):
            return _with(told, constraints)
    constraints = [one for one in first.get("constraints", []) if one["constraintName"] != EXPANSION]
    mark = {
        "constraintName": EXPANSION,
        "constraintOperator": EQUAL,
        "constraintValue": policy_digest(compact(dict(policy))),
    }
    return {**_with(told, [*constraints, mark]), "policyExpansion": canonical({**kinds, **more}).decode()}


def beside(strategy: Mapping[str, Any]) -> Beside:
    """Return what a strategy says beside its policy; raises PolicyError where that cannot be read."""
    return _beside(_loaded(strategy)) if strategy.get("policyExpansion") else Beside()


def parted(policy: Mapping[str, Any]) -> tuple[dict[str, Any], list[Mapping[str, Any]]]:
    """Return the rules of a policy, each kind in a list, without its prices, and the limits that say these."""
    rules: dict[str, Any] = {name: _listed(policy[name]) for name in RULES if name in policy}
    if CONFLICT in policy:
        rules[CONFLICT] = policy[CONFLICT]
    duties, paid = [], []
    for duty in rules.pop(DUTIES, []):
        limits = _listed(duty.get("constraint", []))
        if duty.get("action") == PAY and len(limits) == 1:
            paid.append(limits[0])
        else:
            duties.append(duty)
    return rules | ({DUTIES: duties} if duties else {}), paid


def services(strategy: Mapping[str, Any]) -> tuple[ServiceParty, ...]:
    """Return the service parties that a strategy names; raises PolicyError where that cannot be read."""
    return beside(strategy).services


def superseded(strategy: Mapping[str, Any]) -> str:
    """Return which contract a strategy's is to supersede, by its digest in hex, empty for none; raises PolicyError."""
    return beside(strategy).supersedes


def read(strategy: Mapping[str, Any]) -> dict[str, Any]:
    """Return the policy that a strategy says; raises PolicyError at what is unknown or contradicts itself."""
    if strategy.get("policyExpansion"):
        return _expanded(strategy)
    around = {name: _plain(strategy[name]) for name in ("subjectInfo", "executionNodeInfo")}
    actions = [ACTIONS.get(one, one) if isinstance(one, str) else one for one in strategy["actions"]]
    kept: list[Any] = []
    obliged: list[dict[str, Any]] = []
    for one in strategy.get("constraints", []):
        name = one.get("constraintName") if isinstance(one, dict) else None
        if name == PAID or name in OBLIGED:
            limits = [] if name == "logRecordSend" else [{**one, "constraintName": PAID}]
            obliged.append(_with({**around, "actions": [PAY if name == PAID else name]}, limits))
        else:
            kept.append(one)
    kinds = {PERMISSIONS: [_with({**around, "actions": actions}, kept)], OBLIGATIONS: obliged}
    return to_odrl({name: items for name, items in kinds.items() if items})


def _expanded(strategy: Mapping[str, Any]) -> dict[str, Any]:
    """Return the policy of an expansion of ours, from which the plain fields follow."""
    told = _loaded(strategy)
    policy = to_odrl({name: value for name, value in told.items() if name in KINDS})
    more = _beside(told)
    derived = written(policy, more.services, more.supersedes, sealed=more.sealed)
    given = {name: value for name, value in strategy.items() if name in {*derived, "constraints"}}
    if canonical(given) != canonical(derived):
        raise PolicyError("contradiction", "/strategy", "the plain fields are not those of the expansion")
    return policy


def _loaded(strategy: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the expansion of a strategy says, if it is one of ours; raises PolicyError."""
    try:
        told = load(strategy["policyExpansion"].encode(), max_bytes=EXPANSION_BYTES_MAX)
    except (ContractError, UnicodeEncodeError) as error:
        raise PolicyError("unknown-term", "/policyExpansion", "what it says cannot be read here, nor kept") from error
    if not isinstance(told, dict) or not set(told) <= {*KINDS, MEMBER, SUPERSEDES, DELIVERY}:
        raise PolicyError("unknown-term", "/policyExpansion", "what it says cannot be read here, nor kept")
    return told


def _beside(told: Mapping[str, Any]) -> Beside:
    try:
        served = service_parties(told.get(MEMBER, []))
    except ContractError as error:
        raise PolicyError("bad-value", f"/policyExpansion/{MEMBER}", str(error)) from error
    over = told.get(SUPERSEDES, "")
    if SUPERSEDES in told and not (isinstance(over, str) and _DIGEST.fullmatch(over)):
        raise PolicyError("bad-value", f"/policyExpansion/{SUPERSEDES}", "it is the digest of a contract in hex")
    if told.get(DELIVERY, SEALED) != SEALED:
        raise PolicyError("bad-value", f"/policyExpansion/{DELIVERY}", f"it is `{SEALED}`, or left out")
    return Beside(served, str(over), DELIVERY in told)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _with(strategy: Mapping[str, Any], constraints: list[Any]) -> dict[str, Any]:
    return {**strategy, "constraints": constraints} if constraints else dict(strategy)


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a strategy's part has in annex C, without what `/contractRegistrate` adds to it."""
    return {key: member for key, member in value.items() if key != "dataProductEntityId"}


def _is_plain(strategy: Mapping[str, Any]) -> bool:
    names = {one["constraintName"] for one in strategy.get("constraints", [])}
    return "policyExpansion" not in strategy and not names & {EXPANSION, PAID} and EXPANSION not in strategy["actions"]


def _is_price(strategy: Mapping[str, Any]) -> bool:
    """Say whether an obligation is to pay so much, and nothing else."""
    [*limits] = strategy.get("constraints", [])
    return (
        strategy["actions"] == [PAY]
        and "policyExpansion" not in strategy
        and [(one["constraintName"], one["constraintOperator"]) for one in limits] == [(PAID, EQUAL)]
    )
