"""A plan that breaks a law, made shorter by leaving events out while the same law breaks."""

from __future__ import annotations

from dataclasses import replace

from tests.simulation import seed as seeds

TRIES_MAX = 60


def shrink(seed, plan, broken):
    """Return the shortest plan that was found, and what it breaks."""
    law, tries = broken.split(":")[1] if broken.startswith("BrokenError") else broken.split(":")[0], 0
    size = max(1, len(plan.events) // 2)
    while size and tries < TRIES_MAX:
        at = 0
        while at < len(plan.events) and tries < TRIES_MAX:
            less = replace(plan, events=plan.events[:at] + plan.events[at + size :])
            tries += 1
            found = seeds.play(seed, less).broken
            if found and law in found:
                plan, broken = less, found
            else:
                at += size
        size //= 2
    return plan, broken
