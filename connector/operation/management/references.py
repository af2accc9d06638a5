"""References to data of started pulls (EDRs): where a client fetches, and the token that lets it in.

Law: there is one for each started pull of ours, from its start to its end; one that a client throws away is gone for
the clients, and its transfer goes on. Its token is renewed when a client asks so, with what its address says for that.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from catalog.codes import FORMAT_PUSH
from connector.custody import bearers, renewal
from connector.negotiation.protocol import data_address
from connector.negotiation.protocol.states import CONSUMER, STARTED
from connector.operation.management import query
from connector.operation.management.processes import CONTRACT_ID
from connector.operation.management.query import Field, Table
from connector.operation.management.written import milliseconds, moment
from connector.runtime.errors import Absent, Conflict, PeerMisbehaved, PeerRefused
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.management import EdrRow
from connector.store.rows.protocol import TransferRow
from connector.store.table_row import replace
from contracts.namespace import AGREEMENT_URN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.store.transaction import Tx

KIND: Final = "EndpointDataReferenceEntry"
AUTO_REFRESH: Final = "auto_refresh"
NOT_RENEWED: Final = "suspend the transfer and resume it: its start brings a fresh address"
_KEPT: Final = "NOT EXISTS (SELECT 1 FROM edrs WHERE edrs.transfer = transfers.id)"
_LIVE: Final = f"role = '{CONSUMER}' AND state = '{STARTED}' AND format <> '{FORMAT_PUSH}' AND address IS NOT NULL"
_AGREED: Final = "SELECT {} FROM agreements WHERE agreements.digest = transfers.agreement"
TABLE: Final = Table(
    "transfers",
    {
        "id": Field("id"),
        "transferProcessId": Field("id"),
        "agreementId": CONTRACT_ID,
        "contractId": CONTRACT_ID,
        "contractAgreementId": CONTRACT_ID,
        "contractNegotiationId": Field(f"({_AGREED.format('negotiation')})"),
        "assetId": Field(f"({_AGREED.format('product')})"),
        "providerId": Field("peer"),
        "createdAt": Field("created", moment),
    },
    condition=f"{_LIVE} AND {_KEPT}",
)


class References:
    """The references of one participant as consumer."""

    def __init__(self, core: Core, peers: Peers) -> None:
        self._core, self._peers = core, peers

    async def page(self, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the references that a query asks for."""
        asked = query.read(spec, TABLE)
        return await self._core.store.read(lambda tx: [_entry(tx, key) for key in query.ids(tx, TABLE, asked)])

    async def address(self, key: str, wishes: Mapping[str, str]) -> dict[str, Any]:
        """Return where the data of a transfer are, with a fresh token if it is asked for and given; raises Absent."""
        with suppress(Conflict):
            if wishes.get(AUTO_REFRESH, "").lower() == "true":
                return await self.refresh(key)
        return _shown(await self._core.store.read(lambda tx: _live(tx, key)))

    async def refresh(self, key: str) -> dict[str, Any]:
        """Return where the data are, with a fresh token; raises Absent, Conflict where the provider gives none."""
        row = await self._core.store.read(lambda tx: _live(tx, key))
        try:
            address = await renewal.renewed(self._core, self._peers, row.peer, row)
        except (PeerRefused, PeerMisbehaved) as fault:
            raise Conflict(f"the provider gives no fresh token: {fault}", NOT_RENEWED) from fault
        return _shown(replace(row, address=address))

    async def delete(self, key: str) -> None:
        """Throw a reference away; raises Absent."""

        def act(tx: Tx) -> None:
            _live(tx, key)
            tx.insert(EdrRow(transfer=key, created=self._core.clock.now()))

        await self._core.store.write(act)


def _shown(row: TransferRow) -> dict[str, Any]:
    """Return a data address in EDC's form."""
    assert row.address is not None, "it is looked for with one"
    told = data_address.properties(row.address)
    kind = row.address.get("endpointType", data_address.TYPE_HTTP)
    return {
        "@type": "DataAddress",
        "type": kind,
        "endpointType": kind,
        **{name: value for name, value in told.items() if name not in ("type", "endpointType")},
        "endpoint": data_address.endpoint(row.address),
        "authType": told.get("authType", bearers.AUTH_TYPE),
        "authorization": bearers.of_address(row.address).removeprefix(bearers.SCHEME),
    }


def _live(tx: Tx, key: str) -> TransferRow:
    row = tx.get(TransferRow, id=key)
    live = row is not None and row.role == CONSUMER and row.state == STARTED and row.format != FORMAT_PUSH
    if row is None or not live or row.address is None or tx.get(EdrRow, transfer=key) is not None:
        raise Absent(f"there is no reference to data of a transfer `{key[:200]}`", "it is there while one runs")
    return row


def _entry(tx: Tx, key: str) -> dict[str, Any]:
    row = _live(tx, key)
    agreement = tx.get(AgreementRow, digest=row.agreement)
    assert agreement is not None, "a transfer has its agreement"
    return {
        "@type": KIND,
        "@id": row.id,
        "transferProcessId": row.id,
        "agreementId": AGREEMENT_URN + row.agreement,
        "contractNegotiationId": agreement.negotiation,
        "assetId": agreement.product,
        "providerId": row.peer,
        "createdAt": milliseconds(row.created),
    }
