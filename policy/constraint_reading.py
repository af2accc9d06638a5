"""Reading constraints: the operand's row decides which operator, which right operand and which place are allowed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policy.calendar import Duration, duration
from policy.days import bound, is_day
from policy.errors import PolicyError
from policy.model import Condition, Constraint, Logical, RuleKind, Scalar
from policy.nodes import CONSTRAINT_KEYS, LOGICAL_KEYS, LONG_LIST, MAX_LIST_ITEMS, NAMES, Node, read_node
from policy.values import read_value
from policy.vocabulary.names import operand_name, term_name
from policy.vocabulary.operands import OPERANDS, REFUSED, Operand, State, Unit, ValueType
from policy.vocabulary.operators import LOGICAL, OPERATOR_ALIASES, OPERATORS, Arity
from policy.vocabulary.registered import COMMAND

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_NESTING_LEVELS = 8
MAX_CONSTRAINTS = 1024
MAX_UNIT_CHARS = 128
POLICY_USAGE = "policyUsage"
# how the Dublin Core's list of frequencies names the usual periods of a payment
PERIODS: Mapping[str, str] = {
    "annual": "P1Y",
    "semiannual": "P6M",
    "quarterly": "P3M",
    "monthly": "P1M",
    "biweekly": "P14D",
    "weekly": "P7D",
    "daily": "P1D",
}


@dataclass(slots=True)
class Census:
    """What is counted over a whole policy while it is read: ids taken and constraints seen.

    `namespace` goes before the ids that are places, so that those of an inherited policy cannot be mistaken for ours.
    """

    namespace: str = ""
    ids: set[str] = field(default_factory=set)
    constraints: int = 0

    def enrol(self, node: Node) -> str:
        """Give a node its id: its own, or its place (`permission/0/constraint/1`); each id is used once."""
        name = node.identifier() or self.namespace + node.path.removeprefix("/")
        if name in self.ids:
            raise PolicyError("duplicate", node.path, f"id `{name[:80]}` is used twice", "counters and duties go by id")
        self.ids.add(name)
        return name


def read_conditions(node: Node, key: str, kind: RuleKind, census: Census) -> tuple[Condition, ...]:
    """All constraints (or refinements) below a key; they hold together."""
    return tuple(_condition(value, path, kind, census, 1) for path, value in node.items(key))


def read_terms(node: Node, key: str, kind: RuleKind, census: Census) -> tuple[Constraint, ...]:
    """All constraints of a duty; of joined ones only those under `and`, which is what a list of them says, too."""
    terms: list[Constraint] = []
    waiting = [*read_conditions(node, key, kind, census)]
    while waiting:
        condition = waiting.pop(0)
        if isinstance(condition, Constraint):
            terms.append(condition)
        elif condition.operator == "and":
            waiting = [*condition.parts, *waiting]
        else:
            problem = f"`{condition.operator}` in a duty is not supported"
            raise PolicyError("unsupported", condition.path, problem, "write a duty for each")
    return tuple(terms)


def _condition(value: object, path: str, kind: RuleKind, census: Census, level: int) -> Condition:
    census.constraints += 1
    if census.constraints > MAX_CONSTRAINTS:
        raise PolicyError("too-large", path, f"more than {MAX_CONSTRAINTS} constraints in a policy")
    if level > MAX_NESTING_LEVELS:
        raise PolicyError("too-large", path, f"constraints nested deeper than {MAX_NESTING_LEVELS} levels")
    node = read_node(value, path, CONSTRAINT_KEYS | LOGICAL_KEYS, "constraint")
    node.check_class("Constraint", "LogicalConstraint", "AtomicConstraint")  # the last is EDC's
    if LOGICAL & set(node.members):
        return _logical(node, kind, census, level)
    return _atom(node, kind, census)


def _logical(node: Node, kind: RuleKind, census: Census, level: int) -> Logical:
    written = sorted(set(node.members) - NAMES)
    if len(written) != 1:
        listed = ", ".join(f"`{key}`" for key in written)
        raise PolicyError("misplaced", node.path, f"{listed} together in one constraint", "nest them")
    operator = written[0]
    name = census.enrol(node)
    parts = tuple(_condition(value, path, kind, census, level + 1) for path, value in node.items(operator))
    if not parts:
        raise PolicyError("missing", node.below(operator), f"`{operator}` over nothing")
    return Logical(name, node.path, operator, parts)


def _atom(node: Node, kind: RuleKind, census: Census) -> Constraint:
    left = operand_name(node.term("leftOperand", "left operand"))
    operand = _operand(left, node)
    if kind not in operand.rules:
        hint = f"it belongs in a {' or '.join(sorted(operand.rules))}"
        raise PolicyError("misplaced", node.path, f"`{left}` cannot stand in a {kind}", hint)
    operator = _operator(left, operand, node)
    if not node.has("rightOperand"):
        raise PolicyError("missing", node.path, "no `rightOperand`")
    operator, right = _compared(left, operand, operator, node)
    _check_right(left, operand, right, kind, node)
    unit, every = _unit(left, operand, node), _every(left, operand, node)
    return Constraint(census.enrol(node), node.path, left, operator, right, unit, every)


def _operand(left: str, node: Node) -> Operand:
    if left in OPERANDS:
        return OPERANDS[left]
    if left in REFUSED:
        why, hint = REFUSED[left]
        raise PolicyError("unsupported", node.below("leftOperand"), f"`{left}` is not supported ({why})", hint)
    hint = "docs/policy.md lists the left operands"
    if ":" in left:
        hint += f"; those of a profile are registered: `{COMMAND}`"
    raise PolicyError("unknown-term", node.below("leftOperand"), f"unknown left operand `{left[:80]}`", hint)


def _operator(left: str, operand: Operand, node: Node) -> str:
    written, path = term_name(node.term("operator", "operator")), node.below("operator")
    operator = OPERATOR_ALIASES.get(written, written)
    if operator not in OPERATORS:
        hint = f"use one of {', '.join(OPERATORS)}"
        raise PolicyError("unknown-term", path, f"unknown operator `{operator[:80]}`", hint)
    if operator not in operand.operators:
        hint = f"`{left}` takes {', '.join(sorted(operand.operators))}"
        raise PolicyError("unsupported", path, f"operator `{operator}` does not fit `{left}`", hint)
    return operator


def _compared(left: str, operand: Operand, operator: str, node: Node) -> tuple[str, tuple[Scalar, ...]]:
    """Read what the operand is compared with; a day becomes the instant at its beginning or its end."""
    value = _typed(node.members["rightOperand"], node.text("dataType"))
    if operand.type is ValueType.INSTANT and is_day(value):
        same, at = bound(operator, value, node.below("rightOperand"))
        return same, (at,)
    return operator, _right(left, operator, node)


def _right(left: str, operator: str, node: Node) -> tuple[Scalar, ...]:
    value, path = node.members["rightOperand"], node.below("rightOperand")
    values = value if isinstance(value, list) else [value]
    if not 1 <= len(values) <= MAX_LIST_ITEMS:
        raise PolicyError(
            "too-large", path, f"`{operator}` takes 1 to {MAX_LIST_ITEMS} values", LONG_LIST if values else ""
        )
    if OPERATORS[operator] is Arity.ONE and len(values) > 1:
        raise PolicyError("bad-type", path, f"`{operator}` takes one value, not a list", "use isAnyOf")
    kind = node.text("dataType")
    return tuple(
        read_value(left, _typed(item, kind), f"{path}/{index}" if len(values) > 1 else path)
        for index, item in enumerate(values)
    )


def _typed(value: object, datatype: str | None) -> object:
    return value if datatype is None or isinstance(value, dict) else {"@value": value, "@type": datatype}


def _check_right(left: str, operand: Operand, right: tuple[Scalar, ...], kind: RuleKind, node: Node) -> None:
    path = node.below("rightOperand")
    if POLICY_USAGE in right and (left != "event" or kind in {RuleKind.PERMISSION, RuleKind.PROHIBITION}):
        raise PolicyError("misplaced", path, f"`{POLICY_USAGE}` is the use itself", "it dates a duty, by `event`")
    months = any(isinstance(value, Duration) and value.months for value in right)
    if months and operand.state in {State.SESSION, State.NONE}:
        raise PolicyError("bad-value", path, f"a month has no length of its own for `{left}`", "write days or hours")


def _unit(left: str, operand: Operand, node: Node) -> str:
    unit = term_name(node.text("unit") or "")
    if operand.unit is Unit.MUST and not unit:
        raise PolicyError("missing", node.path, f"`{left}` has no `unit`", "name the currency or token")
    if unit and operand.unit is Unit.NONE:
        raise PolicyError("unsupported", node.below("unit"), f"`{left}` takes no unit")
    if len(unit) > MAX_UNIT_CHARS:
        raise PolicyError("too-large", node.below("unit"), f"a unit has at most {MAX_UNIT_CHARS} characters")
    return unit


def _every(left: str, operand: Operand, node: Node) -> Duration | None:
    """Read the period of a payment: an ISO 8601 duration, or a frequency of the Dublin Core."""
    written = node.text("every")
    if written is None:
        return None
    path = node.below("every")
    if operand.state is not State.PAID:
        raise PolicyError("misplaced", path, f"`{left}` does not recur", "only an amount is paid every so often")
    period = duration(PERIODS.get(written.replace(":", "/").rpartition("/")[2], written))
    if period is None:
        hint = f"write a duration such as P1M, or one of {', '.join(PERIODS)}"
        raise PolicyError("bad-value", path, f"`{written[:80]}` is not a period", hint)
    return period
