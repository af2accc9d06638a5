"""A dispute bundle as anybody can judge it (spec 6): what the channel kept, completed with what lies elsewhere.

Law: everything in it was here before the fault. The provider's signature under the edition is asked for before the
first window is paid, because a cheat would not give it afterwards; every piece is opened before its window is
acknowledged, because then the proof is gone.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector.channel import receive
from connector.channel.equivocation import CODE as EQUIVOCATION
from connector.custody import replicas
from connector.custody.reader import Reader
from connector.custody.sealed_file import SealedFile
from connector.runtime.errors import VerificationFailed
from connector.store.rows.agreement import AgreementRow
from contracts.decimals import read_hex
from contracts.signature import SIGNATURE_BYTES, is_by
from contracts.typed_data import Agreement, Edition, digest
from contracts.typed_json import from_json, to_json
from ledger.dispute import bundle as bundles
from ledger.edition.header import Header, read_header
from ledger.edition.opening import Code, OpeningError
from ledger.edition.row_table import RowTable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from connector.channel.doors import Buyer
    from connector.channel.receive import Received
    from connector.core.core import Core
    from connector.store.rows.channel import BundleRow
    from connector.store.transaction import Tx
    from contracts.typed_data import Domain


def next_steps(bundle: str) -> str:
    """Return what a buyer does with a bundle that was kept."""
    judge = f"penstock show {bundle} --json > bundle.json, penstock verify bundle.json"
    return f"anyone can judge it: {judge}; for your money: penstock dispute file {bundle}"


def edition_of(header: Header) -> Edition:
    """Return what the provider signs for an edition."""
    return Edition(header.edition_id(), header.series, header.number)


def read_seal(document: Any, header: Header, agreement: AgreementRow, registry: Domain) -> bytes:
    """Return the signature of `{"edition", "signature"}`; raises VerificationFailed if it is not the provider's."""
    signature = read_hex(
        document.get("signature") if isinstance(document, dict) else None, "signature", SIGNATURE_BYTES
    )
    provider = from_json(Agreement, agreement.agreement).provider
    if not is_by(provider, digest(registry, edition_of(header)), signature):
        raise VerificationFailed("the provider did not sign the edition it sells", "pay nothing for it")
    return signature


def seal_json(header: Header, signature: bytes) -> dict[str, Any]:
    """Return the provider's signed edition as it is served."""
    return {"edition": to_json(edition_of(header)), "signature": signature.hex()}


async def unopenable(path: Path, table: RowTable, received: Received) -> int | None:
    """Open every piece whose key came (spec 4, message 4); return the first that was sealed wrong, None if none was."""
    return await asyncio.to_thread(_unopenable, received, path, table)


async def accuse(core: Core, buyer: Buyer, channel: bytes, received: Received, row: int) -> None:
    """Stop paying for a malformed edition and keep the bundle; raises VerificationFailed."""
    now = core.clock.now()
    code, preimage = Code.EDITION.value, received.preimage
    bundle = await core.store.write(
        lambda tx: receive.on_fault(tx, buyer, channel, received.seq, row, code, preimage, now)
    )
    raise VerificationFailed(
        f"piece {row} does not open with its own key: the provider sealed another thing than it committed to",
        next_steps(bundle),
    )


def _unopenable(received: Received, path: Path, table: RowTable) -> int | None:
    with SealedFile(path, table) as sealed:
        reader = Reader(sealed, {key.row: key.secret for key in received.keys})
        for key in received.keys:
            try:
                reader.open_row(key.row)
            except OpeningError as error:
                if error.code is Code.EDITION:
                    return key.row
                raise
    return None


def document(tx: Tx, row: BundleRow, folder: Path) -> Any:
    """Return the bundle of a row of `bundles`; two messages that contradict each other stand for themselves.

    `folder` is that of the replicas: a malformed edition is shown by the sealed bytes of one piece.
    """
    part = row.bundle
    if row.code == EQUIVOCATION:
        return part
    order = part["batch"]["orders"][_order_of(part)]
    agreement = tx.get(AgreementRow, digest=order["agreementDigest"])
    found = replicas.under(tx, order["agreementDigest"])
    assert agreement is not None, "keys are bought under an agreement"
    assert found is not None, "and for a replica"
    assert found.seal is not None, "it is kept with the replica"
    header = read_header(found.header)
    edition = bundles.Signed(edition_of(header), found.seal)
    bundle = bundles.complete(part, header, edition, agreement.signatures)
    if row.code == Code.EDITION.value:
        with SealedFile(folder / found.path, RowTable(found.rows)) as sealed:
            bundle = replace(bundle, ciphertext=next(sealed.read_pieces(bundle.index, 1)))
    return bundle.json()


def _order_of(part: Mapping[str, Any]) -> int:
    """Return which order of the batch the disputed position belongs to."""
    left = int(part["position"])
    for number, order in enumerate(part["batch"]["orders"]):
        rows = sum(int(count) for _, count in order["ranges"])
        if left < rows:
            return number
        left -= rows
    raise AssertionError("a position lies in its batch")
