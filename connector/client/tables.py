"""Opened files as one Arrow table: Parquet, Arrow, CSV and lines of JSON, by the ends of their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.runtime.errors import InvalidInput, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pyarrow as pa


def require() -> None:
    """Raise SettingsError where Arrow is not installed, before an opening is counted."""
    try:
        import pyarrow as pa  # noqa: F401, PLC0415  # heavy, and an extra
    except ImportError as error:
        raise SettingsError("a table needs the extra `tables`", "pip install 'penstock[tables]'") from error


def read(folder: Path) -> pa.Table:
    """Return the rows of all files of a folder, in the order of their names; raises InvalidInput."""
    import pyarrow as pa  # noqa: PLC0415  # heavy, and an extra

    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    if unknown := [path.name for path in paths if path.suffix.lower() not in _READERS]:
        raise InvalidInput(f"`{unknown[0]}` is no table", f"tables end with {', '.join(_READERS)}; use `open_files`")
    if not paths:
        raise InvalidInput("there is no file in it", "use `open_files`")
    try:
        return pa.concat_tables([_READERS[path.suffix.lower()](path) for path in paths])
    except pa.ArrowInvalid as error:
        raise InvalidInput(f"the files are not of one table: {error}", "use `open_files`") from error


def _parquet(path: Path) -> Any:
    from pyarrow import parquet  # noqa: PLC0415  # heavy, and an extra

    return parquet.read_table(path, memory_map=False)


def _arrow(path: Path) -> Any:
    from pyarrow import feather  # noqa: PLC0415  # heavy, and an extra

    return feather.read_table(path, memory_map=False)


def _csv(path: Path) -> Any:
    from pyarrow import csv  # noqa: PLC0415  # heavy, and an extra

    return csv.read_csv(path)


def _lines(path: Path) -> Any:
    from pyarrow import json  # noqa: PLC0415  # heavy, and an extra

    return json.read_json(path)


_READERS: Mapping[str, Callable[[Path], Any]] = {
    ".parquet": _parquet,
    ".arrow": _arrow,
    ".feather": _arrow,
    ".csv": _csv,
    ".jsonl": _lines,
    ".ndjson": _lines,
}
