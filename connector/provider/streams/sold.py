"""A growing source as a product: where it is, and what can be sold of it.

Law: where the source is stays here; what buyers get is `stream.json`, sealed as the product's edition, so what was
agreed about is on record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from catalog import stream
from connector.custody.errors import VaultError
from connector.custody.growing import places
from connector.custody.origins.written import Written
from connector.negotiation.protocol.offers import PLAIN
from connector.provider.upstream import FREE
from connector.runtime.errors import InvalidInput
from connector.store.rows.product import ProductRow
from contracts.canonical import canonical
from contracts.units import MESSAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.store.rows.agreement import AgreementRow
    from connector.store.transaction import Tx

UNITS: Final = (MESSAGE, FREE)
# members of a brief that are about tables, or about an interface
OTHERS: Final = ("api", "mask", "columns", "sample", "derivedFrom")


def check(brief: Mapping[str, Any]) -> None:
    """Refuse what is no stream that can be sold; raises InvalidInput."""
    if (place := brief.get("stream")) is None:
        return
    try:
        places.kind_of(place)
    except VaultError as fault:
        raise InvalidInput(str(fault)) from fault
    if brief["tier"] != PLAIN:
        raise InvalidInput("what a stream brings stays with its buyer", "publish with `--tier plain`")
    if brief["unit"] not in UNITS:
        raise InvalidInput(f"a stream is not priced by `{brief['unit']}`", f"use {' or '.join(UNITS)}")
    if told := next((name for name in OTHERS if brief.get(name)), None):
        raise InvalidInput(f"`{told}` says nothing of a stream", "leave it out")


def described(brief: Mapping[str, Any]) -> list[tuple[str, Written]]:
    """Return (name, file) of what buyers get of a stream, nothing of any other product; looks at its source (blocking).

    Raises `VaultError` `source` for one that cannot be read.
    """
    if (place := brief.get("stream")) is None:
        return []
    kind = places.kind_of(place)
    kind.look(place)
    return [(stream.FILE, Written("what the stream brings", canonical(stream.described(kind.message))))]


def is_sold(tx: Tx, agreement: AgreementRow) -> bool:
    """Say whether what was agreed about is a stream."""
    product = tx.get(ProductRow, id=agreement.product)
    return product is not None and product.brief.get("stream") is not None
