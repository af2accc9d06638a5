"""Filings in number (备案): so many contracts filed with a platform, one after the other, and looked up among them.

Each is signed by both of its parties and taken in by the platform's own register, with its line, its events and both
control instructions; what is left out is HTTP and the way of the instructions. Every contract is of one provider, which
is the worst case of its own page of the register.

    python -m bench.filings [NUMBER]
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connector.exchange.filings import Filings
from connector.exchange.signed_filings import SignedFilings
from connector.runtime.clock import Clock
from connector.store.evidence import Evidence
from connector.store.store import Store
from connector.store.tables import TABLES
from contracts.digital_contract import contract_code
from contracts.ndi.interfaces import filed_part
from contracts.ndi.proof import sign
from contracts.signature import address

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBER = 100_000
PROVIDER, CONSUMER, PLATFORM = (f"did:web:{name}.example" for name in ("provider", "consumer", "platform"))
AT = datetime(2026, 11, 29, tzinfo=UTC)
SPREAD = 200  # look-ups among all that is filed, and the filings at either end that are compared


@dataclass(frozen=True)
class Seen:
    """How long filings and look-ups took, in milliseconds: the median of the first and of the last, and per kind."""

    filed: int
    first_ms: float
    last_ms: float
    show_ms: float
    page_ms: float
    supervised_ms: float
    bytes_each: float


class Platform:
    """The register of one platform over a database of its own."""

    def __init__(self, store: Store) -> None:
        self.keys = {did: sha256(did.encode()).digest() for did in (PROVIDER, CONSUMER)}
        members = {did: member(did, "provider" if did == PROVIDER else "buyer", key) for did, key in self.keys.items()}
        members[PLATFORM] = member(PLATFORM, "exchange", None)
        by = {one.address: one for one in members.values()}
        space = SimpleNamespace(members=members, exchange=PLATFORM, by_address=by.get)
        view: Any = SimpleNamespace(last=lambda: space)
        domain = SimpleNamespace(verifying_contract=bytes(20), salt=bytes(32))
        programs: Any = SimpleNamespace(deployment=SimpleNamespace(domain=lambda _name: domain))
        evidence = Evidence(PLATFORM, "platform.example/log", Ed25519PrivateKey.generate(), {})
        identity = SimpleNamespace(did=PLATFORM, roles={"exchange"}, sign_part=lambda part: sha256(part).digest() * 2)
        self.core: Any = SimpleNamespace(store=store, evidence=evidence, identity=identity, clock=Clock())
        self.owed = 0
        ways: Any = SimpleNamespace(parties=SimpleNamespace(holder=_itself), owe=self._owe)
        self.filings = SignedFilings(self.core, view, SimpleNamespace(), programs, ways)  # type: ignore[arg-type]
        self.register = Filings(self.core, programs, view)

    def _owe(self, *_told: object) -> None:
        self.owed += 1

    def contract(self, number: int) -> dict[str, Any]:
        """Return a contract that both parties have signed."""
        request = sha256(str(number).encode()).digest()
        said = {
            "contractName": f"Tides {number}",
            "contractId": contract_code(bytes(20), request, AT + timedelta(seconds=number)),
            "strategy": {
                "subjectInfo": {"dataProductId": "urn:tides", "dataProductEntityId": PROVIDER},
                "executionNodeInfo": {"providerNodeId": PROVIDER, "consumerNodeId": CONSUMER},
                "actions": ["read"],
            },
            "signatoryTime": AT.isoformat(),
            "contractExpansionItem": "-",
        }
        part = filed_part(said)
        signers = [
            {"signatoryEntityId": did, "signature": sign(part, account=key, sm2=None).hex()}
            for did, key in self.keys.items()
        ]
        return {**said, "signatoryEntities": signers}

    async def file(self, document: dict[str, Any]) -> str:
        """File a contract; returns its code."""
        return (await self.filings.register(document, PROVIDER, self.core.store.write)).code


async def _itself(said: str) -> str:
    return said


def member(did: str, role: str, key: bytes | None) -> Any:
    """Return a member of the space, as far as a register looks at one."""
    account = bytes(20) if key is None else address(key)
    return SimpleNamespace(did=did, role=role, address=account, accounts=(account,), sm2=None, url=f"https://{did[8:]}")


async def run(folder: Path, number: int, say: Callable[[str], object] = print) -> Seen:
    """File so many contracts, and look them up."""
    path = folder / "platform.db"
    store = await Store.open(path, TABLES)
    try:
        platform = Platform(store)
        codes, took = [], []
        for one in range(number):
            document = platform.contract(one)
            begun = time.perf_counter()
            codes.append(await platform.file(document))
            took.append(time.perf_counter() - begun)
            if (one + 1) % 10_000 == 0:
                say(f"{one + 1} filed, {statistics.median(took[-SPREAD:]) * 1e3:.2f} ms each")
        step = max(number // SPREAD, 1)
        shows = [await timed(platform.register.show(code, PROVIDER)) for code in codes[::step]]
        pages = [await timed(platform.register.page(PROVIDER, 0)) for _ in range(20)]
        every = [await timed(platform.register.page(PLATFORM, 0)) for _ in range(20)]
        size = sum(one.stat().st_size for one in folder.iterdir())
        ends = [statistics.median(part) * 1e3 for part in (took[:SPREAD], took[-SPREAD:], shows, pages, every)]
        assert platform.owed == 2 * number, "both parties are instructed of each"
        return Seen(number, *ends, size / number)
    finally:
        await store.close()


async def timed(asked: Any) -> float:
    """Return how many seconds something takes."""
    begun = time.perf_counter()
    await asked
    return time.perf_counter() - begun


def main() -> None:
    """Print what was seen, as JSON."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else NUMBER
    with tempfile.TemporaryDirectory() as folder:
        seen = asyncio.run(run(Path(folder), number, lambda line: print(line, file=sys.stderr)))
    print(json.dumps(seen.__dict__, indent=2))


if __name__ == "__main__":
    main()
