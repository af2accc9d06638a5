"""EIP-1186 proofs: an account and some of its storage under the state root of a block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rlp
from eth.rlp.accounts import Account
from eth_typing import Hash32
from eth_utils.address import to_checksum_address
from trie.hexary import HexaryTrie

from contracts.keccak import keccak
from ledger.embedded.documents import data, quantity

if TYPE_CHECKING:
    from eth.abc import BlockHeaderAPI

    from ledger.embedded.store import Store


def prove(store: Store, header: BlockHeaderAPI, address: bytes, slots: list[bytes]) -> dict[str, Any]:
    """Return the proof document of `eth_getProof`; absent accounts and slots are proven absent."""
    key = keccak(address)
    accounts = HexaryTrie(store, Hash32(header.state_root))
    encoded = accounts[key]
    account = rlp.decode(encoded, Account) if encoded else Account()
    storage = HexaryTrie(store, Hash32(account.storage_root))
    return {
        "address": to_checksum_address(address),
        "accountProof": _path(accounts, key),
        "balance": quantity(account.balance),
        "nonce": quantity(account.nonce),
        "codeHash": data(account.code_hash),
        "storageHash": data(account.storage_root),
        "storageProof": [_slot_proof(storage, slot) for slot in slots],
    }


def _slot_proof(storage: HexaryTrie, slot: bytes) -> dict[str, Any]:
    encoded = storage[keccak(slot)]
    value = int.from_bytes(rlp.decode(encoded), "big") if encoded else 0
    return {"key": data(slot), "value": quantity(value), "proof": _path(storage, keccak(slot))}


def _path(trie: Any, key: bytes) -> list[str]:
    return [data(rlp.encode(node)) for node in trie.get_proof(key)]
