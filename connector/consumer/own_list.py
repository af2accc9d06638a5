"""A list of one's own, read from a file: the names of its subjects, in groups where another column says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.compute import keys
from connector.compute.content import KINDS, Content
from connector.compute.sitting import WITHOUT, kind_of
from connector.consumer import list_lines
from connector.runtime.errors import Absent, InvalidInput, SettingsError

if TYPE_CHECKING:
    from pathlib import Path

FILE_BYTES_MAX: Final = 256 << 20


def read(path: Path, key: str, group: str | None) -> dict[str, list[str]]:
    """Return group → the different names of a column (blocking); raises Absent, InvalidInput, SettingsError."""
    return _grouped(*_opened(path, [key, *([group] if group else [])]), key, group)


def read_sent(name: str, content: bytes, key: str, group: str | None) -> dict[str, list[str]]:
    """Return the same of a text that somebody sent (blocking); raises InvalidInput, SettingsError.

    What it says of a line tells nothing that stands in it.
    """
    columns = [key, *([group] if group else [])]
    list_lines.check(name, content, columns)
    pa = _arrow()
    try:
        table = Content(pa, kind_of(name), pa.py_buffer(content)).read(columns)
    except pa.ArrowInvalid:
        # the library's own words, and a trace that ends in them, have cells in them
        raise InvalidInput("the list cannot be read as one table", "each line names a column once") from None
    return _grouped(pa, table, key, group)


def _grouped(pa: Any, table: Any, key: str, group: str | None) -> dict[str, list[str]]:
    names = keys.names(pa, table.column(key).combine_chunks())
    if group is None:
        return {"": keys.distinct(names)}
    labels = keys.names(pa, table.column(group).combine_chunks())
    found: dict[str, set[str]] = {}
    for name, label in zip(names, labels, strict=True):
        if name is not None:
            found.setdefault(label or "", set()).add(name)
    return {label: sorted(found[label]) for label in sorted(found)}


def numbers(path: Path, columns: list[str]) -> dict[str, list[float | None]]:
    """Return column → its cells as numbers (blocking), None for none; raises Absent, InvalidInput, SettingsError."""
    pa, table = _opened(path, columns)
    found = {}
    for name in columns:
        try:
            found[name] = table.column(name).cast(pa.float64()).to_pylist()
        except pa.ArrowInvalid as fault:
            raise InvalidInput(f"`{name[:60]}` of `{path.name}` has cells that are no numbers") from fault
    return found


def keyed(path: Path, key: str, columns: list[str]) -> tuple[list[str | None], list[list[float | None]]]:
    """Return the names of the rows, and columns as numbers (blocking); raises as `numbers`."""
    pa, table = _opened(path, [key])
    found = numbers(path, columns)
    return keys.names(pa, table.column(key).combine_chunks()), [found[name] for name in columns]


def names(path: Path) -> tuple[str, ...]:
    """Return the columns of a file (blocking); raises Absent, InvalidInput, SettingsError."""
    return tuple(_opened(path, [])[1].column_names)


def _opened(path: Path, columns: list[str]) -> tuple[Any, Any]:
    """Return the library, and these columns of a file as its table; raises Absent, InvalidInput, SettingsError."""
    if not path.is_absolute() or not path.is_file():
        raise Absent(f"`{path}` is no file here", "name a file by its absolute path")
    if not kind_of(path.name):
        raise InvalidInput(f"`{path.name}` is no table", f"a list is {', '.join(f'.{kind}' for kind in KINDS)}")
    if path.stat().st_size > FILE_BYTES_MAX:
        raise InvalidInput(f"`{path.name}` has more than {FILE_BYTES_MAX >> 20} MiB", "make a file of its keys alone")
    pa = _arrow()
    return pa, _table(pa, path, columns)


def _table(pa: Any, path: Path, columns: list[str]) -> Any:
    content = Content(pa, kind_of(path.name), pa.py_buffer(path.read_bytes()))
    try:
        known = content.schema().names
        if odd := next((name for name in columns if name not in known), None):
            raise InvalidInput(f"`{path.name}` has no column `{odd[:100]}`", f"it has {', '.join(known[:20])}")
        return content.read(columns)
    except pa.ArrowInvalid as fault:
        raise InvalidInput(f"`{path.name}` is no table: {fault!s:.200}", "look at its lines") from fault


def _arrow() -> Any:
    try:
        import pyarrow as pa  # noqa: PLC0415  # of the extra `query`, and heavy
        import pyarrow.csv  # noqa: PLC0415  # as above
        import pyarrow.json  # noqa: PLC0415  # as above
        import pyarrow.parquet  # noqa: PLC0415  # as above
    except ImportError as missing:
        raise SettingsError(WITHOUT, "pip install 'penstock[query]' for the connector") from missing
    return pa
