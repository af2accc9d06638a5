"""A transaction signed by an account, whose secret is here or elsewhere.

Law: what is signed is the digest that `eth-account` makes of the fields, and what is sent is as it writes it: of either
kind of key the bytes of a transaction have one form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from eth_account._utils.signing import sign_transaction_dict

from contracts import signature

if TYPE_CHECKING:
    from contracts.signature import Secret


class _Signature(NamedTuple):
    vrs: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Signer:
    """An account as `eth-account` asks it."""

    key: Secret

    def sign_msg_hash(self, digest: bytes) -> _Signature:
        made = signature.sign(bytes(digest), self.key)
        parity = made[64] - signature.FIRST_V
        return _Signature((parity, int.from_bytes(made[:32], "big"), int.from_bytes(made[32:64], "big")))


def raw_transaction(fields: dict[str, Any], key: Secret) -> bytes:
    """Return the signed bytes of a transaction's fields; raises what the key raises where it cannot sign."""
    signer: Any = _Signer(key)
    return bytes(sign_transaction_dict(signer, fields)[3])
