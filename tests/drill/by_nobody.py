"""What befalls honest people: the audit says what it could not see or was not told, and accuses nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ledger.log import checkpoint as checkpoints
from ledger.log import disclosure
from ledger.log.checkpoint import Checkpoint, origin_id
from tests.drill.cheat import Cheat
from tests.drill.scene import ROLES

if TYPE_CHECKING:
    from tests.drill.scene import Scene

LOST = 12  # entries that a back-up lacks
RESTORED = "log.restored"


def _late(scene: Scene) -> None:
    """The first half of each log was written before there was anybody to disclose it to, its marks too."""
    scene.from_the_start()
    for role in ROLES:
        half = len(scene.logs[role]) // 2
        scene.logs[role][:half] = [_undisclosed(scene, role, at) for at in range(half)]
    scene.publish_all()


def _undisclosed(scene: Scene, role: str, at: int):
    """Return an entry whose values only its owner can open."""
    leaf, own = scene.logs[role][at], disclosure.recipient_id(scene.loot[role].keys.delivery_public)
    return replace(leaf, boxes={name: box for name, box in leaf.boxes.items() if name == own})


def _behind(scene: Scene, role: str) -> None:
    """Serve the head of the half of a log: the newer ones were not witnessed, and the log has gone on."""
    scene.from_the_start()
    leaves = scene.logs[role]
    half, member = len(leaves) // 2, scene.member(role)
    log, _ = scene.loot[role].rebuilt(leaves[:half])
    witnesses = [one.role for one in scene.space.witnesses_of(member.did)]
    head = Checkpoint(member.origin, half, log.root())
    note = scene.cosigned(checkpoints.sign(head, scene.loot[role].keys.log), witnesses)
    scene.add_pages(role, log, note, leaves[:half])
    scene.erase(*scene.events("Anchored", origin=origin_id(member.origin)))
    scene.anchor(role, half, log.root())


def _exchange_behind(scene: Scene) -> None:
    _behind(scene, "exchange")


def _provider_behind(scene: Scene) -> None:
    _behind(scene, "provider")


def _restored(scene: Scene) -> None:
    """The provider's newest entries came back from a mirror, which has no values, and its log says so."""
    leaves = scene.logs["provider"]
    kept = len(leaves) - LOST
    before, after = (scene.loot["provider"].rebuilt(leaves[:size])[0].root().hex() for size in (kept, len(leaves)))
    leaves[kept:] = [replace(leaf, boxes={}) for leaf in leaves[kept:]]
    scene.add("provider", RESTORED, leaves[-1].entry.party, (before, after), cause="restored from a back-up")
    scene.publish_all()


ACCIDENTS = (
    Cheat(
        "regulator came late", "nobody", "P5", _late, "events-undisclosed", "provider",
        honest="of hiding what was written before there was a supervisor",
    ),
    Cheat(
        "exchange's anchor failed", "nobody", "P5", _exchange_behind,
        honest="of having lost what came after its newest witnessed head",
    ),
    Cheat(
        "provider's anchor failed", "nobody", "P5", _provider_behind, "log-behind", "provider",
        honest="of leaving out what it wrote after its newest witnessed head",
    ),
    Cheat(
        "provider restored", "nobody", "P1", _restored, "events-lost", "provider",
        honest="of hiding values that a mirror does not have",
    ),
)  # fmt: skip
