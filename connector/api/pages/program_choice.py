"""Programs and assents that a browser has sent, as the forms of acts choose among them.

Law: a form, its preview and what it does know such a file by its digest; only the act itself is given its path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.programs import ASSENT
from connector.compute.program_files import BYTES_MAX, ENDINGS, ProgramFile, ProgramFiles, read_assent
from connector.runtime.limits import PROGRAM_FILES_MAX, UPLOAD_DAYS_KEPT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.api.call import Call
    from connector.client.acts.act import Act
    from contracts.canonical import JsonObject


async def offered(call: Call, act: Act) -> JsonObject:
    """Return what may be chosen in each field of an act's form, the newest first, and how many are kept how long."""
    kept = call.of(ProgramFiles)
    choices: JsonObject = {}
    for one in act.uploads:
        found = [_shown(file) for file in await kept.page(one.upload)]
        limit = {"endings": ENDINGS[one.upload], "most": str(BYTES_MAX[one.upload])}
        choices[one.name] = {"files": found, **limit}
    return {"choices": choices, "sends": kept.allowed, "days": UPLOAD_DAYS_KEPT, "kept": PROGRAM_FILES_MAX}


async def chosen(call: Call, act: Act, typed: Mapping[str, str]) -> list[JsonObject]:
    """Return what is known of the files that were chosen: of an assent also what it says; raises Absent."""
    found = [await _one(call, one.upload, typed[one.name]) for one in act.uploads if typed[one.name].strip()]
    return [_shown(file) | _said(file) for file in found]


async def placed(call: Call, act: Act, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an act is given, with the path of each file in place of its digest; raises Absent."""
    named = [one for one in act.uploads if given.get(one.name)]
    paths = {one.name: str((await _one(call, one.upload, given[one.name])).path) for one in named}
    return {**given, **paths}


async def _one(call: Call, kind: str, digest: str) -> ProgramFile:
    return await call.of(ProgramFiles).one(kind, digest.strip())


def _shown(file: ProgramFile) -> JsonObject:
    return {"digest": file.digest, "name": file.name, "bytes": str(file.size), "document": None}


def _said(file: ProgramFile) -> JsonObject:
    """Return what an assent says, as its reviewer signed it (blocking: it is short)."""
    if file.kind != ASSENT:
        return {}
    return {"document": read_assent(file.name, file.path.read_bytes()).assent.json()}
