"""What a back-up says about itself: whose, of when, how far its log reached, each file's digest, and what it has not.

    backup.json   {v, did, origin, at, log {size, root, note}, files [{path, bytes, sha256}], sealed [], without []}

Law: whoever restores believes no file that is not listed here with its digest, and no list with an unknown member.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

import orjson

from connector.runtime.errors import InvalidInput

FILE_NAME = "backup.json"
VERSION = 1
# a participant with a hundred thousand editions lists them in some 20 MB
BYTES_MAX = 64 * 1_048_576
DIGEST_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Listed:
    """One file: its place below the data directory, its length, its SHA-256."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class LogHead:
    """The newest own head in the database that was copied; `note` is empty before the first one."""

    size: int
    root: str
    note: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A back-up's list; `sealed` are the sealed files of that moment, copied or not, `without` words for people."""

    did: str
    origin: str
    at: datetime
    log: LogHead
    files: tuple[Listed, ...]
    sealed: tuple[Listed, ...]
    without: tuple[str, ...]

    def json(self) -> dict[str, Any]:
        """Return the manifest as it is written; sizes in decimal."""
        return {
            "v": VERSION,
            "did": self.did,
            "origin": self.origin,
            "at": self.at.isoformat(),
            "log": asdict(self.log) | {"size": str(self.log.size)},
            "files": [_told(one) for one in self.files],
            "sealed": [_told(one) for one in self.sealed],
            "without": list(self.without),
        }

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read what `json` wrote; raises InvalidInput for anything else."""
        try:
            told = orjson.loads(body)
            if told.pop("v") != VERSION:
                raise InvalidInput("this back-up is of another version of penstock", "restore it with that one")
            log = told.pop("log")
            made = cls(
                at=datetime.fromisoformat(told.pop("at")),
                log=LogHead(int(log.pop("size")), str(log.pop("root")), str(log.pop("note"))),
                files=tuple(map(_listed, told.pop("files"))),
                sealed=tuple(map(_listed, told.pop("sealed"))),
                without=tuple(map(str, told.pop("without"))),
                did=str(told.pop("did")),
                origin=str(told.pop("origin")),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidInput(f"`{FILE_NAME}` is no list of a back-up: {error!r:.200}") from error
        if told or log:
            raise InvalidInput(f"`{FILE_NAME}` has unknown members: {', '.join([*told, *log])}")
        return made


def _told(one: Listed) -> dict[str, str]:
    return {"path": one.path, "bytes": str(one.bytes), "sha256": one.sha256}


def _listed(row: dict[str, str]) -> Listed:
    """Read one file's row; a path that leads out of its folder is refused."""
    made = Listed(row["path"], int(row["bytes"]), row["sha256"])
    parts = made.path.split("/")
    if set(row) != {"path", "bytes", "sha256"} or not all(parts) or {".", ".."} & set(parts) or "\0" in made.path:
        raise ValueError(f"`{made.path[:100]}` is no path of a file in here")
    if made.bytes < 0 or len(bytes.fromhex(made.sha256)) * 2 != DIGEST_DIGITS:
        raise ValueError(f"`{made.path[:100]}` has no digest")
    return made
