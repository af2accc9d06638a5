"""A product's dataset as its files are measured: the first step of publishing, and what a preview of it shows."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from catalog import masks
from catalog import sample as samples
from catalog.about import about_from_json
from catalog.dataset import Dataset, distributions_of
from catalog.describe import PARQUET, describe
from catalog.hints import GRADE_OF_HINT, Suggestion, suggest_grade
from catalog.profile import undrawn
from connector.custody import masking
from connector.custody.seal import FIXED
from connector.custody.sources import source_of
from connector.provider import renewal, sold_program, upstream, watermarks
from connector.provider.computing import offered
from connector.provider.streams import sold
from connector.runtime.errors import InvalidInput
from contracts.units import COMPUTED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from catalog.about import About
    from catalog.profile import FileProfile
    from connector.custody.secrets import Keys
    from connector.custody.sources import Doors, Source
    from connector.store.rows.product import ProductRow
    from contracts.application import Application

# above it, how a column's values spread is nobody's business who has not bought them
DRAWN_GRADE_MAX = 2
# tier that hands data over for good → the grade of a hint from which a column is masked, or said to stay as it is
MASKED_GRADES: Mapping[str, int] = {"kept": 3, "plain": 3}
NEVER = 6


NAMES_SHOWN = 20


def masked_source(row: ProductRow, doors: Doors, keys: Keys, some: Sequence[str] | None = None) -> Source:
    """Return what a product's row says is sealed, with its columns masked (blocking); raises VaultError.

    Of `some` of its files, where they are named, no table need have a column that is to be masked.
    """
    written = [*upstream.described(row.brief), *sold.described(row.brief)]
    found = source_of((row.brief.get("files") or ()) if some is None else some, doors, written)
    done = masks.of(row.brief)
    return masking.masked(found, done, row.id, keys.masks(), doors.spool, whole=some is None) if done else found


def described(source: Source, row: ProductRow, region: str) -> tuple[Dataset, Suggestion]:
    """Return the dataset of a product's row, and why its security grade is not lower; blocks while it reads the files.

    Raises InvalidInput for a column that no table has, for a layout that tells too much of what is personal, and for a
    program that is sold and that nobody would run.
    """
    return dataset_of(measured(source, row), row, region, sold_program.application_of(row.brief, source))


def measured(source: Source, row: ProductRow) -> list[FileProfile]:
    """Return the profiles of a masked source's files; blocks while it reads them."""
    profiles, done = [], masks.of(row.brief)
    hidden = {column for column, steps in done.items() if masks.hides(steps)}
    for file in source.files:
        with file.open() as stream:
            profiles.append(_hinted(describe(file.name, stream, hidden), done))
    return profiles


def _hinted(profile: FileProfile, done: Mapping[str, tuple[masks.Step, ...]]) -> FileProfile:
    """Return a profile that says which columns were masked; one whose cells still hint at people says that."""
    columns = tuple(
        replace(column, hint=masks.hint(done[column.name]))
        if column.name in done and column.hint not in GRADE_OF_HINT
        else column
        for column in profile.columns
    )
    return replace(profile, columns=columns)


def _require_masked(profiles: Sequence[FileProfile], row: ProductRow) -> None:
    """Raise InvalidInput for personal data that would be delivered as they are, without anybody having said so."""
    said = row.brief.get("mask") or {}
    bare = [
        (GRADE_OF_HINT[str(column.hint)], column)
        for profile in profiles
        for column in profile.columns
        if column.hint in GRADE_OF_HINT and said.get(column.name) != masks.NONE
    ]
    grade, column = max(bare, key=lambda one: one[0], default=(0, None))
    if column is None or grade < MASKED_GRADES.get(row.tier, NEVER):
        return
    still = "still " if column.name in said else ""
    text = f"the column `{column.name}` {still}looks like: {column.hint} (grade {grade}), and the tier `{row.tier}`"
    raise InvalidInput(
        f"{text} hands it over for good",
        f"mask it (`--mask {column.name}=hash`), or say that it stays as it is (`--mask {column.name}=none`)",
    )


def dataset_of(
    profiles: Sequence[FileProfile], row: ProductRow, region: str, application: Application | None = None
) -> tuple[Dataset, Suggestion]:
    """Return the same of files that are measured; raises as `described`."""
    _require_masked(profiles, row)
    watermarks.require(row.brief, profiles)
    brief, suggested = row.brief, suggest_grade(profiles)
    if row.tier == COMPUTED:
        offered.gate_of(brief, profiles)
        profiles = [offered.shown(one) for one in profiles]
    else:
        _check_columns(brief.get("columns") or (), profiles)
    about = about_from_json(brief.get("about") or {})
    _check_named(about, profiles)
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
        classes=({} if application is None else sold_program.FORM) | (brief.get("classes") or {}),
        about=about,
        application=application,
    )
    return dataset, suggested


def _check_columns(names: Sequence[str], profiles: Sequence[FileProfile]) -> None:
    """Refuse, before anything is sealed, columns that no table has."""
    known = {column.name: None for file in profiles if file.media_type == PARQUET for column in file.columns}
    for name in names:
        if name not in known:
            raise InvalidInput(f"no table has a column `{name}`", f"the columns are {', '.join(known)}")


def _check_named(about: About, profiles: Sequence[FileProfile]) -> None:
    """Refuse words about a table or a column that is not there; a file that was not read as a table is not judged."""
    found = {file.path: file for file in profiles}
    tables = dict.fromkeys([*about.tables, *(table for table, _ in about.named)])
    for name in tables:
        if name not in found:
            text = f"`{name}` is described, and no file is called so"
            raise InvalidInput(text, _nearest(name, found, "the files are"))
    for (table, column), where in about.named.items():
        known = [one.name for one in found[table].columns]
        if known and column not in known:
            text = f"`{where}` names the column `{column}`, which `{table}` has not"
            raise InvalidInput(text, _nearest(column, known, "its columns are"))


def _nearest(name: str, known: Collection[str], all_of_them: str) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"perhaps `{near[0]}`" if near else f"{all_of_them} {', '.join(list(known)[:NAMES_SHOWN])}"


def first_rows(sources: Sequence[Any], profiles: Sequence[FileProfile], rows: int | None) -> dict[str, Any] | None:
    """Return the first rows of the first table, if they are asked for."""
    if not rows:
        return None
    at = next((at for at, profile in enumerate(profiles) if profile.columns), 0)
    with sources[at].open() as stream:
        return samples.sample(profiles[at], stream, rows).json()
