"""Chinese (simplified), of comparisons."""
# ruff: noqa: RUF001 -- Chinese sentences are written with Chinese punctuation

from __future__ import annotations

from policy.words.comparing import Comparing

_RELATIONS = {
    "equivalent": "两份策略所允许的完全相同。",
    "a-implies-b": "第一份策略允许的，第二份也都允许；第二份允许得更多。",
    "b-implies-a": "第二份策略允许的，第一份也都允许；第一份允许得更多。",
    "overlapping": "两份策略各有对方不允许之处；有些使用为两者共同允许。",
    "disjoint": "一份策略所允许的，另一份一概不允许。",
    "cannot-tell": "无法判定两份策略的关系：{reason}。",
}
_CHANGES = {
    ("rule", "new"): "新增：{after}",
    ("rule", "gone"): "删除：{before}",
    ("condition", "new"): "{rule}收窄：新增条件“{after}”。",
    ("condition", "gone"): "{rule}放宽：不再要求“{before}”。",
    ("condition", "narrower"): "{rule}收窄：现要求“{after}”（原为“{before}”）。",
    ("condition", "wider"): "{rule}放宽：现要求“{after}”（原为“{before}”）。",
    ("condition", "otherwise"): "{rule}有变：现要求“{after}”（原为“{before}”）。",
    ("duty", "new"): "{rule}新增义务。{after}",
    ("duty", "gone"): "{rule}不再附有此义务。{before}",
    ("duty", "narrower"): "{rule}所附义务变严。现为：{after}原为：{before}",
    ("duty", "wider"): "{rule}所附义务变宽。现为：{after}原为：{before}",
    ("duty", "otherwise"): "{rule}所附义务有变。现为：{after}原为：{before}",
    ("remedy", "new"): "{rule}新增补救。{after}",
    ("remedy", "gone"): "{rule}不再附有此补救。{before}",
    ("remedy", "narrower"): "{rule}所附补救变严。现为：{after}原为：{before}",
    ("remedy", "wider"): "{rule}所附补救变宽。现为：{after}原为：{before}",
    ("remedy", "otherwise"): "{rule}所附补救有变。现为：{after}原为：{before}",
    ("actions", "otherwise"): "{rule}现针对的操作为：{after}（原为：{before}）。",
    ("targets", "otherwise"): "{rule}现针对 {after}（原为 {before}）。",
    ("assignees", "otherwise"): "{rule}现适用于 {after}（原为 {before}）。",
    ("conflict", "otherwise"): "现为：{after}原为：{before}",
}
_FINDINGS = {
    "never-permits": ("此许可永远不会成立：其条件相互排斥", "放宽或删去其中一个条件"),
    "always-forbidden": ("此许可所允许的全部被禁止条款禁止", "删去此许可，或收窄禁止它的条款"),
    "policy-void": (
        "此许可与 {other} 处的禁止可能同时成立，而未写明何者优先：策略无效",
        "写明 `conflict`：`prohibit` 或 `perm`，或使两者互不相交",
    ),
    "late-for-its-use": ("义务“{duty}”的期限早于许可使用之日", "把期限设在许可使用之日以后"),
    "never-fulfilled": ("义务“{duty}”永远无法履行：其条款相互排斥", "放宽或删去其中一项条款"),
    "never-forbids": ("此禁止永远不会成立：其条件相互排斥", "放宽或删去其中一个条件"),
    "due-before-use": ("义务“{duty}”须在许可使用之前完成", "若非有意要求提前履行，请推迟期限"),
    "says-nothing-new": ("{other} 处的规则已包含此规则的全部内容", "删去此规则"),
    "counted-apart": (
        "此许可与 {other} 处的许可各自计数（{operand}）：合起来放行得更多",
        "合并为一条许可，或使两者互不相交",
    ),
    "prohibition-wins": ("{other} 处的禁止优先于此许可；其未涉及的部分仍被许可", "若属有意，无须修改"),
    "permission-wins": ("此许可优先于 {other} 处的禁止；后者仅禁止本未许可的内容", "若属有意，无须修改"),
    "not-told": ("无法审视此策略：{reason}", "请人工核对各条规则合起来的含义"),
    "same-id": ("另一份策略使用相同标识 {other} 而内容不同", "为其中一份更换标识"),
    "no-common-law": (
        "此禁止所禁的正是 {other} 所允许的，而两份策略未约定何者优先",
        "在两份策略中都写明 `conflict`：`prohibit`，或使两者互不相交",
    ),
    "forbidden-here": ("此禁止所禁的有一部分为 {other} 所允许", "若有意以较严者为准，无须修改"),
    "same-elsewhere": ("此策略与 {other} 内容相同", "删去其中一份"),
}
COMPARING_CHINESE = Comparing(
    code="zh",
    relations=_RELATIONS,
    only_first="只有第一份允许，例如：{example}。",
    only_second="只有第二份允许，例如：{example}。",
    example="{who} 可以{action} {target}，时间 {now}",
    given="；{operand}：{value}",
    taken="；{operand}迄今为：{value}",
    undone="；未完成：{duties}",
    changes=_CHANGES,
    permission="{action}的许可",
    prohibition="{action}的禁止",
    policy="策略",
    equal="逐条比较，两份策略内容相同。",
    findings=_FINDINGS,
    levels={"error": "错误", "warning": "警告", "note": "提示"},
)
