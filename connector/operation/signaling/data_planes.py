"""Data planes of other makes that move data for us: who is one, how it proves itself, and how we prove ourselves to it.

Law: (1) a data plane is registered by our owner; registering again replaces it, and draws another secret. (2) It proves
itself by that secret, or, where its id is its DID, by a JWT of its own. (3) We show it the token that it gives for its
client's credentials (RFC 6749, 4.4), where it was registered with some, or a JWT of ours. Credentials rest wrapped.
"""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from connector.identity import tokens
from connector.identity.client_credentials import GRANT
from connector.operation.signaling.messages import TEXT_CHARACTERS_MAX
from connector.operation.signaling.planes import CREDENTIALS, PLANES_MAX
from connector.operation.signaling.states import COMPLETED, TERMINATED
from connector.runtime.errors import Absent, Conflict, InvalidInput, PeerMisbehaved, Unproven
from connector.store.rows.signaling import DataPlaneRow, SteeredRow

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.store.transaction import Tx

LISTED_MAX: Final = 50
EARLY_SECONDS: Final = 30  # so long before its end a token is not used any more
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
_SECRET_BYTES: Final = 32
_STEERED: Final = f"plane = ? and state not in ('{COMPLETED}', '{TERMINATED}')"


class DataPlanes:
    """The data planes that one control plane may use."""

    def __init__(self, core: Core, peers: Peers) -> None:
        self._core, self._peers = core, peers
        self._tokens: dict[str, tuple[str, float]] = {}  # plane → its token, and until when it is used

    async def register(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Take a `DataPlaneRegistrationMessage`; returns the plane with the secret that it proves itself by."""
        row, secret = self._row(body), secrets.token_urlsafe(_SECRET_BYTES)
        await self._core.outbound.vet(row.endpoint)
        if row.token_endpoint:
            await self._core.outbound.vet(row.token_endpoint)

        def act(tx: Tx) -> None:
            if tx.get(DataPlaneRow, id=row.id) is None and len(tx.find(DataPlaneRow)) >= PLANES_MAX:
                raise Conflict(f"{PLANES_MAX} data planes are registered", "remove one first")
            tx.put(DataPlaneRow(**{**_columns(row), "secret": sha256(secret.encode()).digest()}))

        await self._core.store.write(act)
        self._tokens.pop(row.id, None)
        return _shown(row) | {"token": secret}

    async def add(self, plane: str, endpoint: str, profiles: list[str], labels: list[str]) -> dict[str, Any]:
        """Register a data plane that takes a JWT of ours; see `register`."""
        return await self.register({"dataplaneId": plane, "endpoint": endpoint, "profiles": profiles, "labels": labels})

    async def page(self) -> list[dict[str, Any]]:
        """Return the data planes that are registered."""
        return [_shown(row) for row in await self._core.store.read(lambda tx: tx.find(DataPlaneRow, order="created"))]

    async def listed(self) -> list[dict[str, Any]]:
        """Return them as the Management API has them."""
        return [
            {"@type": "DataPlaneInstance", "@id": one["plane"], "url": one["endpoint"]}
            | {"allowedTransferTypes": one["profiles"], "labels": one["labels"], "state": "REGISTERED"}
            for one in await self.page()
        ]

    async def remove(self, plane: str) -> dict[str, Any]:
        """Forget a data plane; raises Absent, and Conflict while it moves something."""

        def act(tx: Tx) -> DataPlaneRow:
            row = tx.get(DataPlaneRow, id=plane)
            if row is None:
                raise Absent(f"no data plane `{plane[:200]}` is registered here", "see `penstock dataplane list`")
            if tx.find(SteeredRow, _STEERED, (plane,), limit=1):
                raise Conflict(f"`{plane}` moves data of transfers that go on", "end them first")
            tx.delete(DataPlaneRow, id=plane)
            return row

        return _shown(await self._core.store.write(act))

    async def forget(self, plane: str) -> None:
        """Forget a data plane, as `remove`."""
        await self.remove(plane)

    async def admit(self, header: str) -> str:
        """Return the id of the data plane that sends this `Authorization` header; raises Unproven."""
        shown = sha256(header.removeprefix(tokens.SCHEME).encode(errors="surrogateescape")).digest()
        rows = await self._core.store.read(lambda tx: tx.find(DataPlaneRow, "secret = ?", (shown,), limit=1))
        if rows:
            return rows[0].id
        claims = await self._peers.prove(header)

        def act(tx: Tx) -> str:
            tokens.remember(tx, claims)
            if tx.get(DataPlaneRow, id=claims.issuer) is None:
                raise Unproven("this is not the token of a data plane that is registered here", "register it")
            return claims.issuer

        return await self._core.store.write(act)

    async def authorization(self, plane: DataPlaneRow) -> dict[str, str]:
        """Return the header that proves us to a data plane; raises as `Outbound.request`, and PeerMisbehaved."""
        if plane.credential is None:
            identity = self._core.identity
            token = tokens.issue(identity.token, plane.id, self._core.clock.now())
            return {"Authorization": tokens.SCHEME + token}
        token, until = self._tokens.get(plane.id, ("", 0.0))
        if self._core.clock.monotonic() >= until:
            asked = {"grant_type": GRANT, "client_id": plane.client, "client_secret": plane.credential.decode()}
            form = urlencode(asked).encode()
            told = (await self._core.outbound.post(plane.token_endpoint, form, headers=FORM)).json()
            token, seconds = _read(told)
            self._tokens[plane.id] = token, self._core.clock.monotonic() + seconds - EARLY_SECONDS
        return {"Authorization": tokens.SCHEME + token}

    def _row(self, body: Mapping[str, Any]) -> DataPlaneRow:
        plane, endpoint = _text(body, "dataplaneId"), _text(body, "endpoint")
        profiles = _texts(body, "profiles") or _texts(body, "transferTypes")
        if not profiles:
            raise InvalidInput("the data plane names no `profiles`", "each is a way of transfer that it serves")
        told = body.get("authorization")
        if told is not None and (not isinstance(told, dict) or told.get("type") != CREDENTIALS):
            raise InvalidInput(
                f"the authorization is not of the type `{CREDENTIALS}`", "the others are not spoken here"
            )
        return DataPlaneRow(
            id=plane,
            endpoint=endpoint.rstrip("/"),
            profiles=profiles,
            labels=_texts(body, "labels"),
            secret=b"",
            token_endpoint="" if told is None else _text(told, "tokenEndpoint"),
            client="" if told is None else _text(told, "clientId"),
            credential=None if told is None else _text(told, "clientSecret").encode(),
            created=self._core.clock.now(),
        )


def pick(tx: Tx, profile: str, labels: Collection[str]) -> DataPlaneRow | None:
    """Return the oldest data plane that serves a profile and has all labels, None where there is none."""
    for row in tx.find(DataPlaneRow, order="created, id"):
        if profile in row.profiles and set(labels) <= set(row.labels):
            return row
    return None


def _columns(row: DataPlaneRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def _text(body: Mapping[str, Any], name: str) -> str:
    found = body.get(name)
    if not isinstance(found, str) or not 0 < len(found) <= TEXT_CHARACTERS_MAX or not found.isprintable():
        raise InvalidInput(f"`{name}` is absent, or no text of at most {TEXT_CHARACTERS_MAX} characters")
    return found


def _texts(body: Mapping[str, Any], name: str) -> list[str]:
    found = body.get(name) or []
    if not isinstance(found, list) or len(found) > LISTED_MAX:
        raise InvalidInput(f"`{name}` is no list of at most {LISTED_MAX}")
    return [_text({name: one}, name) for one in found]


def _read(told: Any) -> tuple[str, float]:
    if not isinstance(told, dict) or not isinstance(told.get("access_token"), str):
        raise PeerMisbehaved("the token endpoint's answer has no `access_token`")
    seconds = told.get("expires_in")
    return told["access_token"], float(seconds) if isinstance(seconds, int) else 0.0


def _shown(row: DataPlaneRow) -> dict[str, Any]:
    told = {"profiles": list(row.profiles), "labels": list(row.labels), "created": row.created.isoformat()}
    return {"plane": row.id, "endpoint": row.endpoint} | told
