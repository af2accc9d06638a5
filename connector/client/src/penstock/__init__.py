"""Find, buy and open data by your own participant's connector; publish and settle.

    import penstock

    buyer = penstock.connect("penstock-data")
    [product, *_] = buyer.find("weather")
    got = buyer.get(product.id, max_price=420, purpose="Research")
    frame = buyer.open(got, purpose="Research").to_pandas()

`connect` waits for each answer and works in notebooks; `Client` is the same for `async with`. Every act of
docs/reference.md is a method of both. A fault is a `PenstockError` with a `hint`, of the class that was met. With
fsspec installed, `penstock://ACQUISITION/file` is a path of pandas, pyarrow and whatever else takes file systems.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.client import Client
from connector.client.opened_table import OpenedTable
from connector.client.results import Acquired, Asked, Exported, Opened, Product, Published, Quote, Settled
from connector.client.waiting import WaitingClient
from connector.runtime.errors import (
    Absent,
    AddressRefused,
    ChainReverted,
    Conditional,
    Conflict,
    InvalidInput,
    NotPermitted,
    OutcomeUnknown,
    PaymentRefused,
    PeerMisbehaved,
    PeerRefused,
    PeerUnreachable,
    PenstockError,
    PurchaseRefused,
    ReaderGone,
    ServerAbsent,
    SettingsError,
    TokenError,
    Unproven,
    VerificationFailed,
)

if TYPE_CHECKING:
    from pathlib import Path

    from connector.client.file_system import PenstockFileSystem

__all__ = [
    "Absent",
    "Acquired",
    "AddressRefused",
    "Asked",
    "ChainReverted",
    "Client",
    "Conditional",
    "Conflict",
    "Exported",
    "InvalidInput",
    "NotPermitted",
    "Opened",
    "OpenedTable",
    "OutcomeUnknown",
    "PaymentRefused",
    "PeerMisbehaved",
    "PeerRefused",
    "PeerUnreachable",
    "PenstockError",
    "PenstockFileSystem",
    "Product",
    "Published",
    "PurchaseRefused",
    "Quote",
    "ReaderGone",
    "ServerAbsent",
    "SettingsError",
    "Settled",
    "TokenError",
    "Unproven",
    "VerificationFailed",
    "WaitingClient",
    "connect",
]


def connect(data: str | Path | None = None, *, token: str = "", trust: str | Path = "") -> WaitingClient:
    """Return the client of the participant in the directory `data` (default: penstock-data), whose server runs.

    `data` may be the server's address, with the `token` of its owner, and in `trust` a PEM file of authorities to
    believe. Use it in `with`, or `close` it. Raises ServerAbsent where no server was started.
    """
    client = WaitingClient(data, token=token, trust=trust)
    client.__enter__()
    return client


def __getattr__(name: str) -> Any:
    """Return the file system when it is asked for: it needs fsspec, an extra."""
    if name == "PenstockFileSystem":
        from connector.client.file_system import PenstockFileSystem  # noqa: PLC0415  # an extra

        return PenstockFileSystem
    raise AttributeError(f"module `penstock` has no `{name}`")
