"""The commands of a page, in its own order and words; what differs here is what it tells its reader to replace."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
# a command of a block, without the comment behind it
COMMAND = re.compile(r"^    ((?:penstock|curl) .+?)(?:\s+# .*)?$", re.MULTILINE)


def commands(name):
    """Return the commands of a page below docs/, each a list of words."""
    return [shlex.split(line) for line in COMMAND.findall((DOCS / name).read_text(encoding="utf-8"))]


class Page:
    """One page, walked from its first command to its last."""

    def __init__(self, name, here):
        """`here` makes of the words of a command those that are said on this machine."""
        self.name, self._left, self._here = name, commands(name), here

    def next(self, *words):
        """Return the next command of the page, which begins with these words of `penstock`."""
        assert self._left, f"docs/{self.name} ends before `{' '.join(words)}`"
        said = self._left.pop(0)
        assert said[1 : 1 + len(words)] == list(words), f"docs/{self.name} has `{' '.join(said)}` next"
        return self._here(said)

    def rest(self):
        """Return the commands that were not taken yet."""
        return [" ".join(said) for said in self._left]
