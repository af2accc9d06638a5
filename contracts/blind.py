"""Blind ids (spec 1.5): under which the chain knows an edition of a product that is listed nowhere.

    blindId = H("edition-blind", editionId || salt),   blindSeries = H("series-blind", series || salt)

Law: one salt of 32 random bytes for all editions of a product, so that the chain still sees one series with growing
numbers. Who has the salt opens the id; to everybody else it says nothing. An empty salt means that nothing is blind.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from contracts.labels import H

if TYPE_CHECKING:
    from contracts.typed_data import Edition

SALT_BYTES = 32


def draw_salt() -> bytes:
    """Return the salt of one more unlisted product."""
    return secrets.token_bytes(SALT_BYTES)


def registered_id(edition_id: bytes, salt: bytes) -> bytes:
    """Return the 32 bytes under which the chain knows an edition: blind with a salt, its own id without."""
    return H("edition-blind", edition_id, salt) if salt else edition_id


def registered(edition: Edition, salt: bytes) -> Edition:
    """Return what is signed and registered for an edition."""
    if not salt:
        return edition
    series = H("series-blind", edition.series, salt)
    return replace(edition, edition_id=registered_id(edition.edition_id, salt), series=series)
