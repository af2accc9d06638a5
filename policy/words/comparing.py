"""What is said of comparisons: a row a sentence, in English and Chinese (simplified)."""
# ruff: noqa: RUF001 -- Chinese sentences are written with Chinese punctuation

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from policy.words.language import column

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Comparing:
    """Sentence patterns of one language; names in braces are filled in by contrast.py.

    `relations` go by Relation, `changes` by (subject, turn), `findings` by code: what is wrong, and what to change.
    `example` says one request and the instant; `given` adds what its context says, `taken` what a counter has, `undone`
    the duties that are not done.
    """

    code: str
    relations: Mapping[str, str]
    only_first: str
    only_second: str
    example: str
    given: str
    taken: str
    undone: str
    changes: Mapping[tuple[str, str], str]
    permission: str
    prohibition: str
    policy: str
    equal: str
    findings: Mapping[str, tuple[str, str]]
    levels: Mapping[str, str]


_RELATIONS = {
    "equivalent": ("Both policies allow the same.", "两份策略所允许的完全相同。"),
    "a-implies-b": (
        "Everything the first policy allows, the second allows too; the second allows more.",
        "第一份策略允许的，第二份也都允许；第二份允许得更多。",
    ),
    "b-implies-a": (
        "Everything the second policy allows, the first allows too; the first allows more.",
        "第二份策略允许的，第一份也都允许；第一份允许得更多。",
    ),
    "overlapping": (
        "Each policy allows something that the other does not; some uses are allowed by both.",
        "两份策略各有对方不允许之处；有些使用为两者共同允许。",
    ),
    "disjoint": ("Nothing that one policy allows is allowed by the other.", "一份策略所允许的，另一份一概不允许。"),
    "cannot-tell": (
        "It cannot be told how the policies lie to each other: {reason}.",
        "无法判定两份策略的关系：{reason}。",
    ),
}
_CHANGES = {
    ("rule", "new"): ("New: {after}", "新增：{after}"),
    ("rule", "gone"): ("Gone: {before}", "删除：{before}"),
    ("condition", "new"): ("{rule} is narrower: it now also asks that {after}.", "{rule}收窄：新增条件“{after}”。"),
    ("condition", "gone"): ("{rule} is wider: it no longer asks that {before}.", "{rule}放宽：不再要求“{before}”。"),
    ("condition", "narrower"): (
        "{rule} is narrower: it now asks that {after} (before: {before}).",
        "{rule}收窄：现要求“{after}”（原为“{before}”）。",
    ),
    ("condition", "wider"): (
        "{rule} is wider: it now asks that {after} (before: {before}).",
        "{rule}放宽：现要求“{after}”（原为“{before}”）。",
    ),
    ("condition", "otherwise"): (
        "{rule} is different: it now asks that {after} (before: {before}).",
        "{rule}有变：现要求“{after}”（原为“{before}”）。",
    ),
    ("duty", "new"): ("{rule} has a new duty. {after}", "{rule}新增义务。{after}"),
    ("duty", "gone"): ("{rule} no longer has this duty. {before}", "{rule}不再附有此义务。{before}"),
    ("duty", "narrower"): (
        "{rule} has a stricter duty. Now: {after} Before: {before}",
        "{rule}所附义务变严。现为：{after}原为：{before}",
    ),
    ("duty", "wider"): (
        "{rule} has a lighter duty. Now: {after} Before: {before}",
        "{rule}所附义务变宽。现为：{after}原为：{before}",
    ),
    ("duty", "otherwise"): (
        "{rule} has a different duty. Now: {after} Before: {before}",
        "{rule}所附义务有变。现为：{after}原为：{before}",
    ),
    ("remedy", "new"): ("{rule} has a new remedy. {after}", "{rule}新增补救。{after}"),
    ("remedy", "gone"): ("{rule} no longer has this remedy. {before}", "{rule}不再附有此补救。{before}"),
    ("remedy", "narrower"): (
        "{rule} has a stricter remedy. Now: {after} Before: {before}",
        "{rule}所附补救变严。现为：{after}原为：{before}",
    ),
    ("remedy", "wider"): (
        "{rule} has a lighter remedy. Now: {after} Before: {before}",
        "{rule}所附补救变宽。现为：{after}原为：{before}",
    ),
    ("remedy", "otherwise"): (
        "{rule} has a different remedy. Now: {after} Before: {before}",
        "{rule}所附补救有变。现为：{after}原为：{before}",
    ),
    ("actions", "otherwise"): (
        "{rule} is now about doing this: {after} (before: {before}).",
        "{rule}现针对的操作为：{after}（原为：{before}）。",
    ),
    ("targets", "otherwise"): (
        "{rule} is now about {after} (before: {before}).",
        "{rule}现针对 {after}（原为 {before}）。",
    ),
    ("assignees", "otherwise"): (
        "{rule} is now for {after} (before: {before}).",
        "{rule}现适用于 {after}（原为 {before}）。",
    ),
    ("conflict", "otherwise"): ("Now: {after} Before: {before}", "现为：{after}原为：{before}"),
}
_FINDINGS = {
    "never-permits": (
        ("this permission can never hold: its conditions exclude one another",
         "loosen or remove one of its conditions"),
        ("此许可永远不会成立：其条件相互排斥", "放宽或删去其中一个条件"),
    ),
    "always-forbidden": (
        ("everything this permission allows is forbidden by the prohibitions",
         "remove the permission, or narrow what forbids it"),
        ("此许可所允许的全部被禁止条款禁止", "删去此许可，或收窄禁止它的条款"),
    ),
    "policy-void": (
        (("this permission and the prohibition at {other} can both hold, and nothing says which wins: "
          "the policy is void"),
         "write `conflict`: `prohibit` or `perm`, or keep the two apart"),
        ("此许可与 {other} 处的禁止可能同时成立，而未写明何者优先：策略无效",
         "写明 `conflict`：`prohibit` 或 `perm`，或使两者互不相交"),
    ),
    "late-for-its-use": (
        ("the duty to {duty} must be done by a day on which the use is not yet permitted",
         "set its day after the day from which the use is permitted"),
        ("义务“{duty}”的期限早于许可使用之日", "把期限设在许可使用之日以后"),
    ),
    "never-fulfilled": (
        ("the duty to {duty} can never be done: its terms exclude one another", "loosen or remove one of its terms"),
        ("义务“{duty}”永远无法履行：其条款相互排斥", "放宽或删去其中一项条款"),
    ),
    "duty-forbidden": (
        ("the duty to {duty} is to do what the prohibition at {other} forbids", "remove one of the two"),
        ("义务“{duty}”正是 {other} 处所禁止的", "删去其中之一"),
    ),
    "duty-perhaps-forbidden": (
        ("the duty to {duty} is to do what the prohibition at {other} forbids under its conditions",
         "say in the prohibition when it does not hold, or remove one of the two"),
        ("义务“{duty}”在 {other} 处的条件成立时被禁止", "写明该禁止何时不适用，或删去其中之一"),
    ),
    "never-forbids": (
        ("this prohibition never holds: its conditions exclude one another", "loosen or remove one of its conditions"),
        ("此禁止永远不会成立：其条件相互排斥", "放宽或删去其中一个条件"),
    ),
    "due-before-use": (
        ("the duty to {duty} must be done before the use is permitted at all",
         "set its day later, unless it is meant to be done in advance"),
        ("义务“{duty}”须在许可使用之前完成", "若非有意要求提前履行，请推迟期限"),
    ),
    "says-nothing-new": (
        ("the rule at {other} already says all that this rule says", "remove this rule"),
        ("{other} 处的规则已包含此规则的全部内容", "删去此规则"),
    ),
    "counted-apart": (
        ("this permission and the one at {other} keep a counter each ({operand}): together they let more through",
         "make them one permission, or keep what they permit apart"),
        ("此许可与 {other} 处的许可各自计数（{operand}）：合起来放行得更多", "合并为一条许可，或使两者互不相交"),
    ),
    "prohibition-wins": (
        ("the prohibition at {other} goes before this permission; what it does not cover stays permitted",
         "nothing, if that is meant"),
        ("{other} 处的禁止优先于此许可；其未涉及的部分仍被许可", "若属有意，无须修改"),
    ),
    "permission-wins": (
        ("this permission goes before the prohibition at {other}, which forbids only what is not permitted anyway",
         "nothing, if that is meant"),
        ("此许可优先于 {other} 处的禁止；后者仅禁止本未许可的内容", "若属有意，无须修改"),
    ),
    "not-told": (
        ("this policy could not be looked at: {reason}", "check by hand what its rules mean together"),
        ("无法审视此策略：{reason}", "请人工核对各条规则合起来的含义"),
    ),
    "same-id": (
        ("another policy has the same id {other} and says something else", "give one of them another id"),
        ("另一份策略使用相同标识 {other} 而内容不同", "为其中一份更换标识"),
    ),
    "no-common-law": (
        ("this prohibition forbids what {other} allows, and the two do not agree on which of them wins",
         "write `conflict`: `prohibit` in both, or keep the two apart"),
        ("此禁止所禁的正是 {other} 所允许的，而两份策略未约定何者优先",
         "在两份策略中都写明 `conflict`：`prohibit`，或使两者互不相交"),
    ),
    "forbidden-here": (
        ("this prohibition forbids something that {other} allows",
         "nothing, if the stricter of the two is meant to hold"),
        ("此禁止所禁的有一部分为 {other} 所允许", "若有意以较严者为准，无须修改"),
    ),
    "duty-forbidden-here": (
        ("this prohibition forbids what {other} obliges to: to {duty}", "remove one of the two"),
        ("此禁止所禁的正是 {other} 所要求的义务“{duty}”", "删去其中之一"),
    ),
    "same-elsewhere": (
        ("this policy says the same as {other}", "remove one of them"),
        ("此策略与 {other} 内容相同", "删去其中一份"),
    ),
}  # fmt: skip
# member of `Comparing` → what it is in both
WORDS: Mapping[str, Any] = {
    "relations": _RELATIONS,
    "only_first": ("Only the first allows, for example: {example}.", "只有第一份允许，例如：{example}。"),
    "only_second": ("Only the second allows, for example: {example}.", "只有第二份允许，例如：{example}。"),
    "example": ("{who} may {action} {target} at {now}", "{who} 可以{action} {target}，时间 {now}"),
    "given": ("; {operand}: {value}", "；{operand}：{value}"),
    "taken": ("; {operand} so far: {value}", "；{operand}迄今为：{value}"),
    "undone": ("; not done: {duties}", "；未完成：{duties}"),
    "changes": _CHANGES,
    "permission": ("The permission to {action}", "{action}的许可"),
    "prohibition": ("The prohibition to {action}", "{action}的禁止"),
    "policy": ("The policy", "策略"),
    "equal": ("Rule by rule the policies say the same.", "逐条比较，两份策略内容相同。"),
    "findings": _FINDINGS,
    "levels": {
        "error": ("error", "错误"),
        "warning": ("warning", "警告"),
        "note": ("note", "提示"),
    },
}
ENGLISH, CHINESE = (Comparing(code, **column(WORDS, at)) for at, code in enumerate(("en", "zh")))
