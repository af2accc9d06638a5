"""Proofs of a chain's state (EIP-1186), checked without asking the chain: account and slots under a state root.

Law: an absent account or slot must be proven absent; a value that does not follow from the root is an error, not zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import rlp
from trie.exceptions import BadTrieProof
from trie.hexary import HexaryTrie

from contracts.errors import why
from contracts.keccak import keccak
from ledger.chain.abi import WORD_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_PROOF_NODES = 64 + 1
_EMPTY_ROOT = keccak(rlp.encode(b""))
_EMPTY_CODE = keccak(b"")
Nodes = tuple[bytes, ...]
# untyped upstream
_trie: Any = HexaryTrie


class StateProofError(ValueError):
    """A proof does not show what it claims; whoever gave it is at fault."""


@dataclass(frozen=True, slots=True)
class StateProof:
    """An account and some storage slots, each value with the trie nodes that lead to it."""

    address: bytes
    nonce: int
    balance: int
    storage_root: bytes
    code_hash: bytes
    nodes: Nodes
    slots: Mapping[bytes, tuple[int, Nodes]]

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> StateProof:
        """Read the document of `eth_getProof`."""
        try:
            slots = {_slot(each["key"]): _slot_proof(each) for each in document["storageProof"]}
            return cls(
                address=_data(document["address"]),
                nonce=int(document["nonce"], 16),
                balance=int(document["balance"], 16),
                storage_root=_stated(document["storageHash"], _EMPTY_ROOT),
                code_hash=_stated(document["codeHash"], _EMPTY_CODE),
                nodes=_nodes(document["accountProof"]),
                slots=slots,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise StateProofError(f"not the document of a state proof: {why(error)}") from error

    def json(self) -> dict[str, Any]:
        """Return the document of `eth_getProof`, as we write it."""
        return {
            "address": _shown(self.address),
            "nonce": hex(self.nonce),
            "balance": hex(self.balance),
            "storageHash": _shown(self.storage_root),
            "codeHash": _shown(self.code_hash),
            "accountProof": [_shown(node) for node in self.nodes],
            "storageProof": [
                {"key": _shown(slot), "value": hex(value), "proof": [_shown(node) for node in nodes]}
                for slot, (value, nodes) in self.slots.items()
            ],
        }

    def verify(self, state_root: bytes) -> None:
        """Raise `StateProofError` unless account and slots follow from `state_root` (32 bytes)."""
        account = rlp.encode([self.nonce, self.balance, self.storage_root, self.code_hash])
        empty = (self.nonce, self.balance, self.storage_root, self.code_hash) == (0, 0, _EMPTY_ROOT, _EMPTY_CODE)
        _check(state_root, self.address, self.nodes, b"" if empty else account)
        for slot, (value, nodes) in self.slots.items():
            _check(self.storage_root, slot, nodes, rlp.encode(value) if value else b"")


def slot_of(base: int, *keys: bytes) -> int:
    """Return where a Vyper program keeps a mapping's value: the mapping's slot `base`, then each key in turn."""
    slot = base
    for key in keys:
        slot = int.from_bytes(keccak(slot.to_bytes(WORD_BYTES, "big") + key.rjust(WORD_BYTES, b"\0")), "big")
    return slot


def _check(root: bytes, key: bytes, nodes: Nodes, expected: bytes) -> None:
    if root == _EMPTY_ROOT and not nodes:
        found = b""
    else:
        try:
            found = _trie.get_from_proof(root, keccak(key), [rlp.decode(node) for node in nodes])
        except (BadTrieProof, rlp.DecodingError) as error:
            raise StateProofError(f"the proof of `{key.hex()}` does not lead to the root") from error
    if found != expected:
        raise StateProofError(f"the proof of `{key.hex()}` shows another value")


def _slot_proof(document: Mapping[str, Any]) -> tuple[int, Nodes]:
    return int(document["value"], 16), _nodes(document["proof"])


def _nodes(encoded: Sequence[str]) -> Nodes:
    if len(encoded) > MAX_PROOF_NODES:
        raise ValueError("a path has at most one node a nibble")
    return tuple(_data(node) for node in encoded)


def _slot(key: str) -> bytes:
    return int(key, 16).to_bytes(WORD_BYTES, "big")


def _stated(text: str, of_nothing: bytes) -> bytes:
    """Read a hash of an account; of one that is absent geth states zeros, others the hash of nothing."""
    found = _data(text)
    return found if any(found) else of_nothing


def _shown(raw: bytes) -> str:
    return "0x" + raw.hex()


def _data(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
