"""A participant is made: a data directory with settings, its keys and a management token.

Law: the keys get their place last. Until then nothing was made, and who was interrupted begins anew.
"""

from __future__ import annotations

import os
import secrets
import shutil
from typing import TYPE_CHECKING, Final

from connector.identity import keys
from connector.runtime import files, settings, settings_sources
from connector.runtime.data_folder import KEYS, TOKEN_BYTES, TOKEN_FILE
from connector.runtime.errors import Conflict, InvalidInput, SettingsError
from contracts.suites import INTERNATIONAL, SM, SUITES

if TYPE_CHECKING:
    from pathlib import Path

    from connector.runtime.settings import Settings

DRAWN: Final = "keys.part"


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
    suite: str = INTERNATIONAL,
    folders: tuple[str, ...] | None = None,
    module: str | None = None,
) -> Settings:
    """Write settings, draw the keys and the management token; returns the settings. Refuses a used directory.

    `module` is the URI of a hardware module in which keys are drawn; raises SettingsError where it cannot be opened.
    By the suite `sm` a key of SM2 is among them; raises InvalidInput for a suite that is none, SettingsError where this
    machine has no OpenSSL for it.
    """
    if suite not in SUITES:
        raise InvalidInput(f"`{suite[:40]}` is no suite", f"one of {', '.join(SUITES)}")
    if suite == SM:
        keys.require_sm2()
    path, folder, drawn = data / settings.FILE_NAME, data / KEYS, data / DRAWN
    if path.exists() and not drawn.exists():
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
        "keys.module": module,
    }
    files.make_folder(data)
    files.make_private(data)  # somebody may have made it before
    found = settings_sources.from_environment(os.environ)
    values = {key: settings_sources.typed(key, value, origin) for key, (value, origin) in found.items()}
    values |= {key: value for key, value in said.items() if value is not None}
    known = settings.build(values)
    if folder.exists() and any(folder.iterdir()):
        raise SettingsError(f"`{folder}` holds keys already", "a key is never made twice")
    if drawn.exists():
        shutil.rmtree(drawn)  # of one that was interrupted: nobody has seen them
    keys.create(drawn, sm2=suite == SM, module=known.keys.module)
    settings.write_default(path, values)
    files.write_atomic(data / TOKEN_FILE, secrets.token_urlsafe(TOKEN_BYTES).encode())
    drawn.rename(folder)
    files.sync_folder(data)
    return known
