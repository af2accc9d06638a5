"""A fresh token for a data address whose token is over, or may soon be: transfers and flows outlive one.

Law: an address that names a refresh token is renewed by it (DPS 1.0, "Token Renewal"; RFC 6749, 6), each once: the next
one is kept before it is needed. Any other is asked for a ticket, as a provider of our make gives it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from connector.custody import bearers
from connector.identity import tokens
from connector.negotiation.protocol import data_address
from connector.runtime.errors import PeerMisbehaved
from connector.store.rows.protocol import TransferRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.negotiation.protocol.messages import Document

GRANT: Final = "refresh_token"
# properties of an address
REFRESH, REFRESH_AT, ACCESS = "refreshToken", "refreshEndpoint", "authorization"
# property of an address → member of the token response that takes its place
_FRESH: Final = {ACCESS: "access_token", REFRESH: "refresh_token"}
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


async def renewed(core: Core, peers: Peers, provider: str, transfer: TransferRow) -> Document:
    """Take a fresh token of a transfer's provider, keep it, and return the data address with it.

    Raises PeerRefused, PeerMisbehaved where none is given.
    """
    assert transfer.address is not None, "its start has told where to ask"
    if has_refresh_token(transfer.address):
        address = await by_refresh_token(core, provider, transfer.address)
    else:
        address = await _by_ticket(core, peers, provider, transfer.peer_pid, transfer.address)
    bearers.of_address(address)  # raises for an answer without a token: it is not kept
    await core.store.write(lambda tx: tx.update(TransferRow, {"id": transfer.id}, address=address))
    return address


def has_refresh_token(address: Mapping[str, Any]) -> bool:
    """Say whether an address tells by what it is renewed."""
    return bool(data_address.properties(address).get(REFRESH))


async def by_refresh_token(core: Core, provider: str, address: Mapping[str, Any]) -> Document:
    """Return an address with the tokens that its refresh token gives; whoever asks keeps it."""
    told = data_address.properties(address)
    identity, more = core.identity, {"token": told.get(ACCESS, "")}
    proof = tokens.issue(identity.token, provider, core.clock.now(), more=more)
    form = urlencode({"grant_type": GRANT, GRANT: told[REFRESH]}).encode()
    url = told.get(REFRESH_AT) or data_address.endpoint(address)
    answer = await core.outbound.post(url, form, headers=_FORM | {"Authorization": tokens.SCHEME + proof})
    return _with_tokens(address, answer.json())


async def _by_ticket(core: Core, peers: Peers, provider: str, transfer: str | None, old: Mapping[str, Any]) -> Document:
    """Return the old address of a transfer, by the provider's id of it, with a fresh ticket."""
    files, endpoint = bearers.files_of(old), data_address.endpoint(old)
    body, headers = {"transfer": transfer}, peers.authorization(provider)
    answer = (await core.outbound.post(f"{files}/ticket", body, headers=headers)).json()
    token = str(answer.get(ACCESS, "")) if isinstance(answer, dict) else ""
    properties = {ACCESS: token, "authType": bearers.AUTH_TYPE}
    properties |= {bearers.FILES: files} if bearers.takes_calls(old) else {}
    stream = bearers.stream_of(old)
    properties |= {bearers.STREAM: stream} if stream else {}
    return data_address.write(endpoint, properties)


def _with_tokens(address: Mapping[str, Any], told: Any) -> Document:
    """Return an address with the tokens of a token response in it; raises PeerMisbehaved."""
    if not isinstance(told, dict) or not isinstance(told.get(_FRESH[ACCESS]), str):
        raise PeerMisbehaved("the answer to the renewal has no `access_token`")
    values = {name: told[member] for name, member in _FRESH.items() if isinstance(told.get(member), str)}

    def fresh(one: dict[str, Any]) -> dict[str, Any]:
        local = data_address.local(one.get("name"))
        return one | {"value": values[local]} if local in values else one

    return {**address, "endpointProperties": [fresh(one) for one in address["endpointProperties"]]}
