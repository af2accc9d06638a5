# ruff: noqa: RUF001 (Chinese is written with full-width marks)
"""The words of what several share: projects, and audits, whose parts somebody puts together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# code → English, Chinese
SHARED: Mapping[str, tuple[str, str]] = {
    "deal-unsigned": (
        "{event} takes a word of the filed deal {deal} from {by}, whose log does not have it signed",
        "{event} 记录了 {by} 对备案交易 {deal} 的意见，但其日志中没有相应签署记录",
    ),
    "project-unsigned": (
        "agreement {agreement} was sold under a project that the logs of {others} do not say was signed",
        "合约 {agreement} 所属共创项目，{others} 的日志中没有签署记录",
    ),
    "project-split-differs": (
        "agreement {agreement} is not split as the project {project} says, which its parties signed",
        "合约 {agreement} 的分账与各方签署的共创项目 {project} 不符",
    ),
    "share-absent": (
        "no part of share {share} of {of} can be used: its {matters} matters were judged by whoever joined the parts",
        "第 {share}/{of} 份没有可用的分工报告：其 {matters} 个事项由汇总方自行判定",
    ),
    "share-refused": (
        "its part of share {share} is not used: {reason}",
        "其第 {share} 份分工报告未被采用：{reason}",
    ),
    "share-incomplete": (
        "its part of share {share} of {of} leaves out {matters} matters: whoever joined the parts judged them",
        "其第 {share}/{of} 份分工报告遗漏 {matters} 个事项：由汇总方自行判定",
    ),
    "share-contradicted": (
        "{wrong} of {sampled} samples of share {share} of {of} are not as signed, {matter} first: all is judged anew",
        "第 {share}/{of} 份的 {sampled} 个抽样中有 {wrong} 个与其签署的不符（首个为 {matter}）：该份全部重新判定",
    ),
}
