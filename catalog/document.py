"""Strict readers of JSON values: one for each shape, each refusing by path; the caller's document is at fault."""

from __future__ import annotations

from datetime import datetime

from catalog.errors import CatalogError
from contracts.decimals import read_decimal
from contracts.errors import ContractError

COUNT_MAX = (1 << 63) - 1


def members(
    document: object,
    path: str,
    *,
    required: frozenset[str] | set[str] = frozenset(),
    allowed: frozenset[str] | None = None,
) -> dict[str, object]:
    """Return a JSON object's members after checking which keys it has (`allowed` None: any)."""
    if not isinstance(document, dict):
        raise CatalogError(f"`{path}` is not an object", path=path)
    missing = required - document.keys()
    unknown = set() if allowed is None else document.keys() - allowed
    if missing or unknown:
        word, names = ("lacks", missing) if missing else ("has unknown keys", unknown)
        raise CatalogError(f"`{path}` {word} {', '.join(f'`{name}`' for name in sorted(names))}", path=path)
    return document


def items(document: object, path: str, *, limit: int) -> list[object]:
    """Return a JSON list of at most `limit` items."""
    if not isinstance(document, list):
        raise CatalogError(f"`{path}` is not a list", path=path)
    if len(document) > limit:
        raise CatalogError(f"`{path}` has {len(document)} items, the limit is {limit}", path=path)
    return document


def text(value: object, path: str, *, limit: int | None = None) -> str:
    """Return a JSON string of at most `limit` characters."""
    if not isinstance(value, str):
        raise CatalogError(f"`{path}` is not a string", path=path)
    if limit is not None and len(value) > limit:
        raise CatalogError(f"`{path}` has {len(value)} characters, the limit is {limit}", path=path)
    return value


def moment(value: object, path: str, *, limit: int) -> datetime:
    """Return the date and time with a time zone that a text of at most `limit` characters stands for."""
    try:
        read = datetime.fromisoformat(text(value, path, limit=limit))
    except ValueError as error:
        raise CatalogError(f"`{path}` is no date and time: {error}", path=path) from error
    if read.tzinfo is None:
        raise CatalogError(f"`{path}` has no time zone", path=path, hint="such as 2027-12-31T00:00:00Z")
    return read


def count(value: object, path: str) -> int:
    """Return the integer that a canonical decimal string stands for."""
    try:
        return read_decimal(value, path, limit=COUNT_MAX)
    except ContractError as error:
        raise CatalogError(str(error), path=path) from error
