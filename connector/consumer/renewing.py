"""A fresh token for a transfer that runs: copies and calls outlive one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.custody import bearers
from connector.negotiation.protocol import data_address
from connector.store.rows.protocol import TransferRow

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.negotiation.protocol.messages import Document


async def renewed(core: Core, peers: Peers, provider: str, transfer: TransferRow) -> Document:
    """Take a fresh token of a transfer's provider, keep it, and return the data address with it."""
    assert transfer.address is not None, "its start has told where to ask"
    files, endpoint = bearers.files_of(transfer.address), data_address.endpoint(transfer.address)
    body, headers = {"transfer": transfer.peer_pid}, peers.authorization(provider)
    answer = (await core.outbound.post(f"{files}/ticket", body, headers=headers)).json()
    token = str(answer.get("authorization", "")) if isinstance(answer, dict) else ""
    properties = {"authorization": token, "authType": bearers.AUTH_TYPE}
    properties |= {bearers.FILES: files} if bearers.takes_calls(transfer.address) else {}
    stream = bearers.stream_of(transfer.address)
    properties |= {bearers.STREAM: stream} if stream else {}
    address = data_address.write(endpoint, properties)
    bearers.of_address(address)  # raises for an answer without a token: it is not kept
    await core.store.write(lambda tx: tx.update(TransferRow, {"id": transfer.id}, address=address))
    return address
