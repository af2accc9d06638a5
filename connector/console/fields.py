"""Names of fields that a page asks for and a form sends on."""

from __future__ import annotations

# what the console asks of a product to be published, besides its files
PUBLISHED = (
    "title", "description", "keywords", "price", "floor", "unit", "tier", "purpose", "until", "region", "openings",
    "mask", "negotiable", "rules", "application",
)  # fmt: skip
FILES = "files"
