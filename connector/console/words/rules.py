"""Words of the page on which rules are put together and tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "rules.title": ("Put rules together", "组合使用规则"),
    "rules.wrong": ("That was not added", "未能添加"),
    "rules.help": (
        "Add what has to hold. Only what this connector can decide is offered; nothing is published here.",
        "添加须满足的条件。此处仅提供本连接器能够裁决的内容,不会发布任何东西。",
    ),
    "rules.sofar": ("The rules so far", "目前的规则"),
    "rules.empty": ("No rule yet: whoever buys may use it.", "尚无规则:购买者即可使用。"),
    "rules.drop": ("Take out", "移除"),
    "rules.dropone": ("Take out rule {number}", "移除第 {number} 条规则"),
    "rules.intier": ("See how far they are kept in this tier", "查看在此等级下的保障程度"),
    "rules.add": ("Add a rule", "添加规则"),
    "rules.template": ("From a template", "选用模板"),
    "rules.value": ("Its value, commas between several", "取值,多个以逗号分隔"),
    "rules.addit": ("Add", "添加"),
    "rules.condition": ("A condition of your own", "自定义条件"),
    "rules.left": ("What is compared", "比较对象"),
    "rules.operator": ("How", "比较方式"),
    "rules.right": ("With what, commas between several", "比较值,多个以逗号分隔"),
    "rules.unit": ("Unit (perhaps empty)", "单位(可留空)"),
    "rules.duty": ("A duty", "义务"),
    "rules.dutywhat": ("What is to be done", "须履行的事项"),
    "rules.after": ("Within what time after the use (perhaps empty)", "使用后多久之内(可留空)"),
    "rules.forbid": ("Something forbidden", "禁止事项"),
    "rules.forbidwhat": ("What must not be done", "不得进行的行为"),
    "rules.try": ("Try them", "试一试"),
    "rules.region": ("Where the buyer is registered", "使用方注册地"),
    "rules.used": ("Uses before this one", "此前已使用次数"),
    "rules.at": ("When; now if empty", "时间,留空为现在"),
    "rules.tryit": ("Ask", "试算"),
    "outcome.allow": ("It is allowed.", "允许。"),
    "outcome.conditional": ("It waits for something to be done.", "须先履行条件。"),
    "outcome.deny": ("It is refused.", "拒绝。"),
    "outcome.default-deny": ("It is refused: nothing permits it.", "拒绝:没有任何许可。"),
    "outcome.none": ("That cannot be asked.", "无法试算。"),
    "rules.done": ("When they are as you want them", "完成之后"),
    "rules.publish": ("Publish with these rules", "以此规则发布"),
    "rules.file": ("Or keep them as rules.json:", "或保存为 rules.json:"),
}
