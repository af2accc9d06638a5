# ruff: noqa: RUF001 (Chinese is written with full-width marks)
"""The words of findings about answers to what is asked of data that stay where they are: rows of `words.WORDS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# code → English, Chinese
COMPUTED: Mapping[str, tuple[str, str]] = {
    "computation-undecided": (
        "{event} has no decision of its own before it that allows the statement",
        "{event} 之前没有针对该查询的允许决定",
    ),
    "computations-miscounted": (
        "{event} bills {mine} units of its price, and {theirs} were answered in that transfer",
        "{event} 计费 {mine} 个计价单位，而该传输中实际应答 {theirs} 个",
    ),
    "privacy-overspent": (
        "{event}: with it ε of {mine} was told to its buyer of this product, and {theirs} was agreed",
        "{event}：至此就该产品已向购买方披露 ε {mine}，约定上限为 {theirs}",
    ),
    "epsilon-unagreed": (
        "{event}: its statement was begun with ε {mine}: {reason}",
        "{event}：该查询以 ε {mine} 开始：{reason}",
    ),
    "program-unassented": (
        "{event}: its program was run without an assent of the reviewer that lets it be run: {reason}",
        "{event}：所运行的程序没有约定审查方的有效同意：{reason}",
    ),
    "answer-unattested": (
        "{event}: its terms want the answer attested, and it is not: {reason}",
        "{event}：条款要求该答案附有证明，而该答案没有：{reason}",
    ),
    "lookups-overdrawn": (
        "{event}: with it {mine} keys of this product were looked up by its buyer, and {theirs} were agreed",
        "{event}：至此购买方已匿名查询该产品的 {mine} 个键，约定上限为 {theirs}",
    ),
    "joint-unsigned": (
        "{event} opens its part with {mine} providers, where {theirs} are agreed, or with one that did not sign it",
        "{event}：联合统计仅由 {mine} 方开启，约定至少 {theirs} 方，或其中有一方未签署",
    ),
    "joint-split": (
        "{event}: one and the same question was signed to be opened with two different sets of providers",
        "{event}：同一联合统计问题被签署由两组不同的提供方开启",
    ),
    "answer-unlogged": (
        "{event}: the buyer has an answer of which its provider's log says nothing",
        "{event}：购买方持有的答案在提供方日志中没有记录",
    ),
    "answer-differs": (
        "{event}: the buyer has another answer than the one in its provider's log",
        "{event}：购买方持有的答案与提供方日志中的不同",
    ),
}
