"""Words of a product's page and of its card: what is in it, what it costs, what one may do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "search.nothing": (
        "All that is listed is found here. Nothing is yet; say what you look for, and providers see it:",
        "已上架的产品在此查找。尚无产品;可发布需求,提供方可见:",
    ),
    "goods.facts": ("At a look", "概览"),
    "goods.about": ("About it", "简介"),
    "goods.by": ("Sold by", "提供方:"),
    "goods.rows": ("{rows} rows", "{rows} 行"),
    "goods.columns": ("{columns} columns", "{columns} 个字段"),
    "goods.files": ("{files} files", "{files} 个文件"),
    "goods.period": ("{begins} to {ends}", "{begins} 至 {ends}"),
    "goods.keywords": ("Keywords", "关键词"),
    "goods.wordless": (
        "Its provider has not described it in words. What was measured stands below.",
        "提供方未作文字描述,实测信息见下。",
    ),
    "goods.inside": ("What is in it", "数据内容"),
    "goods.more-files": ("and {more} more files", "另有 {more} 个文件"),
    "goods.sample": ("Sample", "样例"),
    "goods.first": (
        "The first {rows} rows as they are; what hints at persons is hidden.",
        "前 {rows} 行原样展示,疑似个人信息已隐藏。",
    ),
    "goods.unsampled": (
        "No sample is shown to you: its provider gave none, or the rules of the space keep it from your role.",
        "未向您展示样例:提供方未提供,或空间规则对您的角色不开放。",
    ),
    "goods.empty": ("{percent} % empty", "空值 {percent}%"),
    "goods.full": ("none empty", "无空值"),
    "goods.distinct": ("{count} different", "{count} 个不同值"),
    "goods.masked": ("Masked: {how}", "已脱敏:{how}"),
    "goods.hint": ("Perhaps: {hint}", "疑似:{hint}"),
    "goods.unchecked": ("Not checked for personal data", "未检查是否含个人信息"),
    "goods.untabled": ("This file is no table: it is delivered as it is.", "该文件不是表格,按原样交付。"),
    "goods.unmeasured": ("There is no table in it whose quality could be measured.", "其中没有可测量质量的表格。"),
    "goods.longer": ("There is more; this page as JSON has all of it.", "尚有更多,完整内容见本页 JSON。"),
    "goods.choose": ("What so much of it costs", "取用多少,费用多少"),
    "goods.times": ("What so many cost", "按次数计算费用"),
    "goods.part": (
        "It is paid piece by piece as it comes: who stops earlier pays for what came.",
        "边取边付:提前停止只付已取部分。",
    ),
    "goods.show": ("Show the price", "显示价格"),
    "goods.all-terms": ("All terms", "全部条款"),
    "goods.next": (
        "Nothing is bought yet: next you see the sum, your balance and the terms.",
        "此时尚未购买:下一步显示总价、余额与条款。",
    ),
    "goods.buyers": ("A buyer's account buys here.", "由使用方账户购买。"),
    "goods.own": ("Manage this product of yours", "管理本方产品"),
    "goods.edition": ("This edition", "当前版本"),
    "goods.sealed": ("number {number}, sealed {at}", "第 {number} 版,封装于 {at}"),
    "goods.resource": ("Made of the resource", "来源数据资源"),
    "goods.versions": ("Versions ({count})", "版本({count})"),
    "goods.all": ("all of it {money}", "全部 {money}"),
    "goods.sold": ("{count} agreements", "{count} 份合约"),
    "goods.sales": ("Sales by day, thirty days", "近三十天每日销售"),
    "terms.may": ("You may", "您可以"),
    "terms.must": ("You must", "您须"),
    "terms.mustNot": ("You must not", "您不得"),
    "terms.when": ("When", "期限"),
    "terms.where": ("Where", "地域"),
    "terms.kept": ("How that is kept", "如何保障"),
    "terms.each": ("How far each rule is kept", "逐条保障程度"),
    "terms.promised": (
        "By technique: without a key nothing opens. Watched: the connector decides and logs. Promised: no more.",
        "由技术保证:没有密钥即无法打开。受监测:由使用方连接器自行裁决、计数并记录,审计可见。仅凭承诺:仅由合约约束。",
    ),
    "tier.plain": ("plain copy", "明文副本"),
    "tier.kept": ("sealed, keys kept", "密封,密钥自持"),
    "tier.leased": ("sealed, keys leased", "密封,密钥租用"),
    "least.kept": ("sealed at least", "至少密封交付"),
    "least.leased": ("sealed and keys leased at least", "至少密封且密钥租用"),
    "least.computed": ("computed at the provider, no copy leaves", "仅在提供方计算,数据不出域"),
    "kept.plain": (
        "You get a copy. After it is delivered nothing watches these terms: they are a promise.",
        "交付副本。交付后没有技术手段监督这些条款,由您承诺遵守。",
    ),
    "kept.kept": (
        "Before each opening your own connector decides by these terms, and counts. What you then do is a promise.",
        "每次打开前由您自己的连接器依条款判定并计数。打开后的文件如何使用,由您承诺遵守。",
    ),
    "kept.leased": (
        "Before each opening the key holder decides by these terms, and counts. What you then do is a promise.",
        "每次打开前由密钥方依条款判定并计数。打开后的文件如何使用,由您承诺遵守。",
    ),
    "data.integer": ("whole number", "整数"),
    "data.number": ("number", "数值"),
    "data.boolean": ("yes or no", "布尔"),
    "data.date": ("date", "日期"),
    "data.time": ("time", "时间"),
    "data.local-time": ("local time", "本地时间"),
    "data.text": ("text", "文本"),
    "data.binary": ("bytes", "二进制"),
    "data.other": ("other", "其他"),
    "data.empty": ("empty", "空"),
}
