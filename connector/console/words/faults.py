"""What went wrong and what to do, by the code of `connector.runtime.fault_table`: the sentences of a refusal's page.

Law: each code of that table has a row here (a test walks through them); one of another table is explained by its exit
code. What exactly was given stands on the page as it was told, in English, beside these words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_ASK_AGAIN = ("Ask again: nothing was changed.", "请重试,未作任何更改。")
_CORRECT = ("Correct what you filled in, and send it again.", "请更正填写内容后重新提交。")
_CHANGE = ("Change what the reason names, and try again.", "请按原因修改后重试。")
_OWNER = ("Ask the owner of this connector.", "请联系本连接器的所有者。")
_LOOK = ("Look at the list: perhaps it moved meanwhile.", "请查看列表,状态可能已变化。")
_PEER = ("Tell the other side, with the number below.", "请联系对方并提供下方编号。")
_REGULATOR = ("Keep what you have, and tell the regulator.", "请保留现有材料并告知监管方。")
_MONEY = ("Agree to more, or take less.", "请提高上限或减少用量。")
_CHAIN = ("Ask again when the chain answers.", "请待链恢复响应后重试。")
_SMALLER = ("Send less at a time.", "请减少单次提交的内容。")

_FILLED = ("What you filled in makes no sense as it is.", "填写的内容不符合要求。")
_UNREADABLE = ("What another participant sent cannot be read.", "对方发来的内容无法解析。")
_FALSE = ("What was shown does not prove what it claims.", "所示内容不能证明其声称的事项。")
_STATE = ("It is not in a state for this.", "当前状态不允许此操作。")
_AWAY = ("Another participant does not answer now.", "对方当前没有响应。")
_CHAIN_AWAY = ("The chain does not answer now.", "链当前没有响应。")

# code → what went wrong, and what to do, each in English and 中文
_TOLD: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "absent": (("There is nothing under that name, or nothing for you.", "没有该名称的内容,或您无权查看。"), _LOOK),
    "address": (("We do not connect to that address.", "不允许连接该地址。"), _CORRECT),
    "attestation": (_FALSE, _REGULATOR),
    "audit-impossible": (("The audit could not be made.", "审计无法进行。"), _ASK_AGAIN),
    "bucket": (("The bucket of sealed bytes does not answer.", "存放密封数据的存储桶没有响应。"), _ASK_AGAIN),
    "busy": (("This participant is busy.", "本参与方正忙。"), _ASK_AGAIN),
    "catalogue": (_FILLED, _CORRECT),
    "chain": (("The chain refused it.", "链拒绝了此操作。"), _OWNER),
    "chain-archive": (("The chain's archive does not hold.", "链归档未通过验证。"), _REGULATOR),
    "chain-in-use": (("Another process has the chain.", "链被另一进程占用。"), _OWNER),
    "chain-reverted": (("The chain executed it and said no.", "链执行后予以拒绝。"), _OWNER),
    "chain-unreachable": (_CHAIN_AWAY, _CHAIN),
    "channel": (("The payment channel does not allow it.", "支付通道不允许此操作。"), _PEER),
    "clock": (("Two clocks differ.", "双方时钟不一致。"), ("Set both by NTP.", "请用 NTP 校准双方时钟。")),
    "complaint": (_STATE, _LOOK),
    "conditional": (("It is permitted after duties that are still open.", "需先履行尚未完成的义务。"), (
        "Fulfil the duties, then ask again.", "履行义务后重试。",
    )),
    "conflict": (_STATE, _LOOK),
    "contract": (_FILLED, _CORRECT),
    "damaged": (("The database of this machine is damaged.", "本机数据库已损坏。"), _OWNER),
    "declined": (("The other side does not agree.", "对方不同意。"), _PEER),
    "demand": (_STATE, _LOOK),
    "project": (_STATE, _LOOK),
    "deal": (_STATE, _LOOK),
    "demo-data": (("The demo has no data.", "演示数据缺失。"), _OWNER),
    "disclosure": (_FALSE, _REGULATOR),
    "disk": (("The disk of this machine failed or is full.", "本机磁盘故障或已满。"), _OWNER),
    "duplicate": (("That is there already.", "该内容已存在。"), _LOOK),
    "encoded": (("It came in a form that is not taken.", "内容编码方式不被接受。"), _CORRECT),
    "event": (_UNREADABLE, _PEER),
    "evidence": (("The own log is damaged.", "本方日志损坏。"), _OWNER),
    "exhausted": (("All that was agreed is used up.", "约定的用量已用尽。"), ("Agree anew.", "请重新签约。")),
    "fork": (("Somebody has shown two histories of one log.", "同一日志出现两个历史版本。"), _REGULATOR),
    "given-up": (("It was given up half-way.", "操作中途放弃。"), _ASK_AGAIN),
    "interrupted": (("It was interrupted.", "操作被中断。"), _ASK_AGAIN),
    "invalid": (_FILLED, _CORRECT),
    "later": (_AWAY, _ASK_AGAIN),
    "listing": (_STATE, _LOOK),
    "log": (_FALSE, _REGULATOR),
    "log-lost": (("A part of a log is not to be had.", "日志部分内容无法获取。"), _REGULATOR),
    "log-policy": (_FALSE, _REGULATOR),
    "malformed": (_FILLED, _CORRECT),
    "no-range": (("There is no such part of it.", "不存在该部分内容。"), _CORRECT),
    "key-module": (
        ("The hardware module with our keys did not sign.", "存放本方密钥的硬件模块未能签名。"),
        (
            "See that the module and its token are there, then ask again; `penstock doctor` says what is wrong.",
            "请确认模块及其令牌可用,然后重试;`penstock doctor` 会说明问题所在。",
        ),
    ),
    "nonce-taken": (("The chain took another transaction first.", "链先处理了另一笔交易。"), _ASK_AGAIN),
    "taken-back": (("The chain took an earlier transaction back.", "链撤回了更早的交易,须先重新上链。"), _ASK_AGAIN),
    "catching-up": (("It was restored, and asks others first.", "刚从备份恢复,正在核对他方记录。"), _ASK_AGAIN),
    "signed-meanwhile": (("Another run has just sent this transaction.", "另一次运行刚刚发送了该交易。"), _ASK_AGAIN),
    "not-a-table": (("The file is no table that can be read.", "文件不是可读取的表格。"), _CORRECT),
    "not-a-part": (
        ("This is no part of an audit, or nobody signed it.", "这不是审计的分工报告,或未经签名。"),
        ("Leave it out, and ask for it again.", "请将其剔除并重新索取。"),
    ),
    "share-of-another": (
        ("By the seed this share is judged by another regulator.", "按种子,该份由另一监管方判定。"),
        ("Judge the share that the seed gives you.", "请判定种子分给您的那一份。"),
    ),
    "not-proven": (
        ("What an audit kept cannot be gone on from.", "上次审计保存的内容不能作为继续审计的起点。"),
        ("Audit anew: --anew.", "请从头审计:--anew。"),
    ),
    "not-permitted": (("That is not permitted to you.", "您无权进行此操作。"), _OWNER),
    "note": (_FALSE, _REGULATOR),
    "opening": (("The data cannot be opened: keys or bytes are wrong.", "密钥或数据不符,无法打开。"), (
        "File a dispute; the proof is kept.", "请提出争议,证据已保存。",
    )),
    "outcome-unknown": (("It may have happened, and it may not.", "结果未知,可能已发生也可能未发生。"), (
        "Look whether it is in the list before you try again.", "重试前请先查看列表中是否已有结果。",
    )),
    "over-cap": (("It would cost more than was agreed at most.", "费用超过约定上限。"), _MONEY),
    "over-credit": (("It would cost more than was paid in.", "费用超过已存入金额。"), _MONEY),
    "over-exposure": (("Too much would be owed at once.", "单次应付金额过大。"), _MONEY),
    "purchase-refused": (("It could come to nothing; nothing was signed.", "无法实现,未签署任何内容。"), _CHANGE),
    "mask": (("A column cannot be masked so.", "该列无法这样脱敏。"), _CHANGE),
    "pack": (("The provider's archive of small files cannot be unpacked.", "供方的小文件归档无法解包。"), (
        "Complain; `open --packed` writes the archives as they are.", "请投诉;`open --packed` 可原样写出归档文件。",
    )),
    "payment": (("It would cost more than the limit.", "费用超过限额。"), _MONEY),
    "peer-misbehaved": (("Another participant broke a rule.", "对方违反规则。"), _PEER),
    "peer-refused": (("Another participant said no.", "对方拒绝。"), _PEER),
    "peer-unreachable": (_AWAY, _ASK_AGAIN),
    "policy": (("The terms cannot be read, or say no.", "条款无法解析或不允许。"), _CORRECT),
    "proof": (_FALSE, _REGULATOR),
    "protocol": (_UNREADABLE, _PEER),
    "reader-gone": (("Who was reading has gone.", "接收方已断开。"), _ASK_AGAIN),
    "rpc": (_FILLED, _CORRECT),
    "server-absent": (("No server runs here.", "本机没有运行服务。"), _OWNER),
    "settings": (("The settings hold something that makes no sense.", "设置有误。"), _OWNER),
    "source-unavailable": (_AWAY, _ASK_AGAIN),
    "space": (_FALSE, _REGULATOR),
    "state-proof": (_FALSE, _REGULATOR),
    "stopping": (("This participant is stopping.", "本参与方正在停止。"), _ASK_AGAIN),
    "store-foreign": (("The database is not of this program.", "数据库与本程序不符。"), _OWNER),
    "tile": (_FALSE, _REGULATOR),
    "token": (("A proof of identity is false, spent or too old.", "身份凭证无效、已用或过期。"), _ASK_AGAIN),
    "too-large": (("That is too large.", "内容过大。"), _SMALLER),
    "too-many": (("That is too much at once.", "请求过于频繁。"), ("Wait a moment, then ask again.", "请稍候重试。")),
    "too-slow": (("That took too long.", "提交耗时过长。"), _ASK_AGAIN),
    "unexpected": (("Something failed that should not.", "发生了不应出现的故障。"), _OWNER),
    "unknown": (("The other side does not know it.", "对方没有相应记录。"), _LOOK),
    "unknown-agreement": (("There is no such agreement.", "没有该合约。"), _LOOK),
    "unknown-channel": (("There is no such payment channel.", "没有该支付通道。"), _LOOK),
    "unsupported": (("That is not done here.", "本方不支持该功能。"), _CHANGE),
    "unproven": (("You have not proven who you are.", "未能证明您的身份。"), ("Sign in.", "请登录。")),
    "untold": (("The rules are too many to be said in words.", "规则过多,无法用文字说明。"), _CORRECT),
    "vault": (("The sealed data are not in a state for this.", "密封数据的状态不允许此操作。"), _OWNER),
    "verification": (_FALSE, _REGULATOR),
    "wrong-preimage": (("A key that was paid for is wrong.", "已付费的密钥不正确。"), _REGULATOR),
}  # fmt: skip
# exit code → the same, for codes of other tables
_BY_EXIT: Mapping[int, tuple[tuple[str, str], tuple[str, str]]] = {
    1: _TOLD["unexpected"],
    2: _TOLD["invalid"],
    3: _TOLD["not-permitted"],
    4: _TOLD["absent"],
    5: _TOLD["payment"],
    6: _TOLD["verification"],
    7: _TOLD["peer-unreachable"],
    8: _TOLD["outcome-unknown"],
    9: _TOLD["chain-unreachable"],
    10: _TOLD["conditional"],
    74: _TOLD["disk"],
    130: _TOLD["interrupted"],
}
WHAT, DO = "fault-what", "fault-do"
_KEYED = {**_TOLD, **{str(number): told for number, told in _BY_EXIT.items()}}
WORDS: Mapping[str, tuple[str, str]] = {
    f"{kind}.{code}": told[at] for code, told in _KEYED.items() for at, kind in enumerate((WHAT, DO))
}


def code_of(code: str, exit_code: int) -> str:
    """Return under which key a fault is explained: its own code, or its exit code."""
    return code if code in _TOLD else str(exit_code)
