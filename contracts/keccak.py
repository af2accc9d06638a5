"""Keccak-256 (32 bytes) of bytes: the hash of the chain, of EIP-712 and of addresses."""

from __future__ import annotations

import os

from eth_hash.auto import keccak

__all__ = ["keccak"]

# by a C extension, also for whom we use: a seventh of the time of eth-hash's first choice, and no parser of C at each
# start; eth-hash chooses when the first thing is hashed
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")
