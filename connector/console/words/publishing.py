"""What the console says where data is published: files that are sent, folders, the form, a product file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "publish.title": ("Publish data", "发布数据"),
    "publish.none": (
        "This console takes no files, and no folder is named from which it may publish. Whoever owns it names one by",
        "此控制台不接收文件,也未指定可发布的文件夹。所有者可用以下命令指定:",
    ),
    "publish.command": ("From a terminal everything is published with", "也可在终端使用命令:"),
    "publish.wrong": ("This cannot be published so", "不能这样发布"),
    "publish.preview": ("What others will see", "对外展示预览"),
    "publish.examples": ("What it costs, for example", "价格示例"),
    "publish.whole": ("One price for the whole.", "整体一口价。"),
    "publish.unmeasured": (
        "Large files are measured when they are sealed; their columns and grade are known then.",
        "较大文件在密封时测量,届时可知字段与级别。",
    ),
    "publish.then": (
        "Your files are measured and sealed, the edition is registered on chain, and the exchange reviews it.",
        "文件将被测量并密封,版本上链登记,由交易所审核。",
    ),
    "publish.button": ("Publish it", "发布"),
    "publish.about": ("About the product", "产品信息"),
    "publish.files": ("Files", "文件"),
    "publish.empty": ("There is no file.", "没有文件。"),
    "upload.title": ("Send files from this computer", "从本机上传文件"),
    "upload.files": ("Files to publish", "要发布的文件"),
    "upload.room": (
        "{room} more may be sent. What nobody publishes is removed after {days} days.",
        "还可上传 {room}。未发布的文件 {days} 天后删除。",
    ),
    "upload.progress": ("How much is sent", "上传进度"),
    "upload.large": ("That is more than may be sent. A folder takes more.", "超出可上传的大小,请从文件夹发布。"),
    "upload.broken": (
        "The connection broke off. Nothing was kept; send it again.",
        "连接中断,未保留任何内容,请重新上传。",
    ),
    "upload.kept": ("Everything is sent; it is being kept.", "已全部上传,正在保存。"),
    "upload.button": ("Send", "上传"),
    "upload.sent": ("Files that were sent here", "已上传的文件"),
    "upload.there": ("Files that were sent here: {count}", "已上传的文件:{count}"),
    "upload.remove": ("Remove", "移除"),
    "upload.remove-one": ("Remove {name}", "移除 {name}"),
    "publish-folders.title": ("Folders to publish from", "可发布的文件夹"),
    "publish-folders.about": (
        "The files that lie in these folders, not below them, may be published from this console.",
        "位于这些文件夹中(不含子文件夹)的文件可由此控制台发布。",
    ),
    "publish-folders.gone": ("not there now", "当前不存在"),
    "publish-folders.settings": ("the settings", "设置文件"),
    "publish-folders.none": ("No folder is named.", "尚未指定文件夹。"),
    "publish-folders.add": ("Add a folder", "添加文件夹"),
    "publish-folders.rootless": (
        "The settings name no folder below which one may be chosen here (console.roots). Its owner types",
        "设置中未指定可在此选择的上级文件夹(console.roots)。所有者可输入:",
    ),
    "publish-folders.button": ("Publish from this folder", "从此文件夹发布"),
    "publish-folders.above": ("One folder up", "上一级文件夹"),
    "publish-folders.empty": ("There is no folder in it.", "其中没有文件夹。"),
    "publish-folders.remove-one": ("Remove {folder}", "移除 {folder}"),
    "publish.kind": ("What it is", "产品形态"),
    "publish.kind.data": ("data", "数据"),
    "publish.kind.question": (
        "an application: a question that was put together, kept in one file",
        "数据应用:已组合的问题,存于一个文件",
    ),
    "publish.description": ("What it is, in words", "产品描述"),
    "publish.mask": ("Masks, commas between", "脱敏(逗号分隔)"),
    "publish.keywords": ("Keywords, commas between", "关键词(逗号分隔)"),
    "publish.price": ("Price asked, as in 4.20", "报价,如 4.20"),
    "publish.unit": ("for each", "计价单位"),
    "publish.floor": ("Lowest price to agree to (perhaps empty)", "最低可接受价(可留空)"),
    "publish.purpose": ("May be used for", "允许的使用目的"),
    "publish.until": ("Until the end of", "截止日期"),
    "publish.negotiable": ("How far buyers may bargain over the rules (perhaps empty)", "规则可谈范围(可留空)"),
    "publish.rules": ("Rules that were put together", "已组合的规则"),
    "publish.ruled": (
        "These rules stand in place of purpose, region and openings below.",
        "以下规则取代下方的用途、地区与打开次数。",
    ),
    "publish.region": ("Only in, such as CN or US-NY (perhaps empty)", "限用地区,如 CN 或 US-NY(可留空)"),
    "publish.openings": ("At most so many openings (perhaps empty)", "最多打开次数(可留空)"),
    "publish.look": ("Preview", "预览"),
    "product-draft.title": ("Publish by a product file", "用产品文件发布"),
    "product-draft.file": ("The product file", "产品文件"),
    "product-draft.help": (
        "Paste it or choose it. Its `files` are those that may be published here:",
        "粘贴或选择产品文件。其 `files` 须为此处可发布的文件:",
    ),
    "product-draft.upload": ("From a file", "从文件读取"),
    "product-draft.kind": ("Written in", "格式"),
    "product-draft.text": ("Text", "内容"),
    "publish.byfile": ("Publish by a product file", "用产品文件发布"),
}
