"""Where a consumer gets what a transfer moves, and the ticket that lets it in: the data address of a start (DSP)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from connector.custody import bearers, tickets
from connector.negotiation.protocol import data_address, offers
from connector.provider import upstream
from connector.provider.streams import sold
from connector.runtime import files
from connector.runtime.data_folder import KEYS
from connector.store.rows.vault import EditionRow
from contracts.units import COMPUTED

if TYPE_CHECKING:
    from pathlib import Path

    from connector.core.core import Core
    from connector.negotiation.doors import Doors
    from connector.negotiation.protocol.messages import Document
    from connector.store.rows.agreement import AgreementRow
    from connector.store.rows.protocol import TransferRow
    from connector.store.transaction import Tx

# tier → where what it gives is asked for, if that is not sealed bytes
DOORS: Final = {offers.PLAIN: "plain", COMPUTED: "computed"}
TICKET_KEY = "ticket.key"
KEY_BYTES = 32


def ticket_key(data: Path) -> bytes:
    """Return the key under which our tickets are sealed (32 bytes); it is drawn once."""
    path = data / KEYS / TICKET_KEY
    if not path.exists():
        files.write_atomic(path, os.urandom(KEY_BYTES))
    return path.read_bytes()


class DataAddresses:
    """The data addresses of one provider."""

    def __init__(self, core: Core, ticket_key: bytes, doors: Doors) -> None:
        self._core, self.key = core, ticket_key
        doors.data_address = self.of

    def of(self, tx: Tx, transfer: TransferRow, agreement: AgreementRow) -> Document:
        """Return the address of what a transfer moves, with a fresh ticket to it; see `Doors.data_address`."""
        assert tx.get(EditionRow, id=agreement.edition) is not None, "we sell only editions we have"
        tier = agreement.signed_terms["tier"]
        plain = tier in offers.OUTSIDE
        kind = bearers.AUTH_TYPE if plain else tickets.SCHEME.strip().lower()
        door = DOORS.get(tier, "sealed")
        endpoint = f"{self._core.identity.url}/{door}/{agreement.edition}"
        properties = {"authorization": self.ticket(transfer, agreement), "authType": kind}
        if plain and upstream.is_sold(tx, agreement):
            properties[bearers.FILES] = endpoint
            endpoint = f"{self._core.identity.url}/calls/{agreement.edition}"
        if plain and sold.is_sold(tx, agreement):
            properties[bearers.STREAM] = f"{self._core.identity.url}/streams/{agreement.edition}"
        if tier == COMPUTED:
            properties[bearers.QUERIES] = endpoint
        return data_address.write(endpoint, properties, foreign=plain)

    def ticket(self, transfer: TransferRow, agreement: AgreementRow) -> str:
        """Return a fresh ticket to the sealed bytes that a transfer moves, or a token for what is given in plain."""
        issue = bearers.issue if agreement.signed_terms["tier"] in offers.OUTSIDE else tickets.issue
        edition, subject = bytes.fromhex(agreement.signed_edition), bytes.fromhex(agreement.digest)
        return issue(self.key, edition, subject, tickets.transfer_digest(transfer.id), self._core.clock.now())
