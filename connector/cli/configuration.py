"""`penstock admin config`: the settings as they count, and where each of them came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.recovery import app
from connector.cli.speak import answer, finish

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["app"]


@app.command("config")
def config(data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Show every setting as it counts, with its origin: the default, the file, or a variable of the environment.

    For example: penstock admin config --data provider
    """
    told = finish(effective(data), as_json=as_json)
    width = max(len(row["key"]) for row in told["settings"])
    lines = [f"{row['key'].ljust(width)}  {_shown(row['value'])}  ({row['origin']})" for row in told["settings"]]
    answer(told, [f"{told['did']} at {told['url']}", *lines], as_json=as_json)


async def effective(data: Path) -> dict[str, Any]:
    """Return the settings of `data` as they count now; what stands for identity in development is not shown."""
    import os  # noqa: PLC0415  # loaded when the verb runs

    from connector.runtime import settings, settings_table  # noqa: PLC0415  # loaded when the verb runs

    known = settings.load(data, os.environ)
    rows = []
    for key in settings_table.declared():
        section, name = key.split(".")
        value = getattr(getattr(known, section), name)
        if key in settings_table.SECRET and value:
            value = "(set, not shown)"
        rows.append({"key": key, "value": value, "origin": known.origin(key)})
    return {"did": known.did, "url": known.url, "settings": rows}


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(value) if isinstance(value, tuple) else str(value) or "-"
