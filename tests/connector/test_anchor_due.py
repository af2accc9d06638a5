"""When a log's head is anchored: after a time with anything new, or at so many new entries; 0 is never."""

from __future__ import annotations

import pytest

from connector.chain.anchoring import due
from connector.runtime.settings_table import LogSettings

FOREVER = float("inf")


@pytest.mark.parametrize(
    ("seconds", "events", "waited", "new", "is_due"),
    [
        (600, 0, 600, 1, True),
        (600, 0, 599.9, 1_000_000, False),
        (600, 0, FOREVER, 0, False),
        (600, 5, 0, 5, True),
        (600, 5, 0, 4, False),
        (0, 5, FOREVER, 4, False),
        (0, 5, 0, 6, True),
        (0, 0, FOREVER, 9, False),
    ],
)
def test_a_head_is_anchored_when_it_is_time_or_enough(seconds, events, waited, new, is_due):
    assert due(LogSettings(anchor_interval_seconds=seconds, anchor_events=events), waited, new) is is_due
