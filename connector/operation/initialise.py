"""A participant is made: a data directory with settings, five keys and a management token."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from connector.identity import keys
from connector.runtime import files, settings, settings_sources
from connector.runtime.data_folder import TOKEN_BYTES, TOKEN_FILE
from connector.runtime.errors import Conflict

if TYPE_CHECKING:
    from pathlib import Path

    from connector.runtime.settings import Settings


def initialise(
    data: Path,
    *,
    name: str | None,
    roles: tuple[str, ...] | None,
    region: str | None,
    port: int | None,
    exchange: str | None,
    development: bool | None,
    public_url: str | None = None,
    subject: str | None = None,
    folders: tuple[str, ...] | None = None,
) -> Settings:
    """Write settings, draw the five keys and the management token; returns the settings. Refuses a used directory."""
    path = data / settings.FILE_NAME
    if path.exists():
        raise Conflict(f"`{data}` holds a participant already", "start it with `penstock serve`")
    said = {
        "participant.name": name,
        "participant.roles": roles,
        "participant.region": region,
        "participant.subject": subject,
        "server.port": port,
        "server.development": development,
        "server.public_url": public_url,
        "space.exchange": exchange,
        "console.folders": folders,
    }
    files.make_folder(data)
    files.make_private(data)  # somebody may have made it before
    found = settings_sources.from_environment(os.environ)
    values = {key: settings_sources.typed(key, value, origin) for key, (value, origin) in found.items()}
    values |= {key: value for key, value in said.items() if value is not None}
    settings.write_default(path, values)
    keys.create(data / "keys")
    files.write_atomic(data / TOKEN_FILE, secrets.token_urlsafe(TOKEN_BYTES).encode())
    return settings.build(values)
