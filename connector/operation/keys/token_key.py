"""Another key of request tokens for this participant, and with it another one of credentials.

Law: (1) the new key is durable before anybody hears of it, and listed in our document before anything is signed under
it: whoever asks once more for a key that it does not know finds it. (2) The old one is listed until nothing that it
signed counts any more: a token for minutes, a credential until its last day. Of a stolen key nothing counts: it is
listed no more from that moment, and what it has issued is issued anew (`connector.exchange.reissuing`). (3) What was
interrupted is ended by the next start, and recorded by it.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from connector.identity import keys as key_files
from connector.identity import published
from connector.identity.keys import CREDENTIAL, TOKEN
from connector.operation.keys.replaced import followed, record
from connector.runtime.data_folder import KEYS
from connector.runtime.errors import Conflict
from connector.runtime.limits import CREDENTIAL_DAYS, DID_REFRESH_SECONDS, FORMER_KEYS_MAX, FORMER_TOKEN_KEY_SECONDS
from contracts.canonical import sha

if TYPE_CHECKING:
    from datetime import datetime

    from connector.core.core import Core
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

FACT: Final = "token key"
INTERRUPTED: Final = "a rotation that was interrupted came to its end"
# who was shown an unknown key a moment ago looks again only after this; of before, whoever looked at all
ANNOUNCED_SECONDS: Final = DID_REFRESH_SECONDS + 1


class TokenKey:
    """Replaces the key by which this participant proves itself."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._turn = asyncio.Lock()

    async def rotate(self, reason: str, *, stolen: bool) -> JsonObject:
        """Prove ourselves by a fresh key; returns both names, and until when the old one counts. Raises Conflict."""
        async with self._turn:
            identity, folder, now = self._core.identity, self._core.data / KEYS, self._core.clock.now()
            old, former, listed = identity.keys, identity.token.kid, identity.published.at(now)
            if not stolen and len(listed.rows) >= FORMER_KEYS_MAX:
                raise Conflict(f"{len(listed.rows)} keys are listed still", "wait until former ones count no more")
            coming = old.with_token(key_files.draw_next(folder, TOKEN, old.module))
            until = self._until(now, stolen=stolen)
            listed = listed.followed(old, coming, until)
            published.write(folder, listed)  # from here on the next start takes the key, if we do not
            if not stolen:
                identity.take_token(old, listed)
                await asyncio.sleep(ANNOUNCED_SECONDS)
            key_files.take_next(folder, TOKEN, old.module)
            identity.take_token(coming, listed.at(self._core.clock.now()))
            await self.settle(reason)
        told = until[TOKEN].isoformat(timespec="seconds")
        return {"kind": TOKEN, "from": former, "to": identity.token.kid, "until": told}

    async def settle(self, reason: str = INTERRUPTED) -> None:
        """Record by which key we prove ourselves now, if the log does not say so yet, and have it heard."""
        core, kid = self._core, self._core.identity.token.kid
        digest = sha(core.identity.keys.public(TOKEN)).hex()

        def act(tx: Tx) -> bool:
            if (before := followed(tx, FACT, kid)) is None:
                return False
            record(tx, core, {"kind": TOKEN, "from": before, "to": kid, "digest": digest}, reason)
            return True

        if await core.store.write(act):
            await core.topics.key_replaced.told()

    def forget(self) -> None:
        """List what counts no more no longer."""
        identity, now = self._core.identity, self._core.clock.now()
        listed = identity.published.at(now)
        if len(listed.rows) != len(identity.published.rows):
            published.write(self._core.data / KEYS, listed)
            identity.take_token(identity.keys, listed)

    def _until(self, now: datetime, *, stolen: bool) -> dict[str, datetime]:
        """Return until when the old key of each purpose is listed."""
        used = now + timedelta(seconds=ANNOUNCED_SECONDS)
        until = {TOKEN: now if stolen else used + timedelta(seconds=FORMER_TOKEN_KEY_SECONDS)}
        if self._core.settings.has("exchange"):
            until[CREDENTIAL] = now if stolen else used + timedelta(days=CREDENTIAL_DAYS)
        return until
