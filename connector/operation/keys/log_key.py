"""The key of our log and those before it, once another one is drawn: taken, recorded, and signed by in time alone.

Law: (1) the former key signs the next one before it gives way. (2) The log says under which key it goes on, and from
which entry. What a crash interrupted is recorded by the next start.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from connector.identity import former_log, jwk, vouching
from connector.identity.followed_log import CURVE
from connector.identity.former_log import FormerLogKey
from connector.identity.keys import LOG
from connector.operation.keys.replaced import followed, record
from connector.runtime.data_folder import KEYS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from connector.core.core import Core
    from connector.identity.identity import Identity
    from connector.store.transaction import Tx

FACT: Final = "log key"


def former(identity: Identity, coming: Ed25519PrivateKey, size: int, until: datetime) -> FormerLogKey:
    """Return the present key as one that was, which vouches for the one that follows it."""
    keys, next_ = identity.keys, jwk.of_bytes(coming.public_key().public_bytes_raw(), CURVE)
    proof = vouching.proof(identity.did, keys.log, next_)
    secret = keys.log.private_bytes_raw()
    return FormerLogKey(keys.log_public, size, until.replace(microsecond=0), keys.hybrid, proof, secret)


def take(core: Core, secret: Ed25519PrivateKey, kept: Sequence[FormerLogKey]) -> None:
    """Sign heads by this key from now on, and by the one before while its time is not over."""
    now = core.clock.now()
    core.identity.take_log(secret, tuple(one.at(now) for one in kept))
    keys = core.identity.keys
    core.evidence.sign_by(former_log.signers(keys.log, keys.log_former), core.identity.member.former_vkeys)


async def settle(core: Core, reason: str) -> None:
    """Record by which key our log goes on, if it does not say so yet, and how many entries it had under the former."""
    key = core.identity.keys.log_public.hex()

    def act(tx: Tx) -> int | None:
        size = core.evidence.size(tx)
        if (before := followed(tx, FACT, key)) is None:
            return None
        core.evidence.sign_published(tx)
        record(tx, core, {"kind": LOG, "from": before, "to": key}, reason)
        return size

    size = await core.store.write(act)
    if size is not None and (kept := former_log.KEPT.read(core.data / KEYS)):
        newest, *others = kept
        former_log.KEPT.write(core.data / KEYS, [replace(newest, size=size), *others])
        take(core, core.identity.keys.log, former_log.KEPT.read(core.data / KEYS))


def forget(core: Core) -> None:
    """Sign by a former key no longer than it was told; its secret is gone with that."""
    now, keys = core.clock.now(), core.identity.keys
    kept = [one.at(now) for one in keys.log_former]
    if list(keys.log_former) != kept:
        former_log.KEPT.write(core.data / KEYS, kept)
        take(core, keys.log, kept)
