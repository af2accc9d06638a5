"""English, of comparisons."""

from __future__ import annotations

from policy.words.comparing import Comparing

_RELATIONS = {
    "equivalent": "Both policies allow the same.",
    "a-implies-b": "Everything the first policy allows, the second allows too; the second allows more.",
    "b-implies-a": "Everything the second policy allows, the first allows too; the first allows more.",
    "overlapping": "Each policy allows something that the other does not; some uses are allowed by both.",
    "disjoint": "Nothing that one policy allows is allowed by the other.",
    "cannot-tell": "It cannot be told how the policies lie to each other: {reason}.",
}
_CHANGES = {
    ("rule", "new"): "New: {after}",
    ("rule", "gone"): "Gone: {before}",
    ("condition", "new"): "{rule} is narrower: it now also asks that {after}.",
    ("condition", "gone"): "{rule} is wider: it no longer asks that {before}.",
    ("condition", "narrower"): "{rule} is narrower: it now asks that {after} (before: {before}).",
    ("condition", "wider"): "{rule} is wider: it now asks that {after} (before: {before}).",
    ("condition", "otherwise"): "{rule} is different: it now asks that {after} (before: {before}).",
    ("duty", "new"): "{rule} has a new duty. {after}",
    ("duty", "gone"): "{rule} no longer has this duty. {before}",
    ("duty", "narrower"): "{rule} has a stricter duty. Now: {after} Before: {before}",
    ("duty", "wider"): "{rule} has a lighter duty. Now: {after} Before: {before}",
    ("duty", "otherwise"): "{rule} has a different duty. Now: {after} Before: {before}",
    ("remedy", "new"): "{rule} has a new remedy. {after}",
    ("remedy", "gone"): "{rule} no longer has this remedy. {before}",
    ("remedy", "narrower"): "{rule} has a stricter remedy. Now: {after} Before: {before}",
    ("remedy", "wider"): "{rule} has a lighter remedy. Now: {after} Before: {before}",
    ("remedy", "otherwise"): "{rule} has a different remedy. Now: {after} Before: {before}",
    ("actions", "otherwise"): "{rule} is now about doing this: {after} (before: {before}).",
    ("targets", "otherwise"): "{rule} is now about {after} (before: {before}).",
    ("assignees", "otherwise"): "{rule} is now for {after} (before: {before}).",
    ("conflict", "otherwise"): "Now: {after} Before: {before}",
}
_FINDINGS = {
    "never-permits": (
        "this permission can never hold: its conditions exclude one another",
        "loosen or remove one of its conditions",
    ),
    "always-forbidden": (
        "everything this permission allows is forbidden by the prohibitions",
        "remove the permission, or narrow what forbids it",
    ),
    "policy-void": (
        "this permission and the prohibition at {other} can both hold, and nothing says which wins: the policy is void",
        "write `conflict`: `prohibit` or `perm`, or keep the two apart",
    ),
    "late-for-its-use": (
        "the duty to {duty} must be done by a day on which the use is not yet permitted",
        "set its day after the day from which the use is permitted",
    ),
    "never-fulfilled": (
        "the duty to {duty} can never be done: its terms exclude one another",
        "loosen or remove one of its terms",
    ),
    "never-forbids": (
        "this prohibition never holds: its conditions exclude one another",
        "loosen or remove one of its conditions",
    ),
    "due-before-use": (
        "the duty to {duty} must be done before the use is permitted at all",
        "set its day later, unless it is meant to be done in advance",
    ),
    "says-nothing-new": ("the rule at {other} already says all that this rule says", "remove this rule"),
    "counted-apart": (
        "this permission and the one at {other} keep a counter each ({operand}): together they let more through",
        "make them one permission, or keep what they permit apart",
    ),
    "prohibition-wins": (
        "the prohibition at {other} goes before this permission; what it does not cover stays permitted",
        "nothing, if that is meant",
    ),
    "permission-wins": (
        "this permission goes before the prohibition at {other}, which forbids only what is not permitted anyway",
        "nothing, if that is meant",
    ),
    "not-told": ("this policy could not be looked at: {reason}", "check by hand what its rules mean together"),
    "same-id": ("another policy has the same id {other} and says something else", "give one of them another id"),
    "no-common-law": (
        "this prohibition forbids what {other} allows, and the two do not agree on which of them wins",
        "write `conflict`: `prohibit` in both, or keep the two apart",
    ),
    "forbidden-here": (
        "this prohibition forbids something that {other} allows",
        "nothing, if the stricter of the two is meant to hold",
    ),
    "same-elsewhere": ("this policy says the same as {other}", "remove one of them"),
}
COMPARING_ENGLISH = Comparing(
    code="en",
    relations=_RELATIONS,
    only_first="Only the first allows, for example: {example}.",
    only_second="Only the second allows, for example: {example}.",
    example="{who} may {action} {target} at {now}",
    given="; {operand}: {value}",
    taken="; {operand} so far: {value}",
    undone="; not done: {duties}",
    changes=_CHANGES,
    permission="The permission to {action}",
    prohibition="The prohibition to {action}",
    policy="The policy",
    equal="Rule by rule the policies say the same.",
    findings=_FINDINGS,
    levels={"error": "error", "warning": "warning", "note": "note"},
)
