"""A secure token service: a connector of ours of another make gets its self-issued tokens here (DCP 1.0.1, 4.3).

So that, say, an EDC of ours is known by our DID, and what was issued to us is shown to whom it calls.

Law: (1) who asks shows the secret that was drawn for it (RFC 6749, 4.4); of it the digest alone is kept. (2) A token is
for one audience; the access token in it opens what was asked for, or is the one that the asker has got from a peer.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from connector.identity import client_credentials, tokens
from connector.runtime.errors import Absent, Conflict, InvalidInput
from connector.runtime.limits import DID_CHARACTERS_MAX, TOKEN_BYTES_MAX, TOKEN_SECONDS
from connector.store.rows.credential import TokenClientRow
from contracts.credential import scopes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.core import Core
    from connector.operation.dcp.credential_service import CredentialService
    from connector.store.transaction import Tx

PATH: Final = "/dcp/token"
CLIENTS_MAX: Final = 100
NAME_CHARACTERS_MAX: Final = 100
_SECRET_BYTES: Final = 32


class TokenService:
    """The token service of one participant."""

    def __init__(self, core: Core, credential_service: CredentialService) -> None:
        self._core, self._credentials = core, credential_service

    async def add(self, client: str) -> dict[str, Any]:
        """Let a connector get tokens here; its secret is told this once, and one that is known gets another."""
        if not 0 < len(client) <= NAME_CHARACTERS_MAX or not client.isprintable() or client.split() != [client]:
            raise InvalidInput(f"the name of a client is one word of at most {NAME_CHARACTERS_MAX} characters")
        secret, now = secrets.token_urlsafe(_SECRET_BYTES), self._core.clock.now()
        row = TokenClientRow(id=client, secret=client_credentials.digest(secret), created=now)

        def act(tx: Tx) -> None:
            if tx.get(TokenClientRow, id=client) is None and len(tx.find(TokenClientRow)) >= CLIENTS_MAX:
                raise Conflict(f"{CLIENTS_MAX} clients get tokens here", "penstock credential client remove")
            tx.put(row)

        await self._core.store.write(act)
        return self._shown(row) | {"secret": secret}

    async def page(self) -> list[dict[str, Any]]:
        """List who gets tokens here."""
        rows = await self._core.store.read(lambda tx: tx.find(TokenClientRow, order="created"))
        return list(map(self._shown, rows))

    async def remove(self, client: str) -> dict[str, Any]:
        """Give a client no token any more; raises Absent."""

        def act(tx: Tx) -> TokenClientRow:
            row = tx.get(TokenClientRow, id=client)
            if row is None:
                raise Absent(f"no client `{client[:100]}` gets tokens here", "penstock credential client list")
            tx.delete(TokenClientRow, id=client)
            return row

        return self._shown(await self._core.store.write(act))

    async def token(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Return a self-issued token for a client's id and secret; raises Unproven, InvalidInput, ContractError."""
        await client_credentials.prove(form, self._kept, "a client here", "penstock credential client add")
        audience, given, wanted = (form.get(name, "") for name in ("audience", "token", "bearer_access_scope"))
        if not audience.startswith("did:") or len(audience) > DID_CHARACTERS_MAX:
            raise InvalidInput("`audience` is the DID of whom the token is for")
        if len(given) > TOKEN_BYTES_MAX:
            raise InvalidInput(f"`token` is longer than {TOKEN_BYTES_MAX} characters")
        shown = given
        if wanted and not given:
            shown = self._credentials.issue(audience, scopes.read_all(wanted.split()))
        identity, more = self._core.identity, {"token": shown} if shown else None
        made = tokens.issue(identity.token, audience, self._core.clock.now(), more=more)
        return {"access_token": made, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}

    async def _kept(self, client: str) -> bytes | None:
        row = await self._core.store.read(lambda tx: tx.get(TokenClientRow, id=client))
        return None if row is None else row.secret

    def _shown(self, row: TokenClientRow) -> dict[str, Any]:
        endpoint = self._core.identity.url + PATH
        return {"client": row.id, "endpoint": endpoint, "created": row.created.isoformat(timespec="seconds")}
