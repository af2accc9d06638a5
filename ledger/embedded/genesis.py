"""The first block: a chain id drawn at random, no accounts, no fees.

The id is random because program addresses depend on deployer and nonce only: two embedded chains with one default id
would accept each other's signatures (spec 2). It stays below 2^53 so that JavaScript wallets read it exactly.
The fork is Paris, the oldest rules our programs are compiled for, so what runs here runs on the plainest chain.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from eth.chains.base import MiningChain
from eth.constants import ZERO_ADDRESS
from eth.db.atomic import AtomicDB
from eth.vm.forks.paris import ParisVM
from eth_typing import BlockNumber

if TYPE_CHECKING:
    from eth.abc import BlockHeaderAPI

    from ledger.embedded.store import Store

CHAIN_ID_BITS = 53
BLOCK_GAS_LIMIT = 30_000_000
FORK = "paris"


class SameSecondVM(ParisVM):
    """Paris, but blocks may share a second.

    One block a transaction under the rule of strictly later blocks would run ahead of the clock under load, and
    channels expire by block time. Time still never goes backwards.
    """

    @classmethod
    def validate_header(cls, header: BlockHeaderAPI, parent_header: BlockHeaderAPI) -> None:
        """Check a header against its parent, taking an equal time stamp for the next one."""
        if header.timestamp == parent_header.timestamp:
            parent_header = parent_header.copy(timestamp=parent_header.timestamp - 1)
        super().validate_header(header, parent_header)


def open_chain(store: Store, now: int) -> MiningChain:
    """Return the chain in `store`, with a genesis block of time `now` (posix seconds) if there is none."""
    if store.setting("chain_id") is None:
        _found(store, now)
    assert store.setting("fork") == FORK, "a chain keeps the rules it was founded with"
    return _chain_class(int(store.setting("chain_id") or 0))(AtomicDB(store))


def found_chain(database: AtomicDB, chain_id: int, time: int) -> MiningChain:
    """Put the first block of a chain into an empty database; id and time (posix seconds) are all that it depends on."""
    params: dict[str, Any] = {
        "gas_limit": BLOCK_GAS_LIMIT,
        "timestamp": time,
        "coinbase": ZERO_ADDRESS,
        "difficulty": 0,
        "base_fee_per_gas": 0,
    }
    founded: Any = _chain_class(chain_id).from_genesis(database, params)
    chain: MiningChain = founded
    return chain


def _found(store: Store, now: int) -> None:
    chain_id = secrets.randbelow(2**CHAIN_ID_BITS - 1) + 1
    with store.transaction():
        store.fix("chain_id", str(chain_id))
        store.fix("fork", FORK)
        found_chain(AtomicDB(store), chain_id, now)


def _chain_class(chain_id: int) -> type[MiningChain]:
    configured: type[MiningChain] = MiningChain.configure(
        __name__="EmbeddedMiningChain",
        chain_id=chain_id,
        vm_configuration=((BlockNumber(0), SameSecondVM),),
    )
    return configured
