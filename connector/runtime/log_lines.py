"""The lines that a server writes: words for a person, or one JSON object a line, with the id of the request.

    {"time": "…Z", "level": "warning", "logger": "connector.…", "message": "…", "request": "…", "exception": "…"}

Law: what a line says was written for it; nothing is dumped. So no token, key, header or body can be in one.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import orjson

from connector.runtime import traceparent

JSON = "json"


class JsonLines(logging.Formatter):
    """One object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON; a trace of an exception is one text with line ends in it."""
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := traceparent.current_id():
            said["request"] = request
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(said).decode()


class TextLines(logging.Formatter):
    """Level, logger and message, with the id of the request behind them."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's own name
        """Return the line without what follows it."""
        request = traceparent.current_id()
        return super().formatMessage(record) + (f" (request {request})" if request else "")


def set_up(form: str, *, verbose: bool) -> None:
    """Write the process's lines to stderr in this form."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == JSON else TextLines())
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, handlers=[handler], force=True)
