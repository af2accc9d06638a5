# ruff: noqa: RUF001 (Chinese is written with full-width marks)
"""The words of findings about disputes and what the programs record of rights and members: rows of `words.CODES`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.audit.severity import ERROR, WARNING

if TYPE_CHECKING:
    from collections.abc import Mapping

# code → severity, English, Chinese
REGISTRY: Mapping[str, tuple[str, str, str]] = {
    "dispute-suppressed": (
        ERROR,
        "{event} filed bundle {bundle}, of which the exchange's log knows nothing",
        "{event} 提交了证据包 {bundle}，而交易所日志中没有记录",
    ),
    "dispute-not-ruled": (
        WARNING,
        "{event} filed bundle {bundle}, on which nobody has ruled",
        "{event} 提交的证据包 {bundle} 尚无裁决",
    ),
    "ruling-without-dispute": (
        ERROR,
        "{event} rules on bundle {bundle}, which no party filed",
        "{event} 裁决的证据包 {bundle} 未由任何一方提交",
    ),
    "ruling-by-another": (
        ERROR,
        "{event} rules on channel {channel}, which names another arbitrator",
        "{event} 裁决通道 {channel}，而该通道指定的仲裁人另有其人",
    ),
    "ruling-unfounded": (
        ERROR,
        "{event} finds `{finding}` in a window for which the payer's log has no keys.faulted",
        "{event} 认定 {finding}，但付款方日志中该窗口没有 keys.faulted",
    ),
    "ruling-not-executed": (
        ERROR,
        "{event} divides channel {channel}, and the chain shows no division by that ruling",
        "{event} 裁决分割通道 {channel}，而链上没有依该裁决的分割",
    ),
    "ruling-executed-otherwise": (
        ERROR,
        "{event} gives the payees {mine}, the chain gave them {theirs}",
        "{event} 裁定收款方得 {mine}，链上给付 {theirs}",
    ),
    "ruling-beyond-window": (
        ERROR,
        "{event} gives the payees {mine} of the rest, where the disputed window permits {least} to {most}",
        "{event} 裁定收款方从余额中得 {mine}，而争议窗口允许的范围是 {least} 至 {most}",
    ),
    "division-without-ruling": (
        ERROR,
        "channel {channel} was divided on chain by ruling {ruling}, which no dispute.ruled of its arbitrator tells",
        "链上依裁决 {ruling} 分割了通道 {channel}，而仲裁人日志中没有相应的 dispute.ruled",
    ),
}
