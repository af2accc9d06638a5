"""The keys of one participant as its owner sees and replaces them."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from connector.core.service import Service
from connector.custody.secrets import kek_place
from connector.identity.keys import TOKEN
from connector.operation.keys.kinds import KINDS, MANAGEMENT
from connector.operation.keys.token_key import TokenKey, record
from connector.runtime.errors import InvalidInput
from contracts import address

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.core.core import Core
    from connector.identity.identity import Identity
    from connector.identity.management_token import ManagementToken
    from connector.operation.keys.kinds import Kind
    from contracts.canonical import JsonObject


class KeyLife:
    """What is known of our keys, and what replaces one."""

    def __init__(self, core: Core, management_token: ManagementToken) -> None:
        self._core, self._management = core, management_token
        self.token = TokenKey(core)

    async def settle(self) -> None:
        """Record what an interrupted rotation left."""
        await self.token.settle()

    async def forget(self) -> None:
        """List former keys no longer than they count."""
        self.token.forget()

    async def page(self) -> list[JsonObject]:
        """List the keys: kind, algorithm, what for, the public part or a digest, since when, and what replaces it."""
        return [self._shown(kind, place) for kind in KINDS.values() if (place := self._place(kind))]

    async def rotate(self, kind: str, reason: str, *, stolen: bool) -> JsonObject:
        """Replace a key; raises InvalidInput for one that this does not replace, saying what does."""
        if kind == TOKEN:
            return await self.token.rotate(reason, stolen=stolen)
        if kind == MANAGEMENT:
            return await self._rotate_management(reason)
        if kind not in KINDS:
            raise InvalidInput(f"`{kind[:40]}` is no kind of key", f"one of {', '.join(KINDS)}")
        how = KINDS[kind].command
        raise InvalidInput(
            f"`{kind}` is not replaced by this", how or "it stays for life: docs/keys.md says what to do"
        )

    async def _rotate_management(self, reason: str) -> JsonObject:
        """Let the owner in by a fresh token alone: the file has it, and the old one opens nothing."""
        core, old = self._core, self._management.digest
        self._management.draw()
        told = {"kind": MANAGEMENT, "from": old, "to": self._management.digest}
        await core.store.write(lambda tx: record(tx, core, told | {"digest": told["to"]}, reason))
        return told | {"until": core.clock.now().isoformat(timespec="seconds")}

    def _shown(self, kind: Kind, place: str) -> JsonObject:
        path = Path(place)
        since = datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.exists() else None
        return {
            "kind": kind.name,
            "algorithm": kind.algorithm,
            "purpose": kind.purpose,
            "key": _PUBLIC[kind.name](self._core.identity) if kind.name in _PUBLIC else "",
            "file": place,
            "since": "" if since is None else since.isoformat(timespec="seconds"),
            "replaced": kind.command,
        }

    def _place(self, kind: Kind) -> str:
        """Return where a key of a kind is, empty where we have none."""
        data, settings = self._core.data, self._core.settings
        told = {"vault": kek_place(data, settings.vault.kek_file), "tls": settings.server.tls_key}
        return told.get(kind.name, str(data / kind.file))


# kind → what others know a key by, of a long one its SHA-256; of what is secret as a whole nothing is shown
_PUBLIC: Final[Mapping[str, Callable[[Identity], str]]] = {
    "token": lambda us: us.token.kid,
    "agreement": lambda us: address.show(us.keys.address),
    "log": lambda us: us.keys.log_public.hex(),
    "cosigner": lambda us: sha256(us.keys.cosigner_public).hexdigest(),
    "delivery": lambda us: us.keys.delivery_public.hex(),
    "hybrid": lambda us: sha256(us.keys.hybrid.public).hexdigest(),
    "witness": lambda us: us.member.aggregate.hex(),
}

KEY_LIFE = Service(
    readies=KeyLife.settle,
    chores={"list former keys no longer": KeyLife.forget},
)
