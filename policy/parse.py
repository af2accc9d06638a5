"""Reading a policy: DSP's ODRL JSON (Set, Offer, Agreement) becomes a Policy, or a PolicyError says why not.

What cannot be enforced is refused here, when the policy is written, by name and place: an unknown key, action,
operand, operator, profile or context never makes a policy wider than its author meant. Rulings where ODRL leaves a
choice: without `conflict` prohibitions override permissions (only `prohibit` may be written); an obligation is a
pre-duty of every permission; target and parties written on the policy hold for every rule, and a rule may repeat but
not change them.
"""

from __future__ import annotations

from policy.constraints import Census, read_atoms, read_conditions
from policy.errors import PolicyError
from policy.model import Duty, Policy, PolicyKind, Rule, RuleKind
from policy.nodes import DUTY_KEYS, PERMISSION_KEYS, POLICY_KEYS, PROHIBITION_KEYS, Node, as_text, read_node
from policy.vocabulary import ACTIONS, CONTEXTS, PROFILE, local_name

MAX_RULES = 256
MAX_DUTIES = 64

_KINDS_TEXT = f"write one of {', '.join(PolicyKind)}"
_KEYS = {
    RuleKind.PERMISSION: PERMISSION_KEYS,
    RuleKind.PROHIBITION: PROHIBITION_KEYS,
    RuleKind.OBLIGATION: DUTY_KEYS,
    RuleKind.DUTY: DUTY_KEYS,
}
_CLASSES = {
    RuleKind.PERMISSION: "Permission",
    RuleKind.PROHIBITION: "Prohibition",
    RuleKind.OBLIGATION: "Duty",
    RuleKind.DUTY: "Duty",
}


def parse(document: object) -> Policy:
    """Read one policy document (decoded JSON); raises PolicyError and nothing else."""
    root = read_node(document, "", POLICY_KEYS, "policy", extensions=True)
    _check_frame(root)
    census = Census()
    kind = _kind(root)
    policy = Policy(
        id=root.identifier(),
        kind=kind,
        assigner=root.text("assigner"),
        assignee=root.text("assignee"),
        target=root.text("target"),
        permissions=_rules(root, RuleKind.PERMISSION, census),
        prohibitions=_rules(root, RuleKind.PROHIBITION, census),
        obligations=_duties(root, RuleKind.OBLIGATION, census),
    )
    _check_whole(policy)
    return policy


def _check_frame(root: Node) -> None:
    for path, context in root.items("@context"):
        if not isinstance(context, str) or context not in CONTEXTS:
            raise PolicyError("unknown-context", path, "a context that could rename terms", "use the DSP context alone")
    for path, profile in root.items("profile"):
        if (name := as_text(profile, path)) != PROFILE:
            raise PolicyError("unknown-profile", path, f"unknown profile `{name}`", f"use {PROFILE} or none")
    if root.has("conflict") and root.term("conflict", "strategy") != "prohibit":
        strategy = root.term("conflict", "strategy")
        raise PolicyError("unsupported", "/conflict", f"conflict strategy `{strategy}`", "only `prohibit` is supported")
    root.text("timestamp")


def _kind(root: Node) -> PolicyKind:
    name = root.term("@type", "class") if root.has("@type") else PolicyKind.SET.value
    if name == "Policy":
        return PolicyKind.SET
    try:
        return PolicyKind(name)
    except ValueError:
        raise PolicyError("unknown-term", "/@type", f"unknown policy class `{name}`", _KINDS_TEXT) from None


def _rules(root: Node, kind: RuleKind, census: Census) -> tuple[Rule, ...]:
    return tuple(_rule(value, path, kind, census, root) for path, value in root.items(kind.value))


def _rule(value: object, path: str, kind: RuleKind, census: Census, root: Node) -> Rule:
    node = read_node(value, path, _KEYS[kind], kind.value)
    _check_class(node, kind)
    _inherited(node, root, "assigner")
    return Rule(
        id=census.enrol(node),
        path=path,
        kind=kind,
        action=_action(node),
        target=_inherited(node, root, "target"),
        assignee=_inherited(node, root, "assignee"),
        constraints=read_conditions(node, kind, census),
        duties=_duties(node, RuleKind.DUTY, census) if kind is RuleKind.PERMISSION else (),
    )


def _duties(node: Node, kind: RuleKind, census: Census) -> tuple[Duty, ...]:
    items = node.items(kind.value)
    if len(items) > MAX_DUTIES:
        raise PolicyError("too-large", node.below(kind.value), f"more than {MAX_DUTIES} duties in one place")
    return tuple(_duty(value, path, kind, census) for path, value in items)


def _duty(value: object, path: str, kind: RuleKind, census: Census) -> Duty:
    node = read_node(value, path, _KEYS[kind], kind.value)
    _check_class(node, kind)
    action = _action(node)
    if not ACTIONS[action].as_duty:
        hint = f"before use one can be asked to {', '.join(sorted(a for a, row in ACTIONS.items() if row.as_duty))}"
        raise PolicyError("unsupported", node.below("action"), f"`{action}` as a duty is not supported", hint)
    name = census.enrol(node)
    constraints = read_atoms(node, kind, census)
    if any(constraint.left == "payAmount" for constraint in constraints) and action != "compensate":
        raise PolicyError("misplaced", path, f"`payAmount` in a duty to {action}", "it belongs to `compensate`")
    return Duty(name, path, kind, action, constraints)


def _check_class(node: Node, kind: RuleKind) -> None:
    if node.has("@type") and node.term("@type", "class") != _CLASSES[kind]:
        written = node.term("@type", "class")
        raise PolicyError("unknown-term", node.below("@type"), f"`{written}` is no {kind}", f"write {_CLASSES[kind]}")


def _action(node: Node) -> str:
    if isinstance(node.members.get("action"), list):
        raise PolicyError("unsupported", node.below("action"), "several actions in one rule", "write a rule for each")
    action = local_name(node.term("action", "action"))
    if action not in ACTIONS:
        raise PolicyError("unknown-term", node.below("action"), f"unknown action `{action}`", "use an ODRL action")
    return action


def _inherited(node: Node, root: Node, key: str) -> str | None:
    own, whole = node.text(key), root.text(key)
    if own is not None and whole is not None and own != whole:
        raise PolicyError("contradiction", node.below(key), f"`{key}` of the rule is not that of the policy")
    return own if own is not None else whole


def _check_whole(policy: Policy) -> None:
    rules = policy.permissions + policy.prohibitions
    if not rules:
        raise PolicyError("missing", "", "a policy without permission and prohibition")
    if len(rules) > MAX_RULES:
        raise PolicyError("too-large", "", f"more than {MAX_RULES} rules")
    if policy.kind is not PolicyKind.AGREEMENT:
        return
    for rule in rules:
        # an agreement that names nobody would permit everybody
        for key, value in (("target", rule.target), ("assignee", rule.assignee)):
            if value is None:
                raise PolicyError("missing", rule.path, f"an agreement's {rule.kind} without `{key}`")
