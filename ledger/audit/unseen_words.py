# ruff: noqa: RUF001 (Chinese is written with full-width marks)
"""The words of what an audit could not see: not yet, or because it was not disclosed to it. They accuse nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.audit.severity import STALE, UNDISCLOSED, WARNING

if TYPE_CHECKING:
    from collections.abc import Mapping

# how to get them
DISCLOSE = "ask it to run `penstock log disclose`"
# code → severity, English, Chinese
UNSEEN: Mapping[str, tuple[str, str, str]] = {
    "log-behind": (
        STALE,
        "{count} newer records of others may be in this log beyond its last anchored head (size {size}, of {newest})",
        "另有 {count} 条更新的他方记录，可能在该日志最后锚定的日志头（大小 {size}，{newest}）之后",
    ),
    "chain-behind": (
        STALE,
        "{count} agreements are so new that their licences may not be mined yet",
        "{count} 份协议过新，其许可可能尚未上链",
    ),
    "log-young": (
        STALE,
        "no head of this log is witnessed and anchored yet: it is new, or nothing was written into it so far",
        "该日志尚无经见证并上链的日志头：日志尚新，或尚无任何条目",
    ),
    "events-lost": (
        WARNING,
        "{count} of {size} events (up to entry {last}) lost their values in a restore; {left} findings left out",
        "{size} 条事件中有 {count} 条（至第 {last} 条）在日志所述的恢复后取自镜像，其披露已丢失（略去 {left} 项结论）",
    ),
    "events-undisclosed": (
        UNDISCLOSED,
        "{count} of {size} events (up to entry {last}) are not disclosed to you, {left} findings left out: " + DISCLOSE,
        "{size} 条事件中有 {count} 条（至第 {last} 条）未向您披露，略去 {left} 项结论；请其运行 penstock log disclose",
    ),
}
