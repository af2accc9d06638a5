"""A product's dataset as its files are measured: the first step of publishing, and what a preview of it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.dataset import Dataset, distributions_of
from catalog.describe import PARQUET, describe
from catalog.hints import Suggestion, suggest_grade
from catalog.profile import undrawn
from connector.custody.seal import FIXED
from connector.provider import renewal
from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.profile import FileProfile
    from connector.custody.sources import Source
    from connector.store.rows.product import ProductRow

# above it, how a column's values spread is nobody's business who has not bought them
DRAWN_GRADE_MAX = 2


def described(source: Source, row: ProductRow, region: str) -> tuple[Dataset, Suggestion]:
    """Return the dataset of a product's row, and why its security grade is not lower; blocks while it reads the files.

    Raises InvalidInput for a column that no table has, and for a layout that tells too much of what is personal.
    """
    profiles = []
    for file in source.files:
        with file.open() as stream:
            profiles.append(describe(file.name, stream))
    return dataset_of(profiles, row, region)


def dataset_of(profiles: Sequence[FileProfile], row: ProductRow, region: str) -> tuple[Dataset, Suggestion]:
    """Return the same of files that are measured; raises as `described`."""
    brief, suggested = row.brief, suggest_grade(profiles)
    _check_columns(brief.get("columns") or (), profiles)
    renewal.check_layout(brief.get("layout") or FIXED, suggested)
    grade = max(suggested.grade, brief.get("grade") or suggested.grade)
    dataset = Dataset(
        id=row.id,
        title=row.title,
        description=brief.get("description") or "",
        keywords=tuple(brief.get("keywords") or ()),
        files=tuple(profiles if grade <= DRAWN_GRADE_MAX else map(undrawn, profiles)),
        distributions=distributions_of(row.tier),
        grade=grade,
        region=region,
        frequency=brief.get("frequency") or "irregular",
        classes=brief.get("classes") or {},
    )
    return dataset, suggested


def _check_columns(names: Sequence[str], profiles: Sequence[FileProfile]) -> None:
    """Refuse, before anything is sealed, columns that no table has."""
    known = {column.name: None for file in profiles if file.media_type == PARQUET for column in file.columns}
    for name in names:
        if name not in known:
            raise InvalidInput(f"no table has a column `{name}`", f"the columns are {', '.join(known)}")
