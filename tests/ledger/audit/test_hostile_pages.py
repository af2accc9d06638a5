"""Whatever an exchange or a member serves of itself, the audit comes to its end, or says that it could not begin."""

from __future__ import annotations

import json
import os
import random

from ledger.audit.audit import AuditImpossible
from ledger.audit.words import CODES
from tests.every import every
from tests.fault.extent import tried
from tests.ledger.audit.hostile import spoilt
from tests.ledger.audit.world import Given, World

TRIES = tried(120) * int(os.environ.get("PENSTOCK_TEST_LOGS_SCALE", "1"))
SEED = 21
SERVED = ("/peers", "/header")


def tries():
    """Return every try: what is served otherwise, by whom or where, and what."""
    world = World()
    space = world.document()
    found = [("space", "", one) for one in spoilt(space)]
    for member in space["members"]:
        found += [("identity", member["did"], one) for one in spoilt(member) if isinstance(one, dict)]
    for url, body in Given(world).files.items():
        if url.endswith(SERVED) or "/addenda/" in url:
            found += [("page", url, json.dumps(one).encode()) for one in spoilt(json.loads(body))]
    return found


ALL = tries()
DRAWN = random.Random(SEED).sample(ALL, min(TRIES, len(ALL)))


def test_everything_served_is_tried():
    assert {what for what, _, _ in ALL} == {"space", "identity", "page"}
    assert len(ALL) > 2_000


@every("first", range(0, len(DRAWN), 20))
async def test_whatever_is_served_the_audit_ends(first, monkeypatch):
    for what, where, served in DRAWN[first : first + 20]:
        world = World()
        if what == "space":
            monkeypatch.setattr(world, "document", lambda served=served: served)
        elif what == "identity":
            world.identities = {**world.identities, where: served}
        else:
            world.overrides = {**world.overrides, where: served}
        try:
            report = await world.audit()
        except AuditImpossible:
            assert what == "space", "of one member only its own part is lost"
            continue
        assert report.codes() <= CODES.keys()
