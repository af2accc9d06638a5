"""What a thief of witness keys may try: heads on the chain in the witnesses' names, of logs that never had them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.log.witness import COSIGNED
from tests.drill.cheat import Cheat

if TYPE_CHECKING:
    from tests.drill.scene import Scene

MORE = 1_000  # entries that the log does not have


def _anchor_stolen(scene: Scene) -> None:
    """Anchor a head of the provider's log with the keys of both its witnesses, who show what they cosigned."""
    provider = scene.member("provider")
    note = scene.kept[f"page/{provider.url}/log/checkpoint"]
    for witness in scene.space.witnesses_of(provider.did):
        scene.kept[f"page/{witness.url}/log/{COSIGNED}/{provider.origin}"] = note
    scene.anchor("provider", len(scene.logs["provider"]) + MORE, b"\x02" * 32)


CHEATS = (
    Cheat(
        "anchors what a log never had",
        "thief of witness keys",
        "P4",
        _anchor_stolen,
        "anchor-without-checkpoint",
        "regulator",
    ),
)
