# ruff: noqa: RUF001 (Chinese is written with full-width marks)
"""Why a document is refused, said to who reads Chinese: the kind of refusal, where it is, and what stood there.

Law: nothing that the English says in marks is lost: what was given and what may stand there instead are quoted as they
are. In English a refusal says itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from policy.errors import CODES, PolicyError

if TYPE_CHECKING:
    from collections.abc import Mapping

# code → what is wrong, and what to do where the hint quotes nothing
_ZH: Final[Mapping[str, tuple[str, str]]] = {
    "bad-type": ("JSON 值的类型不对", "按 docs/policy.md 所列形式书写"),
    "missing": ("缺少必需的内容", "补全后再试"),
    "bad-syntax": ("既不是可读的 JSON，也不是可读的 Turtle", "检查书写格式"),
    "unknown-term": ("无法识别的术语", "可用的术语见 docs/policy.md"),
    "unsupported": ("此处不支持，因而拒绝，以免放宽策略", "可用的写法见 docs/policy.md"),
    "misplaced": ("术语已知，但不应出现在此处", "移到它所属的位置"),
    "bad-value": ("取值无法按该操作数的类型读取", "取值示例见 docs/policy.md"),
    "no-time-zone": ("时间没有时区", "加上时区，如 2026-01-31+08:00"),
    "unknown-purpose": ("目的不在目的分类表中", "可用的目的见 penstock purposes"),
    "unknown-region": ("既不是 ISO 3166 代码，也不是绝对 IRI", "如 CN-44"),
    "unknown-profile": ("不认识的策略配置文件(profile)", "去掉它，或改用 docs/policy.md 所列者"),
    "unknown-context": ("JSON-LD 上下文可能改变术语的含义", "改用 ODRL 的上下文"),
    "duplicate": ("同一标识或同一成员出现了两次", "只保留一个"),
    "contradiction": ("规则所指的客体或主体与策略所指的不一致", "改为一致"),
    "too-large": ("超过了限制", "拆分，或删减；各项限制见 docs/policy.md"),
}
_QUOTED: Final = re.compile(r"`[^`]+`")


def in_chinese(refusal: PolicyError) -> PolicyError:
    """Return the same refusal, with the same code, in Chinese."""
    what, instead = _ZH[refusal.code]
    given, better = (list(dict.fromkeys(_QUOTED.findall(text))) for text in (refusal.problem, refusal.hint))
    where = f"（位于 `{refusal.path}`）" if refusal.path else ""
    hint = f"可写：{'、'.join(better)}" if better else instead
    return PolicyError(refusal.code, "", f"{what}{where}{'：' if given else ''}{'、'.join(given)}", hint)


assert _ZH.keys() == CODES, "each kind of refusal is said in Chinese"
