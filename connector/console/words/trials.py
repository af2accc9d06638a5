"""Words of a product that is tried with a list of one's own: the form, its price, how far it is, and what it told."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "product.try": ("Try it with your own list", "用您自己的名单试用"),
    "trial.title": ("Try {title} with your own list", "用您自己的名单试用 {title}"),
    "trial.what": (
        "You learn how much of your list is in these data before you buy them, and neither side sees the other's.",
        "购买之前即可了解这些数据覆盖您名单的比例,双方均看不到对方的数据。",
    ),
    "trial.price": ("What an answer costs", "每次回答的价格"),
    "trial.subject": ("Your keys are held against this column", "与您的键比对的数据主体列"),
    "trial.filled": ("Told besides, how many of those covered have", "另告知所覆盖主体中以下列的填充比例"),
    "trial.fresh": ("Told besides, how fresh they are", "另告知其新鲜程度"),
    "trial.days": ("{column}, at most {days} days before it was sealed", "{column},封装前至多 {days} 天"),
    "trial.list": (
        "Your list, at most {most}: a table as .csv, .jsonl or .ndjson",
        "您的名单,至多 {most}:.csv、.jsonl 或 .ndjson 表格",
    ),
    "trial.kept": (
        "{least} to {most} different keys; more than {once} go in parts, each of which is an answer.",
        "{least} 至 {most} 个不同的键;超过 {once} 个时分多次提交,每次计为一次回答。",
    ),
    "trial.memory": (
        "Your list is written nowhere: it waits in memory, for {minutes} minutes at the most.",
        "名单不写入任何文件,仅在内存中等待,至多 {minutes} 分钟。",
    ),
    "trial.key": ("Its column with the keys, written as the provider writes them", "键所在的列,写法与提供方一致"),
    "trial.group": (
        "A column to answer for each value of, such as a label (perhaps empty)",
        "按其各值分别回答的列,如标签(可留空)",
    ),
    "trial.for": (
        "A product of this provider that is delivered: what one covered subject of it would cost (perhaps empty)",
        "该提供方的交付产品编号:用于计算每个命中的价格(可留空)",
    ),
    "trial.table": ("The product's table, where it has several (perhaps empty)", "产品有多张表时的表名(可留空)"),
    "trial.as-agreed": ("as it was agreed", "与合约一致"),
    "trial.then": (
        "Next you see what it costs. Nothing is asked before that.",
        "下一步显示费用,在此之前不会发出任何查询。",
    ),
    "trial.send": ("Send the list and see the price", "上传名单并查看费用"),
    "trial.look": ("This would be asked", "将要发出的查询"),
    "trial.cost": ("It costs {amount}", "费用:{amount}"),
    "trial.keys": ("{keys} different keys of the column {column}.", "{column} 列共 {keys} 个不同的键。"),
    "trial.groups": ("They are in {groups} groups, which are answered apart.", "分为 {groups} 组,分别回答。"),
    "trial.parts": (
        "It goes in {parts} parts, of which {open} are not answered yet; each is one answer.",
        "分 {parts} 次提交,其中 {open} 次尚未回答;每次计为一次回答。",
    ),
    "trial.agreed": ("Under your agreement", "依据您的合约"),
    "trial.agree": ("It is agreed on first, at {price}.", "先按 {price} 达成合约。"),
    "trial.purpose": ("For the purpose: {purpose}.", "用途:{purpose}。"),
    "trial.shared": (
        "Then it is said what one covered subject of {product} costs; all of that costs {sum}.",
        "随后给出 {product} 每个命中的价格;其全部价格为 {sum}。",
    ),
    "trial.budget": (
        "It counts {amount} against this month's budget, of which {left} are left.",
        "计入本月预算 {amount},预算余额 {left}。",
    ),
    "trial.short": ("This month's budget does not cover it. Have it raised.", "本月预算不足,请提高预算。"),
    "trial.button": ("Try it for {amount}", "以 {amount} 试用"),
    "trial.other": ("Send another one", "更换名单"),
    "tried.title": ("Your list, tried on {title}", "您的名单在 {title} 上的试用"),
    "tried.failed": ("The list could not be tried", "名单未能试用"),
    "tried.agreeing": ("It is being agreed on with its provider.", "正在与提供方达成合约。"),
    "tried.asking": (
        "Its provider is being asked. The first time it makes marks of all its subjects, which takes a while.",
        "正在查询提供方。首次查询时其需为全部主体生成标记,需要一些时间。",
    ),
    "tried.again": ("Look again", "再次查看"),
    "tried.cut": (
        (
            "It was cut off, and the list is not kept. Send it again: it is asked under the same id, and what was "
            "answered costs nothing more."
        ),
        "试用中断,名单未保留。请重新上传:将以同一编号查询,已回答的部分不再计费。",
    ),
    "tried.resend": ("Send the list again", "重新上传名单"),
    "tried.rest": (
        "Has your list more keys than that? Then it was cut off; the rest is asked, and paid, when you send it again.",
        "您的名单键数更多?则试用曾中断,重新上传后将查询并计费其余部分。",
    ),
    "tried.buy": ("Buy {product}, with this trial in the request", "购买 {product},并在请求中附上此次试用"),
    "tried.computation": ("What is on record of it", "此次试用的记录"),
    "tried.for": (
        "What would one covered subject cost of this product, which its provider delivers?",
        "该提供方的哪个交付产品?用于计算每个命中的价格",
    ),
    "tried.share": ("Work it out", "计算"),
    "coverage.covered": ("{share} % of your {keys} keys are covered", "您的 {keys} 个键中 {share} % 被覆盖"),
    "coverage.median": (", median age {days} days", ",中位数据年龄 {days} 天"),
    "coverage.older": (", median age more than {days} days", ",中位数据年龄超过 {days} 天"),
    "coverage.each": (", {each} per covered subject", ",每个命中 {each}"),
    "coverage.all": ("Covered", "被覆盖"),
    "coverage.filled": ("Covered, and with {column}", "被覆盖且 {column} 非空"),
    "coverage.within": ("Of those covered, {column} of at most {days} days", "所覆盖主体中 {column} 不超过 {days} 天"),
    "coverage.share": ("{share} % (between {low} and {high} %)", "{share} %(介于 {low} 与 {high} % 之间)"),
    "coverage.limits": (
        (
            "The median age is between {low} and {high} days, counted on {day}, when the edition was sealed; who has "
            "no date counts as older."
        ),
        "中位年龄介于 {low} 与 {high} 天之间,自版本封装日 {day} 起算;无日期者视为更早。",
    ),
    "coverage.limits-open": (
        (
            "The median age is more than {low} days, counted on {day}, when the edition was sealed; who has no date "
            "counts as older."
        ),
        "中位年龄超过 {low} 天,自版本封装日 {day} 起算;无日期者视为更早。",
    ),
    "coverage.too-few": ("Too few are covered to say how old {column} is.", "被覆盖者过少,无法给出 {column} 的年龄。"),
    "coverage.price": (
        "{each} per covered subject (between {low} and {high}): {sum} for all of {product}, as it is listed today.",
        "每个命中 {each}(介于 {low} 与 {high} 之间):按当前标价,{product} 全部为 {sum}。",
    ),
    "coverage.price-open": (
        "{each} per covered subject ({low} and more): {sum} for all of {product}, as it is listed today.",
        "每个命中 {each}(至少 {low}):按当前标价,{product} 全部为 {sum}。",
    ),
    "coverage.unpriced": (
        (
            "What one covered subject of {product} costs cannot be said: its price is not for the whole, or perhaps "
            "nobody is covered."
        ),
        "无法给出 {product} 每个命中的价格:其价格不是整体价格,或可能无一被覆盖。",
    ),
    "coverage.no-price": ("The price of one covered subject could not be worked out", "未能计算每个命中的价格"),
    "coverage.estimates": (
        "These are estimates, 95 of 100 within their limits: of no single key it is told for certain.",
        "以上为估计值,百分之九十五落在所示范围内;不会确切告知任何单个键。",
    ),
    "computation.trial": ("The trial: what would it cost, and buy", "试用:计算价格并购买"),
    "quote.tried": (
        "The request names your trial, so that its provider cannot say later that it told you something else:",
        "请求中将附上您的此次试用,提供方日后不能否认其所告知的内容:",
    ),
    "state.agreeing": ("being agreed on", "正在达成合约"),
    "state.asking": ("being asked", "查询中"),
    "state.cut": ("cut off", "已中断"),
}
