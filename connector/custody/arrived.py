"""A file that somebody sends here in one request, and what proves who does.

Law: (1) who sends something shows a token that was given out for that alone. (2) A file has its name when it is whole,
durable, and found to be what it should be; before that it is a part that nobody takes for a file, and nothing of it
stays when the request breaks off. (3) Who sends one twice at once mixes nothing.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from connector.custody import bearers
from connector.runtime.errors import InvalidInput, Unproven
from connector.runtime.files import Part, make_folder, move
from connector.runtime.limits import FLOW_FILE_BYTES_MAX
from connector.runtime.local_names import local_name
from contracts.errors import ContractError
from ledger.edition.index import check_names

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ONLY: Final = "data"  # what a file is called that nobody names


class Tokens:
    """What proves who sends something here: a token for each number, drawn from our key for one kind of door."""

    def __init__(self, ticket_key: bytes, door: str) -> None:
        self._key = hmac.digest(ticket_key, f"penstock/{door}/v1\x00".encode(), sha256)

    def of(self, number: str) -> str:
        """Return the token of a number."""
        return hmac.digest(self._key, number.encode(errors="surrogateescape"), sha256).hex()

    def require(self, number: str, header: str, what: str) -> None:
        """Raise Unproven unless an `Authorization` header has the token of this number; `what` says of what it is."""
        shown = header.removeprefix(bearers.SCHEME).encode(errors="surrogateescape")
        if not hmac.compare_digest(shown, self.of(number).encode()):
            raise Unproven(f"this is not the token of {what}", "have it asked for again")


@dataclass(frozen=True, slots=True)
class Arrived:
    """A part that is whole and durable: its length, and the SHA-256 of its bytes in hex."""

    path: Path
    length: int
    digest: str

    async def keep(self, name: str) -> None:
        """Give it its name, in the place of what had it."""
        await asyncio.to_thread(move, self.path, self.path.parent / name)


@asynccontextmanager
async def arriving(folder: Path, body: AsyncIterator[bytes]) -> AsyncIterator[Arrived]:
    """Take a body into a folder; what is not kept is gone at the end. Raises InvalidInput for one that is too long."""
    await asyncio.to_thread(make_folder, folder)
    path, length, hashed = folder / f".{secrets.token_hex(16)}.part", 0, sha256()
    part = await asyncio.to_thread(Part, path, 0)
    try:
        async for chunk in body:
            if length + len(chunk) > FLOW_FILE_BYTES_MAX:
                raise InvalidInput(f"a file that is sent here has at most {FLOW_FILE_BYTES_MAX} bytes")
            await asyncio.to_thread(part.write, chunk, length)
            hashed.update(chunk)
            length += len(chunk)
        await asyncio.to_thread(part.sync)
        yield Arrived(path, length, hashed.hexdigest())
    finally:
        part.close()
        await asyncio.to_thread(path.unlink, missing_ok=True)


def named(name: str) -> str:
    """Return what a file is called here; raises InvalidInput for a name that leaves its folder, or is no name."""
    try:
        check_names([here := local_name(name or ONLY)])
    except ContractError as error:
        raise InvalidInput(f"a file cannot be called so here: {error}") from error
    return here
