"""An HTTP interface that is offered as a product: which calls may be made of it, as its provider says them.

    GET /rain/{day}?station,year     this path, any one segment for `{day}`, these names in the query
    GET /maps/*                      this path and all below it, nothing in the query
    POST /search?*                   whatever names in the query

Law: a call is matched by the segments that its server would read, so what two readers could read in two ways is no
path here: an empty segment, `.` and `..`, a slash or a control character that was escaped. What is not named is
refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote_to_bytes

from catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
CALLS_MAX: Final = 256
CALL_CHARACTERS_MAX: Final = 1_000
PATH_BYTES_MAX: Final = 4_096
SEGMENTS_MAX: Final = 64
QUERY_NAMES_MAX: Final = 64
ANY: Final = "*"
FORM: Final = "penstock/interface/1"
HINT: Final = "such as `GET /rain/{day}?station,year`"
_VARIABLE: Final = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*\}")
_NAME: Final = re.compile(r"[A-Za-z0-9_.~\[\]$-]{1,100}")
_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
# what stands as it is in a segment of a path (RFC 3986, pchar without the escapes)
_SAFE: Final = "-._~!$&'()*+,;=:@"


@dataclass(frozen=True, slots=True)
class Called:
    """One line: a method, the segments of a path, and the names that a query may have."""

    method: str
    path: tuple[str, ...]
    below: bool
    query: tuple[str, ...]

    def holds(self, path: tuple[str, ...]) -> bool:
        """Say whether a path is meant."""
        if len(path) < len(self.path) or (len(path) > len(self.path) and not self.below):
            return False
        return all(_VARIABLE.fullmatch(said) or said == here for said, here in zip(self.path, path, strict=False))

    def text(self) -> str:
        """Return the line as people write it."""
        path = "/" + "/".join([*self.path, *([ANY] if self.below else [])])
        return f"{self.method} {path}" + (f"?{','.join(self.query)}" if self.query else "")


@dataclass(frozen=True, slots=True)
class Interface:
    """The calls that may be made."""

    calls: tuple[Called, ...]

    def require(self, method: str, path: tuple[str, ...], names: Collection[str]) -> None:
        """Raise CatalogError for a call that is none of them; the error says which part of it is not."""
        there = [one for one in self.calls if one.holds(path)]
        if not there:
            raise CatalogError("no such path is part of this interface", path="path", hint=self._all())
        of_method = [one for one in there if one.method == method]
        if not of_method:
            allowed = ", ".join(dict.fromkeys(one.method for one in there))
            raise CatalogError(f"`{method[:10]}` is not allowed there", path="method", hint=f"it takes {allowed}")
        if not any(ANY in one.query or set(names) <= set(one.query) for one in of_method):
            known = ", ".join(dict.fromkeys(name for one in of_method for name in one.query)) or "none"
            odd = next(name for name in names if not any(name in one.query for one in of_method[:1]))
            raise CatalogError(f"`{odd[:100]}` is no name of its query", path="query", hint=f"its names: {known}")

    def json(self) -> dict[str, Any]:
        """Return the document that buyers get."""
        return {"form": FORM, "calls": [one.text() for one in self.calls]}

    def _all(self) -> str:
        return "; ".join(one.text() for one in self.calls[:8])


def read(lines: Iterable[str]) -> Interface:
    """Read the lines of an interface; raises CatalogError with the first that is none."""
    told = tuple(_line(text) for text in lines)
    if not 0 < len(told) <= CALLS_MAX:
        raise CatalogError(f"an interface has 1 to {CALLS_MAX} calls", path="calls", hint=HINT)
    return Interface(told)


def segments(raw: str) -> tuple[str, ...]:
    """Return the segments of a path as it came, without its first slash; raises CatalogError for an unclear one."""
    if len(raw.encode()) > PATH_BYTES_MAX or _ESCAPE.search(raw):
        raise CatalogError(f"a path has at most {PATH_BYTES_MAX} bytes, and whole escapes", path="path")
    try:
        found = tuple(unquote_to_bytes(part).decode() for part in raw.split("/")) if raw else ()
    except UnicodeDecodeError:
        raise CatalogError("a path is UTF-8", path="path") from None
    if len(found) > SEGMENTS_MAX:
        raise CatalogError(f"a path has at most {SEGMENTS_MAX} segments", path="path")
    for one in found:
        if one in ("", ".", "..") or not one.isprintable() or "/" in one or "\\" in one:
            raise CatalogError(f"`{raw[:100]}` is no clear path", path="path", hint="no `..`, `//` or escaped slash")
    return found


def path_of(found: tuple[str, ...]) -> str:
    """Return a path that is read in one way alone."""
    return "".join("/" + quote(one, safe=_SAFE) for one in found)


def _line(text: str) -> Called:
    if len(text) > CALL_CHARACTERS_MAX:
        raise CatalogError(f"a call has at most {CALL_CHARACTERS_MAX} characters", path="calls")
    method, _, rest = text.strip().partition(" ")
    raw, _, asked = rest.strip().partition("?")
    if method not in METHODS or not raw.startswith("/"):
        raise CatalogError(f"`{text[:100]}` is no call: METHOD /path", path="calls", hint=HINT)
    parts = segments(raw[1:].removesuffix("/") if raw != "/" else "")
    below = bool(parts) and parts[-1] == ANY
    path = parts[:-1] if below else parts
    if odd := next((one for one in path if set(one) & set("{}*") and not _VARIABLE.fullmatch(one)), None):
        raise CatalogError(f"`{odd[:100]}` is no segment: a word, or a `{{name}}`", path="calls", hint=HINT)
    query = tuple(filter(None, (name.strip() for name in asked.split(","))))
    if len(query) > QUERY_NAMES_MAX or not all(name == ANY or _NAME.fullmatch(name) for name in query):
        raise CatalogError(f"`{asked[:100]}` are no names of a query", path="calls", hint=HINT)
    return Called(method, path, below, query)
