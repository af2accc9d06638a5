"""The first block: a chain id drawn at random, no accounts, no fees.

The id is random because program addresses depend on deployer and nonce only: two embedded chains with one default id
would accept each other's signatures (spec 2). It stays below 2^53 so that JavaScript wallets read it exactly.
Its rules are a row of `rules.RULES`, kept with the chain.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from eth.chains.base import MiningChain
from eth.constants import ZERO_ADDRESS
from eth.db.atomic import AtomicDB
from eth_typing import BlockNumber

from ledger.embedded.rules import PARIS, RULES

if TYPE_CHECKING:
    from ledger.embedded.store import Store

CHAIN_ID_BITS = 53
BLOCK_GAS_LIMIT = 30_000_000


def open_chain(store: Store, now: int, rules: str = PARIS) -> MiningChain:
    """Return the chain in `store`, with a genesis block of time `now` (posix seconds) if there is none.

    `rules` are those of a new chain; one that is there keeps its own.
    """
    if store.setting("chain_id") is None:
        _found(store, now, rules)
    return _chain_class(int(store.setting("chain_id") or 0), rules_of(store))(AtomicDB(store))


def rules_of(store: Store) -> str:
    """Return the name of the rules that the chain in `store` was founded with."""
    rules = store.setting("fork") or ""
    assert rules in RULES, "a chain keeps the rules it was founded with"
    return rules


def found_chain(database: AtomicDB, chain_id: int, time: int, rules: str = PARIS) -> MiningChain:
    """Put the first block of a chain into an empty database; it depends on id and time (posix seconds) alone."""
    params: dict[str, Any] = {
        "gas_limit": BLOCK_GAS_LIMIT,
        "timestamp": time,
        "coinbase": ZERO_ADDRESS,
        "difficulty": 0,
        "base_fee_per_gas": 0,
    }
    founded: Any = _chain_class(chain_id, rules).from_genesis(database, params)
    chain: MiningChain = founded
    return chain


def _found(store: Store, now: int, rules: str) -> None:
    chain_id = secrets.randbelow(2**CHAIN_ID_BITS - 1) + 1
    with store.transaction():
        store.fix("chain_id", str(chain_id))
        store.fix("fork", rules)
        found_chain(AtomicDB(store), chain_id, now, rules)


def _chain_class(chain_id: int, rules: str) -> type[MiningChain]:
    configured: type[MiningChain] = MiningChain.configure(
        __name__="EmbeddedMiningChain",
        chain_id=chain_id,
        vm_configuration=((BlockNumber(0), RULES[rules]),),
    )
    return configured
