# ruff: noqa: RUF001 (Chinese is written with full-width marks)
"""Who supplies what a policy asks of a use, and what that is worth: a row an operand that somebody here can know.

Law: (1) an operand without a row is known to nobody who enforces, so a rule with it would refuse everybody, always:
it is refused when it is published, with what comes nearest; so is one in a tier where its supplier knows nothing.
(2) What a row says is what `connector.enforcement` does: the asker's word counts where nobody else can know, and for
nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from connector.enforcement.context import ALGORITHM, BUDGET, FUNCTION, PLACE, PURPOSE, QUERY, ROLE, SHARES, WORDS
from connector.enforcement.counted import APART, TOGETHER, UNIT
from connector.enforcement.since import DELAY, PAID
from contracts.credential.proven import PROVEN
from contracts.every_use import OF_TIER
from contracts.facts import FACTS
from policy.errors import PolicyError
from policy.model import atoms
from policy.vocabulary import catenax, registered
from policy.vocabulary.actions import upwards
from policy.vocabulary.operands import BUILT_IN, COUNTED_FOR, OPERANDS

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
    PRODUCT = ("what its provider signs of the product, in the terms", "提供方在条款中签署的产品事实")
    SPACE = ("the space's document", "空间文档")
    SHOWN = ("a credential that the party shows, of an issuer who is believed", "该方出示的、由受信签发方签发的凭证")
    BOOKS = ("the books of what was paid, and when it was agreed", "付款账目与签约时间")
    ACCOUNT = ("the asker's connector, of who signed in there", "请求方连接器所记的登录账户")
    READER = ("the reader process, of the statement that it answers", "读取进程所执行的语句")
    ASKER = ("the asker's own word", "请求方自述")


class Proof(Enum):
    """What is behind a value: (English, 中文)."""

    SIGNED = ("signed", "经签署")
    MEASURED = ("measured here", "在此实测")
    WORD = ("the asker's word", "请求方自述")


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
    **dict.fromkeys(SHARES, Supplier.MEASURE),
    BUDGET: Supplier.MEASURE,
    PAID: Supplier.BOOKS,
    DELAY: Supplier.BOOKS,
    "event": Supplier.RECORD,
    "connector": Supplier.AGREEMENT,
    "executionEnv": Supplier.AGREEMENT,
    "encryptMode": Supplier.AGREEMENT,
    "deliveryMethod": Supplier.AGREEMENT,
    "deliveryChannel": Supplier.AGREEMENT,
    **dict.fromkeys(sorted(FACTS), Supplier.PRODUCT),
    "spatial": Supplier.SPACE,
    "recipient": Supplier.SPACE,
    PLACE: Supplier.SPACE,
    ROLE: Supplier.ACCOUNT,
    QUERY: Supplier.READER,
    FUNCTION: Supplier.READER,
    PURPOSE: Supplier.ASKER,
    **dict.fromkeys(PROVEN, Supplier.SHOWN),
    # of members the space says it, of others the credential
    catenax.MEMBERSHIP: Supplier.SPACE,
    **dict.fromkeys(WORDS, Supplier.ASKER),
}
# what is behind what a supplier says
PROOFS: Final[Mapping[Supplier, Proof]] = {
    Supplier.CLOCK: Proof.MEASURED,
    Supplier.COUNTERS: Proof.MEASURED,
    Supplier.MEASURE: Proof.MEASURED,
    Supplier.RECORD: Proof.MEASURED,
    Supplier.BOOKS: Proof.MEASURED,
    Supplier.AGREEMENT: Proof.SIGNED,
    Supplier.PRODUCT: Proof.SIGNED,
    Supplier.SPACE: Proof.SIGNED,
    Supplier.SHOWN: Proof.SIGNED,
    Supplier.READER: Proof.MEASURED,
    Supplier.ACCOUNT: Proof.WORD,
    Supplier.ASKER: Proof.WORD,
}
# operand → the tiers in which its supplier knows nothing of it: what is paid outside channels, or read by no one
NOT_IN: Final[Mapping[str, frozenset[str]]] = {
    PAID: frozenset({"plain", "computed"}),
    "deliveryChannel": frozenset({"plain", "computed"}),
    FUNCTION: frozenset({"plain", "kept", "leased"}),
    BUDGET: frozenset({"plain", "kept", "leased"}),
    QUERY: frozenset({"plain", "leased"}),
}
# an asker's word → the tiers in which the reader process knows it, whatever the asker says
MEASURED_IN: Final[Mapping[str, frozenset[str]]] = {ALGORITHM: frozenset({"computed"})}
# what nobody supplies → why, and what comes nearest, as a hint
NEAREST: Final[Mapping[str, str]] = {
    "jsonPath": "what is sealed is not changed at a use: publish with `--mask`",
    "replaceWith": "what is sealed is not changed at a use: publish with `--mask`",
    "logLevel": "every decision is logged",
    "notificationLevel": "every decision is logged: ask for a duty to `inform`",
    **dict.fromkeys(catenax.BY_IRI.keys() - {catenax.MEMBERSHIP, *WORDS}, "say it in the contract's own text"),
}
WITHOUT_UNIT: Final = "write it without a unit: it is compared with the number that the provider says"
COMPUTED: Final = "computed"
# what a delivery is, and what it lies in: it has no statement yet
DELIVERED: Final = frozenset(upwards("reproduce"))
OF_READING: Final = "permit `reproduce` without it, which is the delivery, and `read` with it"
ELSEWHERE: Final = "ask for it in the tier {}"
# operand → what else comes near it where its tier is another
OR_ELSE: Final[Mapping[str, str]] = {
    FUNCTION: ", or sell the result and ask for `algorithm`",
    BUDGET: ", whose answers can be told with noise",
}
OTHER_MONEY: Final = "what is paid is counted in the currency of the space: name that as its unit"
# tier → how far holds what its counters, clock and terms say once keys or copies are there
AFTERWARDS: Final[Mapping[str, Kept]] = {
    COMPUTED: Kept.TECHNIQUE,
    "leased": Kept.TECHNIQUE,
    "kept": Kept.WATCHED,
    "plain": Kept.PROMISED,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A constraint on what nobody supplies; `instead` says what to write where that depends on the constraint."""

    path: str
    operand: str
    instead: str = ""

    @property
    def hint(self) -> str:
        """Return what comes nearest."""
        return self.instead or NEAREST[self.operand]


def unsupplied(policy: Policy, tier: str = "", currency: str = "") -> Iterator[Asked]:
    """Yield each condition of a permission or a prohibition that nobody here can know; a duty's terms are its own.

    In a `tier` also what nobody knows there; with `currency` (the space's) also what is paid in another one.
    """
    for rule in (*policy.permissions, *policy.prohibitions):
        for atom in atoms(rule.conditions):
            if supplier(atom.left) is None:
                yield Asked(atom.path, atom.left)
            elif atom.left == QUERY and tier != COMPUTED and DELIVERED.intersection(rule.actions):
                yield Asked(atom.path, atom.left, OF_READING)
            elif instead := _instead(atom, tier, currency):
                yield Asked(atom.path, atom.left, instead)


def require(policy: Policy, tier: str = "", currency: str = "") -> None:
    """Raise PolicyError, naming the place and what comes nearest, for what nobody here could ever know."""
    for asked in unsupplied(policy, tier, currency):
        text = f"no connector can say `{asked.operand}` ({OPERANDS[asked.operand].meaning}): it would refuse everybody"
        raise PolicyError("unsupported", asked.path, text, asked.hint)


def proof(operand: str) -> Proof | None:
    """Return what is behind the values of an operand, None where nobody supplies it."""
    known = supplier(operand)
    return None if known is None else PROOFS[known]


def supplier(operand: str) -> Supplier | None:
    """Return who says the value of an operand, None where nobody does; that of a registered profile its asker says."""
    return Supplier.ASKER if operand in registered.operands() else SUPPLIED.get(operand)


def kept(atom: Constraint, tier: str) -> Kept:
    """Return how far a condition is kept in a tier, beyond the delivery; who a user is only its connector says."""
    known = tier in MEASURED_IN.get(atom.left, ())
    word = (proof(atom.left) is Proof.WORD and not known) or (
        atom.left == UNIT and not TOGETHER.issuperset(map(str, atom.right))
    )
    return Kept.PROMISED if word else AFTERWARDS[tier]


def _instead(atom: Constraint, tier: str, currency: str) -> str:
    """Return what to write instead of a condition on what somebody supplies, but not so; empty if it is fine."""
    if tier in NOT_IN.get(atom.left, ()):
        known = " or ".join(sorted(OF_TIER.keys() - NOT_IN[atom.left]))
        return ELSEWHERE.format(known) + OR_ELSE.get(atom.left, "")
    if atom.left == "resolution" and atom.unit:
        return WITHOUT_UNIT
    if atom.left == PAID and currency and atom.unit != currency:
        return OTHER_MONEY
    return ""


assert OF_TIER.keys() == AFTERWARDS.keys(), "each tier says what is known of a use under it, and how far it is kept"
assert frozenset(APART) | TOGETHER == COUNTED_FOR, "for whomever uses are counted, somebody says who it is"
assert SUPPLIED.keys() | NEAREST.keys() == BUILT_IN, "each operand has a supplier, or words instead"
