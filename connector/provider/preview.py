"""What publishing would offer, before anything is sealed or told: for `publish --dry-run`.

Law: the same checks and the same measuring as publishing, in the same order; nothing is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.about import LANGUAGES
from connector.licence import pricing
from connector.provider import renewal
from connector.provider.contents import by_bytes, contents
from connector.provider.description import described, masked_source
from contracts import price_words
from policy.parse import parse
from policy.words.speak import explain

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalog.dataset import Dataset
    from connector.custody.former import Former
    from connector.custody.secrets import Keys
    from connector.custody.sources import Doors
    from connector.store.rows.product import ProductRow


def preview(
    row: ProductRow,
    doors: Doors,
    keys: Keys,
    region: str,
    currency: str,
    check: Callable[[Dataset], None],
    before: Former | None = None,
) -> dict[str, Any]:
    """Return what others would see of a product's row, `before` being its edition; blocks while it reads the files.

    `check` raises for a dataset that its space does not let in.

    `bytes` and `rows` are of all files, `billed` is what is sealed of them; `words` is the policy and `price` the
    tariff in words, by language; `because` says for each column that hints at it why the security grade is what it is.
    """
    source = masked_source(row, doors, keys)
    dataset, suggested = described(source, row, region)
    check(dataset)
    size = renewal.piece_bytes(row.brief, source, before)
    made = contents(source, dataset, row.brief, size, doors.spool, packed=before is not None and before.packed)
    tariff = pricing.previewed(row.brief, max(dataset.size, 1), currency)
    policy = parse({"@type": "Set", "target": row.title, **row.policy})
    return {
        "dryRun": True,
        "title": dataset.title,
        "tier": row.tier,
        "files": [
            {
                "path": file.path,
                "bytes": str(file.size),
                "rows": None if file.rows is None else str(file.rows),
                "columns": [column.name for column in file.columns],
            }
            for file in dataset.files
        ],
        "bytes": str(dataset.size),
        "billed": made.foreseen(row.brief, size).json(by_bytes=by_bytes(row.brief)),
        "rows": str(dataset.rows),
        "grade": dataset.grade,
        "because": list(suggested.reasons),
        "policy": row.policy,
        "words": {lang: explain(policy, lang) for lang in LANGUAGES},
        "tariff": tariff.json(),
        "price": {lang: price_words.price(tariff, lang) for lang in LANGUAGES},
    }
