"""The keys of one participant as its owner sees and replaces them."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from connector.core.service import Service
from connector.custody.secrets import in_module, kek_place
from connector.identity import platform_key
from connector.identity.keys import AGREEMENT, DELIVERY, LOG, SEED, SM2, TOKEN
from connector.identity.platform_key import SIMULATED
from connector.operation.keys.kinds import ACCOUNT, DRAWN_FROM_LOG, KINDS, MANAGEMENT, OF_LOG, VAULT
from connector.operation.keys.replaced import record
from connector.operation.keys.sm2_key import Sm2Key
from connector.operation.keys.token_key import TokenKey
from connector.runtime.data_folder import KEYS
from connector.runtime.errors import InvalidInput
from contracts import address

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.core.core import Core
    from connector.identity.identity import Identity
    from connector.identity.management_token import ManagementToken
    from connector.identity.space.author import SpaceAuthor
    from connector.identity.space.exchange import ExchangeDoor
    from connector.identity.space.view import SpaceView
    from connector.operation.keys.kinds import Kind
    from connector.operation.keys.registered import RegisteredKeys
    from contracts.canonical import JsonObject


class KeyLife:
    """What is known of our keys, and what replaces one."""

    def __init__(
        self,
        core: Core,
        management_token: ManagementToken,
        space: SpaceView,
        exchange: ExchangeDoor,
        author: SpaceAuthor,
        registered_keys: RegisteredKeys,
    ) -> None:
        self._core, self._management, self._registered = core, management_token, registered_keys
        self.token, self.sm2 = TokenKey(core), Sm2Key(core, space, exchange, author)

    async def settle(self) -> None:
        """End and record what an interrupted rotation left."""
        await self.token.settle()
        await self.sm2.settle()

    async def forget(self) -> None:
        """List former keys no longer than they count."""
        self.token.forget()
        self._registered.forget()

    async def page(self) -> list[JsonObject]:
        """List the keys: kind, algorithm, what for, the public part or a digest, since when, and what replaces it."""
        return [self._shown(kind, place) for kind in KINDS.values() if (place := self._place(kind))]

    async def draw(self, kind: str, reason: str) -> JsonObject:
        """Draw the key of SM2 and sign contracts by it from now on; raises InvalidInput, Conflict, SettingsError.

        Returns its public part (64 bytes, hex), and whether the exchange read it.
        """
        if kind != SM2:
            raise InvalidInput(f"`{kind[:40]}` is not drawn by this", f"there is: penstock key draw {SM2}")
        return await self.sm2.draw(reason)

    async def rotate(self, kind: str, reason: str, *, stolen: bool) -> JsonObject:
        """Replace a key; raises InvalidInput for one that this does not replace, saying what does."""
        if kind == TOKEN:
            return await self.token.rotate(reason, stolen=stolen)
        if kind == SM2:
            return await self.sm2.rotate(reason, stolen=stolen)
        if kind == DELIVERY:
            return await self._registered.delivery(reason)
        if kind == LOG:
            return await self._registered.log(reason, stolen=stolen)
        if kind in (ACCOUNT, AGREEMENT):
            return await self._registered.account.rotate(reason, stolen=stolen)
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
        # of a key in a module, when the file that names it was written
        path = self._core.data / kind.file if in_module(place) and kind.name != VAULT else Path(place)
        since = datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.exists() else None
        return {
            "kind": kind.name,
            "algorithm": kind.algorithm,
            "purpose": kind.purpose,
            "key": self._public(kind),
            "file": place,
            "since": "" if since is None else since.isoformat(timespec="seconds"),
            "replaced": "" if self._stays(kind) else kind.command,
        }

    def _stays(self, kind: Kind) -> bool:
        if kind.name == AGREEMENT:
            return self._registered.account.stays
        return kind.name in OF_LOG and self._registered.log_stays

    def _public(self, kind: Kind) -> str:
        if kind.name == SIMULATED:
            return platform_key.public(self._core.data)
        return _PUBLIC[kind.name](self._core.identity) if kind.name in _PUBLIC else ""

    def _place(self, kind: Kind) -> str:
        """Return where a key of a kind is, empty where we have none."""
        data, settings = self._core.data, self._core.settings
        told = {VAULT: kek_place(data, settings.vault.kek_file), "tls": settings.server.tls_key}
        if self._core.identity.keys.sm2 is None:
            told[SM2] = ""
        if platform_key.present(data) is None:
            told[SIMULATED] = ""
        keys, file = self._core.identity.keys, kind.file
        if (keeper := keys.keeper(kind.name)) is not None:
            return keeper.shown
        if kind.name in DRAWN_FROM_LOG and keys.keeper(LOG) is not None:
            file = f"{KEYS}/{SEED}.key"
        return told.get(kind.name, str(data / file))


# kind → what others know a key by, of a long one its SHA-256; of what is secret as a whole nothing is shown
_PUBLIC: Final[Mapping[str, Callable[[Identity], str]]] = {
    "token": lambda us: us.token.kid,
    AGREEMENT: lambda us: address.show(us.keys.address),
    "log": lambda us: us.keys.log_public.hex(),
    "cosigner": lambda us: sha256(us.keys.cosigner_public).hexdigest(),
    "delivery": lambda us: us.keys.delivery_public.hex(),
    SM2: lambda us: (us.member.sm2 or b"").hex(),
    "hybrid": lambda us: sha256(us.keys.hybrid.public).hexdigest(),
    "witness": lambda us: us.member.aggregate.hex(),
}

KEY_LIFE = Service(
    readies=KeyLife.settle,
    chores={"list former keys no longer": KeyLife.forget},
)
