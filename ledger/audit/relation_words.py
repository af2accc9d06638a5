# ruff: noqa: RUF001 (Chinese is written with full-width marks)
"""The words of findings about agreements that stand on another one: rows of `words.WORDS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# code → English, Chinese
RELATIONS: Mapping[str, tuple[str, str]] = {
    "sublicence-orphaned": (
        "sub-licence {agreement} stands under {parent}, which no log shows as signed",
        "分许可 {agreement} 的上级 {parent} 在任何日志中都未见签署",
    ),
    "sublicence-exceeds": (
        "sub-licence {agreement} goes beyond its parent {parent} in {field}",
        "分许可 {agreement} 在 {field} 上超出其上级 {parent}",
    ),
    "amendment-orphaned": (
        "agreement {agreement} amends {other}, which no log shows as signed",
        "协议 {agreement} 所变更的 {other} 在任何日志中都未见签署",
    ),
    "amendment-differs": (
        "agreement {agreement} amends {other}, which has another {field}",
        "协议 {agreement} 变更 {other}，但二者的 {field} 不同",
    ),
    "amendment-forked": (
        "{event} puts {agreement} in place of {other}, in whose place another agreement is already",
        "{event} 以 {agreement} 替代 {other}，而后者已被另一协议替代",
    ),
    "amendment-unfounded": (
        "{event} puts {agreement} in place of {other}, which its parties did not sign so",
        "{event} 以 {agreement} 替代 {other}，双方并未如此签署",
    ),
    "amendment-both-stand": (
        "{event} puts {agreement} in place of {other}, and that log does not say that {other} ended",
        "{event} 以 {agreement} 替代 {other}，但该日志没有 {other} 终止的记录",
    ),
    "amendment-unsaid": (
        "{event} says that the amendment {agreement} is in force; the other party's log does not",
        "{event} 称变更后的协议 {agreement} 已生效，另一方日志中没有记录",
    ),
    "contract-orphaned": (
        "agreement {agreement} delivers contract {other}, which no log shows as signed",
        "协议 {agreement} 所交付的合约 {other} 在任何日志中都未见签署",
    ),
    "contract-differs": (
        "agreement {agreement} delivers contract {other}, which has another {field}",
        "协议 {agreement} 交付合约 {other}，但二者的 {field} 不同",
    ),
    "contract-outlived": (
        "contract {other} ended, and that log does not say that agreement {agreement} under it ended",
        "合约 {other} 已终止，但该日志没有其项下协议 {agreement} 终止的记录",
    ),
    "contract-unpaid": (
        "{event} claims that {amount!m} were paid for the contract {agreement}; the chain has no such transfer",
        "{event} 称已为合约 {agreement} 支付 {amount!m}，链上没有相应转账",
    ),
    "contract-paid-otherwise": (
        "{event} pays {mine!m} of the contract {agreement} to {party}, whose share as signed is {theirs!m}",
        "{event} 为合约 {agreement} 向 {party} 支付 {mine!m}，而按所签份额应为 {theirs!m}",
    ),
    "authority-unknown": (
        "{event} names the authority {authority} to sign, which its log did not grant before",
        "{event} 所称的签署授权 {authority} 在该日志中此前没有授予记录",
    ),
    "authority-revoked": (
        "{event} names the authority {authority} to sign, which its log says was revoked before",
        "{event} 所称的签署授权 {authority} 在该日志中此前已撤销",
    ),
    "authority-exceeded": (
        "{event} was signed under the authority {authority}, which does not cover it: {reason}",
        "{event} 依据签署授权 {authority} 签署，但超出其范围：{reason}",
    ),
    "used-after-amendment": (
        "{event} uses agreement {agreement}, which another log says was superseded at {since}",
        "{event} 使用协议 {agreement}，而另一日志称其已于 {since} 被替代",
    ),
    "used-before-instruction": (
        "{event} delivers under contract {agreement}, of which its log has no control instruction yet",
        "{event} 依据合约 {agreement} 交付，但该日志此前没有其控制指令",
    ),
}
