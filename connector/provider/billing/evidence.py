"""What a bill is checked with, read from those who keep it: the chain, the provider's log, the edition's row table.

Law: the user says whose chain is asked; the log's key is that of the provider's own DID document, and a log counts only
when its leaves make the root that this key signed. So a leaf that is found is in the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.identity import did as dids
from connector.identity.self_description import base_url
from connector.net import log_files
from connector.runtime import documents
from connector.runtime.errors import VerificationFailed
from ledger.agreement import bill as bills
from ledger.agreement.bill_check import Evidence
from ledger.chain.client import Chain
from ledger.chain.programs import Programs
from ledger.log import note as notes
from ledger.log import reader
from ledger.log.leaves import Leaves
from ledger.log.tiles import decode_tile, tiles_of_level
from ledger.space.log_keys import verifiers

if TYPE_CHECKING:
    from pathlib import Path

    from connector.net.outbound import Outbound
    from ledger.agreement.bill import Bill
    from ledger.chain.programs import Channel, Licence
    from ledger.edition.row_table import RowTable

LOG = "/log"
# of a log only its hashes are read here, and a head is longer than any tile of them
FILE_BYTES_MAX = notes.NOTE_LIMIT_BYTES


class Keepers:
    """Those who keep what a bill is checked with; `development` permits plain http and loopback addresses."""

    def __init__(self, outbound: Outbound, *, development: bool = False) -> None:
        self._outbound, self._development = outbound, development

    async def evidence(self, bill: Bill, rpc: str, log: str | None, rows: Path | None) -> Evidence:
        """Return what there is: the chain at `rpc` (none: not asked), the log at `log` (empty: the provider's own).

        A `log` of None is not read. `rows` is a file with the row table, for a bill that carries none.
        """
        channels, licence = await self._chain(bill, rpc) if rpc else (None, None)
        leaves = None if log is None else await self._leaves(bill.provider, log)
        return Evidence(_table(bill, rows), channels, licence, leaves)

    async def _chain(self, bill: Bill, rpc: str) -> tuple[dict[str, Channel], Licence | None]:
        chain = Chain.connect(rpc)
        try:
            programs = Programs(chain, bill.deployment)
            await programs.confirm()
            found = {}
            for told in bill.channels:
                channel = await programs.channel(bytes.fromhex(told.channel))
                if channel is not None:
                    found[told.channel] = channel
            return found, await programs.licence(bill.key)
        finally:
            await chain.close()

    async def _leaves(self, provider: str, log: str) -> frozenset[bytes]:
        """Return all leaves of the provider's log; raises VerificationFailed if it is not what the provider signed."""
        document = await dids.resolve(provider, self._outbound, development=self._development)
        own = base_url(document) + LOG
        if document.log is None:
            raise VerificationFailed(f"`{provider}` publishes no key of a log")
        name = own.split("://", 1)[1]
        key = notes.log_vkey(name, document.log)
        former = verifiers(name, document.log_former)
        fetch = log_files.below(self._outbound, log or own, FILE_BYTES_MAX)
        try:
            _, checkpoint = await reader.read_checkpoint(fetch, key, former)
            leaves, found = Leaves(), set[bytes]()
            for tile in tiles_of_level(0, checkpoint.size):
                hashes = decode_tile(await fetch(tile.path), tile.width)
                leaves.extend(b"".join(hashes))
                found.update(hashes)
            reader.check_root(checkpoint, leaves)
        except ValueError as error:
            raise VerificationFailed(f"the log of `{provider}` does not verify: {error}") from error
        return frozenset(found)


def _table(bill: Bill, rows: Path | None) -> RowTable | None:
    """Return the table in a file if the bill carries none; its own is looked at with its lines."""
    return None if rows is None or bill.rows is not None else bills.table_of(bill, documents.read(rows))
