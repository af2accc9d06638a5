"""Names that lead elsewhere, to a file that is there: up, from the root, encoded once or twice, by look-alikes."""

from __future__ import annotations

from itertools import product
from urllib.parse import quote, unquote

# one step up, as somebody might hope that it is read
UPS = (
    *("../", "..\\", "./../", "..//", "....//", "..;/", ".. /", "..\t/", "../\0", "..\u200b/", "\u202e../", "..\r\n/"),
    *("\uff0e\uff0e/", "\u2025/", "..\u2215", "..\uff0f", "..\u2044", "..\uff3c", "\u2024\u2024/", "\ufe52\ufe52/"),
    *("%2e%2e/", "%2e%2e%2f", "..%2f", "%2e%2e%5c", "..%5c", ".%2e/", "%252e%252e%252f", "..%252f", "..%255c"),
    *("..%c0%af", "%c0%ae%c0%ae/", "..%e0%80%af", "%u002e%u002e/", "..%u2215", "%00../", "..%00/", "..%0d%0a/"),
)
DEPTHS = (1, 3, 12)
HEADS = ("", "/", "x/", "~/", "C:\\", "file:///", "urn:uuid:")
LEAST = 300


def names(target):
    """Return names of `target`, the path of a file without the first `/`; whole ones, and climbing ones."""
    whole = [head + target for head in ("/", "//", "file:///", "file://localhost/", "%2f", "%252f", "/./", "\\\\?\\")]
    last = target.rpartition("/")[2]
    climbing = [head + up * depth + last for head, up, depth in product(HEADS, UPS, DEPTHS)]
    climbing += [up * DEPTHS[-1] + target for up in UPS]
    found = list(dict.fromkeys(whole + climbing))
    assert len(found) >= LEAST
    return found


def as_path(name):
    """Return a name as it stands in a request's line, nothing of it made shorter."""
    return quote(name, safe="%/\\;:~.")


def spellings(name):
    """Return a name as it is, and as whoever decodes it reads it."""
    return dict.fromkeys((name, unquote(name, errors="replace"), unquote(unquote(name, errors="replace"))))
