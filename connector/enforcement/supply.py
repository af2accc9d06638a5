# ruff: noqa: RUF001 (Chinese is written with full-width marks)
"""Who supplies what a policy asks of a use, and what that is worth: a row an operand that somebody here can know.

Law: (1) an operand without a row is known to nobody who enforces, so a rule with it would refuse everybody, always:
it is refused when it is published, with what comes nearest. (2) What a row says is what `connector.enforcement` does:
the asker's word counts where nobody else can know, and for nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from connector.enforcement.counted import TOGETHER, UNIT
from contracts.every_use import OF_TIER
from policy.errors import PolicyError
from policy.model import atoms
from policy.vocabulary.operands import OPERANDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.model import Constraint, Policy


class Supplier(Enum):
    """Who says it: (English, 中文)."""

    CLOCK = ("the clock of who decides, never before the newest block", "决策方的时钟，不早于最新区块")
    COUNTERS = ("what was counted under the agreement", "协议项下的计数")
    MEASURE = ("what is measured at the use", "使用时的实测值")
    RECORD = ("the acts done under the agreement", "协议项下已履行的行为")
    AGREEMENT = ("the signed terms", "已签署的条款")
    SPACE = ("the space's document, of a member", "空间文档中的成员信息")
    ASKER = ("the asker's own word", "请求方自述")


class Kept(Enum):
    """How far a rule is kept: (English, 中文)."""

    TECHNIQUE = ("kept by technique", "由技术保证")
    WATCHED = ("watched", "受监测")
    PROMISED = ("promised", "仅凭承诺")


SUPPLIED: Final[Mapping[str, Supplier]] = {
    "dateTime": Supplier.CLOCK,
    "timeWindow": Supplier.CLOCK,
    "count": Supplier.COUNTERS,
    "frequency": Supplier.COUNTERS,
    "timeInterval": Supplier.COUNTERS,
    "elapsedTime": Supplier.COUNTERS,
    "meteredTime": Supplier.COUNTERS,
    UNIT: Supplier.COUNTERS,
    "absoluteSize": Supplier.MEASURE,
    "event": Supplier.RECORD,
    "connector": Supplier.AGREEMENT,
    "executionEnv": Supplier.AGREEMENT,
    "encryptMode": Supplier.AGREEMENT,
    "deliveryMethod": Supplier.AGREEMENT,
    "spatial": Supplier.SPACE,
    "recipient": Supplier.SPACE,
    "purpose": Supplier.ASKER,
}
# what nobody supplies → what comes nearest, as a hint
NEAREST: Final[Mapping[str, str]] = {
    "percentage": "ask for `absoluteSize`, or sell rows or columns",
    "relativeSize": "ask for `absoluteSize`, or sell rows or columns",
    "payAmount": "say it by the price",
    "delayPeriod": "ask for `dateTime` or `timeInterval`; in a duty it is its term",
    "dataField": "license columns: `--columns`",
    "dataRecord": "publish the records as a product of their own",
    "version": "each edition is agreed by its digest",
    "networkAddress": "ask for `connector` or `spatial`",
    "physicalAddress": "ask for `spatial`",
    "spatialCoordinates": "ask for `spatial`",
    "virtualLocation": "ask for `connector`",
    "systemDevice": "ask for `connector`",
    "securityLevel": "ask for `executionEnv`, or name the connectors",
    "environmentState": "ask for `executionEnv`",
    "role": "ask for `recipient`",
    "application": "ask for `purpose`",
    "product": "ask for `purpose`",
    "industry": "ask for `purpose`",
    "deliveryChannel": "ask for `deliveryMethod`",
    "artifactState": "ask for `encryptMode`",
}
ELSE: Final = "ask for what somebody supplies: docs/policy.md"
# tier → how far holds what its counters, clock and terms say once keys or copies are there
AFTERWARDS: Final[Mapping[str, Kept]] = {
    "leased": Kept.TECHNIQUE,
    "kept": Kept.WATCHED,
    "plain": Kept.PROMISED,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A constraint on what nobody supplies."""

    path: str
    operand: str

    @property
    def hint(self) -> str:
        """Return what comes nearest."""
        return NEAREST.get(self.operand, ELSE)


def unsupplied(policy: Policy) -> Iterator[Asked]:
    """Yield each condition of a permission or a prohibition that nobody here can know; a duty's terms are its own."""
    for rule in (*policy.permissions, *policy.prohibitions):
        yield from (Asked(atom.path, atom.left) for atom in atoms(rule.conditions) if not _is_supplied(atom))


def require(policy: Policy) -> None:
    """Raise PolicyError, naming the place and what comes nearest, for what nobody here could ever know."""
    for asked in unsupplied(policy):
        text = f"no connector can say `{asked.operand}` ({OPERANDS[asked.operand].meaning}): it would refuse everybody"
        raise PolicyError("unsupported", asked.path, text, asked.hint)


def kept(atom: Constraint, tier: str) -> Kept:
    """Return how far a condition is kept in a tier, beyond the delivery."""
    return Kept.PROMISED if SUPPLIED[atom.left] is Supplier.ASKER else AFTERWARDS[tier]


def _is_supplied(atom: Constraint) -> bool:
    if atom.left == UNIT:
        return {str(one) for one in atom.right} <= TOGETHER
    return atom.left in SUPPLIED


assert OF_TIER.keys() == AFTERWARDS.keys(), "each tier says what is known of a use under it, and how far it is kept"
