"""Words of a question that is put together from choices: what may be chosen, and what would be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "product.question": ("Put a question together", "组合查询(无需 SQL)"),
    "question.title": ("Put a question to {title} together", "组合对 {title} 的查询"),
    "question.what": (
        "Choose what is counted, and of which rows. Next you see the statement, price and limits; nothing is asked.",
        "选择统计内容、分组和筛选条件。下一步显示由此生成的查询语句、费用和输出限制,在此之前不会发出任何查询。",
    ),
    "question.price": ("What an answer costs", "每次回答的价格"),
    "question.table": ("Table", "表"),
    "question.measures": ("What is counted", "统计内容"),
    "question.count": ("How many rows there are", "行数"),
    "question.subjects": ("How many different there are of {subject}", "{subject} 的不同个数"),
    "question.sum": ("Sum of", "求和列"),
    "question.average": ("Average of", "求平均列"),
    "question.groups": ("For which groups", "分组"),
    "question.by": ("By", "按"),
    "question.cut": ("Days and moments by", "日期与时间按"),
    "question.uncut": ("as they are", "原值"),
    "question.rows": ("Of which rows", "筛选条件"),
    "question.column": ("Column", "列"),
    "question.sign": ("Comparison", "比较方式"),
    "question.value": ("Value", "值"),
    "question.epsilon": ("How much it tells (ε), from {least} to {most}", "披露量(ε),{least} 至 {most}"),
    "question.at-most": ("CPU seconds at most", "CPU 秒上限"),
    "question.as-agreed": ("as it was agreed", "与合约一致"),
    "question.leaves": (
        "Keep it as an application: a value that is written :NAME is left open",
        "保存为数据应用:写作 :NAME 的值留待使用者填写",
    ),
    "question.kept": ("This is the application", "数据应用内容"),
    "question.file": ("Its developer keeps this in a file, and publishes it:", "开发方将其存为文件并发布:"),
    "question.name": ("Name of its file", "文件名"),
    "question.keep": ("Keep it here, and publish it", "存于此处并发布"),
    "question.look": ("See the statement and the price", "查看查询语句与费用"),
    "question.made": ("This would be asked", "将要发出的查询"),
    "question.ask": ("Ask it", "发出查询"),
    "question.get": ("It is asked once the product is agreed on.", "就该产品达成合约后即可查询。"),
    "question.least": (
        "Groups of fewer than {least} different subjects are not told.",
        "不同主体少于 {least} 个的分组不予输出。",
    ),
    "question.share": (
        "Nor is a sum of which one subject is more than {share} %.",
        "任一主体占比超过 {share}% 的总和不予输出。",
    ),
    "question.digits": ("Numbers are told to {digits} significant digits.", "数值保留 {digits} 位有效数字。"),
    "question.noise": (
        "Numbers have noise: this answer takes ε {epsilon} of a budget of {budget}.",
        "数值加入噪声:本次回答消耗 ε {epsilon},总预算 {budget}。",
    ),
    "question.left": ("So much of it is left before: ε {left}.", "提问前剩余预算:ε {left}。"),
    "cut.year": ("year", "年"),
    "cut.quarter": ("quarter", "季度"),
    "cut.month": ("month", "月"),
    "cut.week": ("week", "周"),
    "cut.day": ("day", "日"),
    "cut.hour": ("hour", "小时"),
    "sign.=": ("is", "等于"),
    "sign.!=": ("is not", "不等于"),
    "sign.<": ("is less than", "小于"),
    "sign.<=": ("is at most", "不大于"),
    "sign.>": ("is more than", "大于"),
    "sign.>=": ("is at least", "不小于"),
    "sign.contains": ("contains (texts)", "包含(文本)"),
    "sign.starts with": ("begins with (texts)", "开头为(文本)"),
    "sign.is empty": ("is empty", "为空"),
    "sign.is filled": ("is filled", "非空"),
}
