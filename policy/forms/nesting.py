"""How deep brackets nest in a text of JSON or Turtle, told before a reader that recurses is let at it."""

from __future__ import annotations

import re

# What may hold brackets that open nothing: texts, names in angle brackets, remarks. Each also ends with the document (a
# text on one line with its line), so that no opening is tried twice and the time stays linear.
_QUOTED = re.compile(
    r'"""(?:[^"\\]|\\.|\\\Z|"(?!""))*(?:"""|"*\Z)|'
    r"'''(?:[^'\\]|\\.|\\\Z|'(?!''))*(?:'''|'*\Z)|"
    r'"(?:[^"\\\n]|\\.|\\\Z)*(?:"|(?=\n)|\Z)|'
    r"'(?:[^'\\\n]|\\.|\\\Z)*(?:'|(?=\n)|\Z)|"
    r"<[^<>\s]*>?|#[^\n]*",
    re.DOTALL,
)
_BRACKETS = re.compile(r"[\[\](){}]")


def is_deeper(text: str, levels: int) -> bool:
    """Whether brackets stand in more of one another than `levels`."""
    level = 0
    for bracket in _BRACKETS.findall(_QUOTED.sub("", text)):
        level += 1 if bracket in "[({" else -1
        if level > levels:
            return True
    return False
