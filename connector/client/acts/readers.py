"""The processes that answer statements over data that stay, as they are measured."""

from __future__ import annotations

from typing import Any

from connector.client.acts.act import TRADERS, Act
from connector.client.acts.columns import Column

READERS = (
    Column("ANSWERS", "answers"),
    Column("CONFINED BY", lambda row: ", ".join(row["confined"])),
    Column("MEASUREMENT", "measurement"),
)


def _vouching(told: Any) -> list[str]:
    return [f"vouched for, where terms want it, by: {one['en']}" for one in told["platforms"]]


ACTS = (
    Act(
        "reader list",
        "GET readers",
        help="Measure the programs that answer statements here: terms of attested answers name that of their provider.",
        says=("Measure the programs that answer here.", "度量本方的作答程序。"),
        answer={
            "readers": [{"answers": "text", "confined": ["text"], "measurement": "text"}],
            "platforms": [{"platform": "text", "en": "text", "zh": "text"}],
        },
        example={},
        does="readers.page",
        roles=TRADERS,
        verb="admin readers",
        table=READERS,
        none="there is none",
        lines=_vouching,
    ),
)
