"""Every kind of key that a participant has, as a table: where it rests, what it is for, and how it is replaced.

Law: a key that can be replaced has one command for it. One that stays is bound to what others keep: an exchange's
account is what its space is founded by. What is drawn from a key goes with it. Who loses one that stays leaves and
joins anew (docs/keys.md says how).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from connector.identity.keys import AGREEMENT, DELIVERY, LOG, SM2, TOKEN
from connector.identity.platform_key import SIMULATED

FOR_LIFE: Final = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of key: its file (in the data folder, or which setting names it) and the command that replaces it."""

    name: str
    file: str
    algorithm: str
    purpose: str
    command: str


MANAGEMENT: Final = "management"
VAULT: Final = "vault"
# where that lies in a module, from a file that stands in for it
DRAWN_FROM_LOG: Final = ("cosigner", "hybrid")
# what is replaced with the log's key
OF_LOG: Final = (LOG, *DRAWN_FROM_LOG)
# the command calls by its name what the key is
ACCOUNT: Final = "account"
_ROTATE_ACCOUNT: Final = f"penstock key rotate {ACCOUNT}"
_ROTATE_LOG: Final = f"penstock key rotate {LOG}"
KINDS: Final = {
    one.name: one
    for one in (
        Kind(TOKEN, "keys/token.key", "P-256", "proves who we are, and what we issue", f"penstock key rotate {TOKEN}"),
        Kind(AGREEMENT, "keys/agreement.key", "secp256k1", "signs agreements, vouchers, transactions", _ROTATE_ACCOUNT),
        Kind(LOG, "keys/log.key", "Ed25519", "signs the heads of our log", _ROTATE_LOG),
        Kind("cosigner", "keys/log.key", "ML-DSA-44", "cosigns others' heads, drawn from `log`", _ROTATE_LOG),
        Kind(DELIVERY, "keys/delivery.key", "X25519", "opens what is sealed to us", f"penstock key rotate {DELIVERY}"),
        Kind(SM2, "keys/sm2.key", "SM2", "signs contracts of national interfaces", f"penstock key rotate {SM2}"),
        Kind("hybrid", "keys/log.key", "X25519 with ML-KEM-768", "opens event fields, drawn from `log`", _ROTATE_LOG),
        Kind("witness", "keys/aggregate.key", "BLS12-381", "witnesses many heads at once", "penstock log rekey"),
        Kind(SIMULATED, f"keys/{SIMULATED}.key", "Ed25519", "simulated platform: no hardware vouches", FOR_LIFE),
        Kind(VAULT, "vault.kek_file", "AES-256", "wraps the keys of sealed data", "penstock vault rekey"),
        Kind(MANAGEMENT, "management.token", "random", "lets the owner manage", f"penstock key rotate {MANAGEMENT}"),
        Kind("tls", "server.tls_key", "as its file", "serves this address", "new files under the same names"),
    )
}
