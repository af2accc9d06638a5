"""Changes that change nothing which anybody was promised, each with the reason: they are not judged.

`equivalents.txt` has, below each reason (`= …`), the keys of such changes (`Change.key`): file, what encloses it, the
line it stands in, and what becomes of what. A key holds wherever in the file that stands, and no longer once the line
says something else.
"""

from __future__ import annotations

from pathlib import Path

MARK = "= "
FILE = Path(__file__).with_name("equivalents.txt")


def read(text):
    """Return key → reason; raises ValueError for a key without a reason or one that stands twice."""
    found, reason = {}, ""
    for line in filter(None, text.splitlines()):
        if line.startswith(MARK):
            reason = line.removeprefix(MARK)
        elif not reason or line in found:
            raise ValueError(f"`{line}` has no reason, or stands twice")
        else:
            found[line] = reason
    return found


EQUIVALENTS = read(FILE.read_text(encoding="utf-8"))
