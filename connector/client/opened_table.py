"""What was opened as one table: the opening that was counted, and its rows, as whatever a program works with.

Law: the opening was decided and counted before this value existed; taking its rows, however often, counts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.runtime.errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from connector.client.results import Opened


@dataclass(frozen=True, slots=True)
class OpenedTable:
    """The rows of an opening, in memory; its plain files are gone."""

    opened: Opened
    rows: pa.Table = field(repr=False)

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.rows.num_rows)

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self.rows.column_names)

    def to_arrow(self) -> pa.Table:
        """Return the rows as an Arrow table."""
        return self.rows

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a data frame of pandas; raises SettingsError where that is not installed."""
        try:
            import pandas as pd  # noqa: F401, PLC0415  # heavy, and the caller's choice
        except ImportError as error:
            raise _absent("pandas") from error
        return self.rows.to_pandas()

    def to_polars(self) -> pl.DataFrame:
        """Return the rows as a data frame of polars; raises SettingsError where that is not installed."""
        try:
            import polars as pl  # noqa: PLC0415  # heavy, and the caller's choice
        except ImportError as error:
            raise _absent("polars") from error
        frame = pl.from_arrow(self.rows)
        assert isinstance(frame, pl.DataFrame), "a table is a frame"
        return frame

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Hand the rows to whatever takes Arrow's streams: DuckDB, polars, pandas and others."""
        return self.rows.__arrow_c_stream__(requested_schema)


def _absent(package: str) -> SettingsError:
    return SettingsError(f"`{package}` is not installed", f"pip install {package}; the opening stays counted")
