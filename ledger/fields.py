"""Closed objects and bounded lists in hashed JSON documents.

Law: what these accept re-encodes to the same bytes, so two readers can never see one digest and two values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def closed(document: Any, keys: frozenset[str], where: str) -> dict[str, Any]:
    """Return `document` if it is an object with exactly `keys`."""
    if not isinstance(document, dict):
        raise ContractError("fields", f"`{where}` must be an object, not `{type(document).__name__}`")
    if document.keys() != keys:
        missing, unknown = sorted(keys - document.keys()), sorted(document.keys() - keys)
        raise ContractError("fields", f"`{where}` lacks {missing} and has the unknown fields {unknown}")
    return document


def text(value: Any, where: str, *, limit_chars: int) -> str:
    """Return `value` if it is a string of 1 to `limit_chars` characters."""
    if not isinstance(value, str) or not 0 < len(value) <= limit_chars:
        raise ContractError("fields", f"`{where}` must be a string of 1 to {limit_chars} characters")
    return value


def listed(value: Any, where: str, read: Callable[[Any, str], T], *, limit: int) -> tuple[T, ...]:
    """Return the items of a list of at most `limit`, each through `read(item, where)`."""
    if not isinstance(value, list) or len(value) > limit:
        raise ContractError("fields", f"`{where}` must be a list of at most {limit} items")
    return tuple(read(item, f"{where}[{number}]") for number, item in enumerate(value))
