"""Reading constraints: the operand's row decides which operator, which right operand and which place are allowed."""

from __future__ import annotations

from dataclasses import dataclass, field

from policy.errors import PolicyError
from policy.model import Condition, Constraint, Logical, RuleKind, Scalar
from policy.nodes import CONSTRAINT_KEYS, KEYS_TO_COME, LOGICAL_KEYS, MAX_LIST_ITEMS, Node, read_node
from policy.values import read_value
from policy.vocabulary import LOGICAL, OPERANDS, OPERANDS_TO_COME, OPERATORS, OPERATORS_TO_COME, Operand, local_name

MAX_NESTING_LEVELS = 8
MAX_CONSTRAINTS = 1024
MAX_UNIT_CHARS = 64


@dataclass(slots=True)
class Census:
    """What is counted over a whole policy while it is read: ids taken and constraints seen."""

    ids: set[str] = field(default_factory=set)
    constraints: int = 0

    def enrol(self, node: Node) -> str:
        """Give a node its id: its own, or its place (`permission/0/constraint/1`); each id is used once."""
        name = node.identifier() or node.path.removeprefix("/")
        if name in self.ids:
            raise PolicyError("duplicate", node.path, f"id `{name}` is used twice", "counters and duties go by id")
        self.ids.add(name)
        return name


def read_conditions(node: Node, kind: RuleKind, census: Census) -> tuple[Condition, ...]:
    """All constraints of a rule; they hold together."""
    return tuple(_condition(value, path, kind, census, 1) for path, value in node.items("constraint"))


def read_atoms(node: Node, kind: RuleKind, census: Census) -> tuple[Constraint, ...]:
    """All constraints of a duty: none of them logical, no operand twice."""
    atoms: list[Constraint] = []
    for path, value in node.items("constraint"):
        condition = _condition(value, path, kind, census, 1)
        if isinstance(condition, Logical):
            raise PolicyError("unsupported", path, f"`{condition.operator}` in a duty is not supported")
        if any(condition.left == other.left for other in atoms):
            raise PolicyError("duplicate", path, f"`{condition.left}` is written twice in one duty")
        atoms.append(condition)
    return tuple(atoms)


def _condition(value: object, path: str, kind: RuleKind, census: Census, level: int) -> Condition:
    census.constraints += 1
    if census.constraints > MAX_CONSTRAINTS:
        raise PolicyError("too-large", path, f"more than {MAX_CONSTRAINTS} constraints in a policy")
    if level > MAX_NESTING_LEVELS:
        raise PolicyError("too-large", path, f"constraints nested deeper than {MAX_NESTING_LEVELS} levels")
    node = read_node(value, path, CONSTRAINT_KEYS | LOGICAL_KEYS, "constraint")
    _check_class(node)
    if LOGICAL & set(node.members):
        return _logical(node, kind, census, level)
    return _atom(node, kind, census)


def _check_class(node: Node) -> None:
    if node.has("@type") and node.term("@type", "class") not in {"Constraint", "LogicalConstraint"}:
        raise PolicyError("unknown-term", node.below("@type"), f"unknown class `{node.term('@type', 'class')}`")


def _logical(node: Node, kind: RuleKind, census: Census, level: int) -> Logical:
    written = sorted(set(node.members) - {"@id", "uid", "@type"})
    if len(written) != 1:
        listed = ", ".join(f"`{key}`" for key in written)
        raise PolicyError("misplaced", node.path, f"{listed} together in one constraint", "nest them")
    operator = written[0]
    name = census.enrol(node)
    parts = tuple(_condition(value, path, kind, census, level + 1) for path, value in node.items(operator))
    if not parts:
        raise PolicyError("missing", node.below(operator), f"`{operator}` over nothing")
    if operator != "and" and any(map(_counts, parts)):
        raise PolicyError("unsupported", node.path, f"a counted operand inside `{operator}` is not supported")
    return Logical(name, node.path, operator, parts)


def _counts(condition: Condition) -> bool:
    if isinstance(condition, Logical):
        return any(map(_counts, condition.parts))
    return OPERANDS[condition.left].needs_state


def _atom(node: Node, kind: RuleKind, census: Census) -> Constraint:
    left = node.term("leftOperand", "left operand")
    operand = _operand(left, node)
    if kind not in operand.rules:
        raise PolicyError("misplaced", node.path, f"`{left}` cannot stand in a {kind}", _where(operand))
    operator = node.term("operator", "operator")
    _check_operator(left, operand, operator, node)
    if not node.has("rightOperand"):
        raise PolicyError("missing", node.path, "no `rightOperand`")
    right = _right(operand, operator, node)
    return Constraint(census.enrol(node), node.path, left, operator, right, _unit(left, operand, node))


def _operand(left: str, node: Node) -> Operand:
    if left in OPERANDS:
        return OPERANDS[left]
    hint = f"supported are {', '.join(sorted(OPERANDS))}"
    if left in OPERANDS_TO_COME:
        raise PolicyError("unsupported", node.below("leftOperand"), f"left operand `{left}` is not supported", hint)
    raise PolicyError("unknown-term", node.below("leftOperand"), f"unknown left operand `{left}`", hint)


def _where(operand: Operand) -> str:
    return f"it belongs in a {' or '.join(sorted(operand.rules))}"


def _check_operator(left: str, operand: Operand, operator: str, node: Node) -> None:
    path = node.below("operator")
    if operator in KEYS_TO_COME | OPERATORS_TO_COME:
        raise PolicyError("unsupported", path, f"operator `{operator}` is not supported")
    if operator not in OPERATORS:
        raise PolicyError("unknown-term", path, f"unknown operator `{operator}`")
    if operator not in operand.operators:
        hint = f"`{left}` takes {', '.join(sorted(operand.operators))}"
        raise PolicyError("unsupported", path, f"operator `{operator}` does not fit `{left}`", hint)


def _right(operand: Operand, operator: str, node: Node) -> Scalar | tuple[Scalar, ...]:
    value, path = node.members["rightOperand"], node.below("rightOperand")
    if not OPERATORS[operator].many:
        if isinstance(value, list):
            raise PolicyError("bad-type", path, f"`{operator}` takes one value, not a list", "use isAnyOf")
        return read_value(operand.type, value, path)
    values = value if isinstance(value, list) else [value]
    if not 1 <= len(values) <= MAX_LIST_ITEMS:
        raise PolicyError("too-large", path, f"`{operator}` takes 1 to {MAX_LIST_ITEMS} values")
    return tuple(read_value(operand.type, item, f"{path}/{index}") for index, item in enumerate(values))


def _unit(left: str, operand: Operand, node: Node) -> str:
    unit = local_name(node.text("unit") or "")
    if operand.needs_unit and not unit:
        raise PolicyError("missing", node.path, f"`{left}` has no `unit`", "name the currency or token")
    if unit and not operand.needs_unit:
        raise PolicyError("unsupported", node.below("unit"), f"`{left}` takes no unit")
    if len(unit) > MAX_UNIT_CHARS:
        raise PolicyError("too-large", node.below("unit"), f"a unit has at most {MAX_UNIT_CHARS} characters")
    return unit
