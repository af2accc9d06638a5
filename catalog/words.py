"""What the words of a text are: of what is found as of what is looked for.

A word is a run of letters and digits, in its NFKC form and case-folded. Chinese, Japanese and Korean text is not
spaced, so a run of it gives every pair of neighbours ("天气数据" → 天气 气数 数据), and a lone character gives itself;
a two-character query word is therefore always found.
"""

from __future__ import annotations

import re
import unicodedata

TEXT_CHARACTERS_MAX = 100_000
WORD_CHARACTERS_MAX = 64

_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_IDEOGRAPHS}]+|[^\W_{_IDEOGRAPHS}]+")
_IDEOGRAPH = re.compile(rf"[{_IDEOGRAPHS}]")


def words(text: str) -> list[str]:
    """Return the words of a text in order, repeats kept; of more than TEXT_CHARACTERS_MAX characters the start."""
    folded = unicodedata.normalize("NFKC", text[:TEXT_CHARACTERS_MAX]).casefold()
    found: list[str] = []
    for run in _RUN.findall(folded):
        if not _IDEOGRAPH.match(run):
            found.append(run[:WORD_CHARACTERS_MAX])
        elif len(run) == 1:
            found.append(run)
        else:
            found.extend(run[at : at + 2] for at in range(len(run) - 1))
    return found
