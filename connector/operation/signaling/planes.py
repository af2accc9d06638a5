"""Control planes that may have us run flows: who is one, how it proves itself, and how we prove ourselves to it.

Law: (1) a control plane shows the secret that was drawn when it was registered, or a token that it got for it (RFC
6749, 4.4); of the secret its digest alone is kept, and registering again draws another one, with which tokens of the
one before are over. (2) We show it a JWT that we sign ourselves, with our DID as the data plane's id; the key goes
with what we are registered by (DPS 1.0, "OAuth 2 Client Credentials Grant").
"""

from __future__ import annotations

import hmac
import secrets
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from connector.custody import tickets
from connector.identity import client_credentials, jwk, tokens
from connector.identity.client_credentials import GRANT, digest
from connector.operation.signaling.profiles import OWN
from connector.runtime.errors import Absent, Conflict, InvalidInput, Unproven
from connector.store.rows.signaling import ControlPlaneRow, FlowRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.core import Core
    from connector.store.transaction import Tx

PATH: Final = "/signaling"
TOKEN_PATH: Final = f"{PATH}/token"
CREDENTIALS: Final = f"oauth2_{GRANT}"
PLANES_MAX = 100
ID_CHARACTERS_MAX = 200
_SECRET_BYTES = 32
_RUNNING = "plane = ? and state not in ('COMPLETED', 'TERMINATED')"


class ControlPlanes:
    """The control planes of one data plane."""

    def __init__(self, core: Core, ticket_key: bytes) -> None:
        self._core, self._ticket_key = core, ticket_key

    async def add(self, plane: str, endpoint: str) -> dict[str, Any]:
        """Register a control plane, or one that is known anew; returns the words to register us there.

        Raises InvalidInput for a name or an address of no use, Conflict where there are too many.
        """
        if not 0 < len(plane) <= ID_CHARACTERS_MAX or not plane.isprintable() or "/" in plane:
            raise InvalidInput(f"a control plane's id is 1 to {ID_CHARACTERS_MAX} characters without `/`")
        await self._core.outbound.vet(endpoint)
        secret, now = secrets.token_urlsafe(_SECRET_BYTES), self._core.clock.now()
        row = ControlPlaneRow(id=plane, endpoint=endpoint.rstrip("/"), secret=digest(secret), created=now)

        def act(tx: Tx) -> None:
            if tx.get(ControlPlaneRow, id=plane) is None and len(tx.find(ControlPlaneRow)) >= PLANES_MAX:
                raise Conflict(f"{PLANES_MAX} control planes are registered", "remove one first")
            tx.put(row)

        await self._core.store.write(act)
        return _shown(row) | {"token": secret, "registration": self._registration(plane, secret)}

    async def page(self) -> list[dict[str, Any]]:
        """Return the control planes that are registered."""
        rows = await self._core.store.read(lambda tx: tx.find(ControlPlaneRow, order="created"))
        return [_shown(row) for row in rows]

    async def remove(self, plane: str) -> dict[str, Any]:
        """Forget a control plane; raises Absent, and Conflict while flows of it go on."""

        def act(tx: Tx) -> ControlPlaneRow:
            row = known(tx, plane)
            if tx.find(FlowRow, _RUNNING, (plane,), limit=1):
                raise Conflict(f"flows of `{plane}` go on", "let it end them, or end them with `penstock flow end`")
            tx.delete(ControlPlaneRow, id=plane)
            return row

        return _shown(await self._core.store.write(act))

    async def admit(self, header: str) -> str:
        """Return the id of the control plane that sends this `Authorization` header; raises Unproven."""
        shown = header.removeprefix(tokens.SCHEME)
        try:
            ticket = tickets.read(self._key, tickets.SCHEME + shown, self._core.clock.now())
            where, value = "secret = ?", ticket.subject
        except Unproven:
            where, value = "secret = ?", digest(shown)
        rows = await self._core.store.read(lambda tx: tx.find(ControlPlaneRow, where, (value,), limit=1))
        if not rows:
            raise Unproven("this is not the token of a control plane that is registered here", "register it again")
        return rows[0].id

    async def token(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Return an access token for a control plane's id and secret; raises Unproven, InvalidInput."""
        whose = "a control plane registered here"
        plane, secret = await client_credentials.prove(form, self._kept, whose, "register it again")
        token = tickets.issue(self._key, digest(plane), secret, tickets.NO_TRANSFER, self._core.clock.now())
        return {"access_token": token, "token_type": "Bearer", "expires_in": tickets.TICKET_SECONDS}

    async def _kept(self, plane: str) -> bytes | None:
        row = await self._core.store.read(lambda tx: tx.get(ControlPlaneRow, id=plane))
        return None if row is None else row.secret

    def authorization(self, plane: str) -> dict[str, str]:
        """Return the header that proves us to a control plane, for one request."""
        identity = self._core.identity
        token = tokens.issue(identity.token, plane, self._core.clock.now())
        return {"Authorization": tokens.SCHEME + token}

    @cached_property
    def _key(self) -> bytes:
        return hmac.digest(self._ticket_key, b"penstock/control-plane/v1\x00", sha256)

    def _registration(self, plane: str, secret: str) -> dict[str, Any]:
        """Return the `DataPlaneRegistrationMessage` by which a control plane takes us."""
        identity = self._core.identity
        key = jwk.of_point(identity.keys.token.public_key(), "P-256")
        return {
            "dataplaneId": identity.did,
            "endpoint": identity.url + PATH,
            "profiles": list(OWN),
            "transferTypes": list(OWN),  # as they were called before 1.0-RC3
            "labels": [],
            "authorization": {
                "type": CREDENTIALS,
                "tokenEndpoint": identity.url + TOKEN_PATH,
                "clientId": plane,
                "clientSecret": secret,
                "jwks": {"keys": [key | {"kid": identity.token.kid, "alg": tokens.ALGORITHM, "use": "sig"}]},
            },
        }


def known(tx: Tx, plane: str) -> ControlPlaneRow:
    """Return a control plane; raises Absent."""
    row = tx.get(ControlPlaneRow, id=plane)
    if row is None:
        raise Absent(f"no control plane `{plane[:200]}` is registered here", "see `penstock controlplane list`")
    return row


def _shown(row: ControlPlaneRow) -> dict[str, Any]:
    return {"plane": row.id, "endpoint": row.endpoint, "created": row.created.isoformat()}
