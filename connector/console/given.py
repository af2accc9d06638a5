"""Files that the console gives of what is listed, in the words of others: name → what is in it, and its type.

A name is the end of an address below the product's page; `CATALOGUE` are those of the whole catalogue, below the
console's own. The face `turtle` is that of DCAT-AP, written otherwise; `card` and `contract` are no faces:
they are made of the listing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DCAT, CROISSANT, TURTLE, CARD, CONTRACT = "dcat", "croissant", "turtle", "card", "contract"
LINKED_TYPE, TURTLE_TYPE, MARKDOWN_TYPE = "application/ld+json", "text/turtle", "text/markdown"
FILES: Mapping[str, tuple[str, str]] = {
    "croissant.json": (CROISSANT, LINKED_TYPE),
    "dcat-ap.jsonld": (DCAT, LINKED_TYPE),
    "dcat-ap.ttl": (TURTLE, TURTLE_TYPE),
    "card.md": (CARD, MARKDOWN_TYPE),
    "contract.md": (CONTRACT, MARKDOWN_TYPE),
}
CATALOGUE: Mapping[str, tuple[str, str]] = {
    "catalogue.jsonld": (DCAT, LINKED_TYPE),
    "catalogue.ttl": (TURTLE, TURTLE_TYPE),
}
