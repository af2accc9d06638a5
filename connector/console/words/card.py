"""Words of the card of a data set: what it says under which heading, and what it says where nobody said anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "card.title": ("Data card", "数据卡片"),
    "card.what": ("What it is", "数据内容"),
    "card.edition": ("edition {number}, sealed {day}: {state}", "第 {number} 版,封装于 {day}:{state}"),
    "card.undescribed": ("Its provider does not describe it.", "提供方未作描述。"),
    "card.keywords": ("Keywords", "关键词"),
    "card.classes": ("Classes", "分类"),
    "card.region": ("About the place", "所涉地区"),
    "card.frequency": ("Renewed", "更新频率"),
    "card.size": ("Size", "规模"),
    "card.sized": (
        "{files} files, {bytes} bytes, {rows} rows in tables",
        "{files} 个文件,{bytes} 字节,表格共 {rows} 行",
    ),
    "card.who": ("Who provides it", "提供方"),
    "card.contact": ("Contact", "联系方式"),
    "card.uncontacted": ("Nobody is named who may be asked.", "未指明联系人。"),
    "card.how": ("How it was collected", "采集方式"),
    "card.origin": ("Origin", "数据来源"),
    "card.resource": ("Made of", "数据资源"),
    "card.owned": ("{title}, owned by {owner}, kept by {steward}", "{title},所有方 {owner},管理方 {steward}"),
    "card.unoriginal": ("Its provider does not say.", "提供方未说明。"),
    "card.columns": ("Tables and columns", "表格与字段"),
    "card.table": ("{rows} rows, {columns} columns", "{rows} 行,{columns} 个字段"),
    "card.column": ("Column", "字段"),
    "card.kind": ("Kind", "类型"),
    "card.meaning": ("Meaning", "含义"),
    "card.unit": ("Unit", "单位"),
    "card.empty": ("Empty", "空值"),
    "card.person": ("About people", "涉及个人"),
    "card.more": ("and {more} more", "另有 {more} 项"),
    "card.untabled": ("It has no tables.", "没有表格。"),
    "card.refers": ("Each value of {source} is one of {target}.", "{source} 的每个值均取自 {target}。"),
    "card.quality": ("Quality", "质量"),
    "card.letter": ("Grade {letter}, the worst of what was measured:", "{letter} 级,取实测各项中最差者:"),
    "card.unmeasured": ("Not measured: it has no tables.", "未测量:没有表格。"),
    "card.personal": ("Personal data", "个人信息"),
    "card.grade": ("Security grade: {grade}", "安全级别:{grade}"),
    "card.hints": ("These columns hint at people:", "以下字段可能涉及个人:"),
    "card.unhinted": (
        "No column hints at people. That is no proof that there are none.",
        "没有字段提示涉及个人,但这并不证明不含个人信息。",
    ),
    "card.unchecked": ("Not checked, because no rule reads them:", "以下字段未检查,因为没有规则适用:"),
    "card.terms": ("Terms", "使用条款"),
    "card.price": ("Price asked", "报价"),
    "card.tier": ("Delivery", "交付方式"),
    "card.attested": ("Answers attested", "答复证明"),
    "card.licence": ("Licence", "许可"),
    "card.limits": ("Limits", "限制"),
    "card.reviewed": (
        "The exchange drew and opened {drawn} pieces; of what it did not draw it says nothing.",
        "交易所抽取并打开了 {drawn} 个数据片;未抽取部分不作说明。",
    ),
    "card.unreviewed": ("The exchange has opened no piece of it.", "交易所未打开任何数据片。"),
    "card.measured": (
        "Kinds and counts were measured by its provider's connector. Words are its provider's.",
        "类型与计数由提供方连接器测得,文字说明由提供方提供。",
    ),
    "card.unread": ("{file} was {why}", "{file} 的读取结果:{why}"),
    "card.citation": ("Citation", "引用"),
    "card.uncited": ("Its provider does not say how it is cited.", "提供方未说明引用方式。"),
    "card.catalogue": ("The whole list as DCAT-AP", "完整目录(DCAT-AP)"),
    "card.others": ("In the words of others", "其他标准的描述"),
}
