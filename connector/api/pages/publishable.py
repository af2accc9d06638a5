"""What may be published from the console: files that were sent here, and those of folders; both are added and removed.

Law: who may act as a provider sends files and names folders below the roots of the settings; both say what is refused
themselves (`connector.provider.uploads`, `connector.provider.folders`).
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from connector.compute import saved
from connector.console.fields import FILES
from connector.provider.folders import Folders
from connector.provider.sold_program import QUESTION
from connector.provider.uploads import Uploads
from connector.runtime.limits import UPLOAD_DAYS_KEPT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.api.call import Call
    from contracts.canonical import JsonObject

QUESTION_ENDING: Final = ".question.json"
# how the form is filled in for a question; who publishes it may choose otherwise
SOLD_AS: Final = {"application": QUESTION, "tier": "leased", "unit": "opening"}


async def there(call: Call) -> dict[str, int]:
    """Return path and size of each file that may be published."""
    return await asyncio.to_thread(call.of(Uploads).there) | await call.of(Folders).files()


async def offered(call: Call, files: Mapping[str, int]) -> JsonObject:
    """Return what a page says of those files: where each is from, and how much more may be sent."""
    uploads = call.of(Uploads)
    folders = [row | {"files": _inside(files, row["folder"])} for row in await call.of(Folders).page()]
    return {
        "folders": folders,
        "uploaded": _inside(files, str(uploads.folder)),
        "uploads": uploads.allowed,
        "room": str(await asyncio.to_thread(uploads.room)),
        "roots": bool(call.core.settings.console.roots),
        "days": UPLOAD_DAYS_KEPT,
    }


async def keep_question(call: Call, fields: dict[str, str]) -> str:
    """Keep a question that was put together as a file that was sent here, and lead to the form with it chosen."""
    content = fields["question"].encode()
    saved.read(content)
    async with call.of(Uploads).coming(len(content)) as coming:
        await coming.begin(fields["name"].strip() + QUESTION_ENDING)
        await coming.write(content)
        chosen = [(FILES, path) for path in await coming.finish()]
    return "/publish?" + urlencode([*chosen, *SOLD_AS.items()])


async def remove(call: Call, fields: dict[str, str]) -> str:
    """Remove a file that was sent here."""
    await call.of(Uploads).remove(fields["name"])
    return "/publish"


async def folders(call: Call) -> JsonObject:
    """Return the folders that are published from and, below the roots of the settings, those that may be added."""
    inside = await call.of(Folders).inside(call.request.query.get("at", ""))
    return {"rows": await call.of(Folders).page(), "roots": bool(call.core.settings.console.roots), **inside}


async def add_folder(call: Call, fields: dict[str, str]) -> str:
    """Name a folder below a root of the settings."""
    await call.of(Folders).add_below(fields["folder"], call.caller)
    return "/publish"


async def remove_folder(call: Call, fields: dict[str, str]) -> str:
    """Publish no more from a folder that somebody named."""
    await call.of(Folders).remove(fields["folder"])
    return "/publish/folders"


def _inside(files: Mapping[str, int], folder: str) -> list[JsonObject]:
    """Return the files of one folder."""
    place = Path(os.path.realpath(folder))
    inside = [Path(path) for path in files if Path(path).parent in (place, Path(folder))]
    return [{"path": str(path), "name": path.name, "bytes": str(files[str(path)])} for path in inside]
