"""The law of going on: what is found is what an audit from the beginning finds, whatever happened and when.

Random histories of the small space: trades and tampering before, between and after audits that go on from each other,
cut at random places. PENSTOCK_TEST_SEED repeats a run, PENSTOCK_TEST_LOGS_SCALE makes it longer.
"""

from __future__ import annotations

import os
import random
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from contracts.canonical import canonical, load, sha
from contracts.typed_data import Range
from policy.compile import compile_policy
from policy.decide import decide as engine
from policy.parse import parse
from policy.request import Request
from policy.world import World as Now
from tests.connector.audit.gone_on import from_the_beginning, go_on, grown, said
from tests.fault.extent import SEED
from tests.ledger.audit.world import POLICY, World

TRIES = 5 * int(os.environ.get("PENSTOCK_TEST_LOGS_SCALE", "1"))
SIDES = ("provider", "buyer")
GROWING = (("provider",), SIDES, ("buyer", "exchange"))


def trade(world, draw):
    kind = draw.randrange(4)
    if kind == 0:
        rows = Range(draw.randrange(12), 1)
        world.window(world.channel_a, [(world.kept, draw.choice((0, 2)), rows, b"\x0a" * 32)])
    elif kind == 1:
        world.opening(draw.randrange(1, 6))
    elif kind == 2:
        world.settle(draw.choice((world.channel_a, world.channel_b)))
    else:
        decide(world, draw)


def decide(world, draw):
    """Decide as the engine does, and say now and then something else."""
    buyer, deal = world["buyer"].did, world.kept
    rules = canonical({"@type": "Agreement", "target": deal["terms"].product, "assignee": buyer, **POLICY})
    asked = {"scope": "order", "policy": sha256(rules).hexdigest(), "request": None, "world": None}
    asked["request"] = Request(buyer, "use", deal["terms"].product, {}).as_json()
    asked["world"] = Now(world.clock + timedelta(seconds=1)).as_json()
    told = engine(
        compile_policy(parse(load(rules))), Request.from_json(asked["request"]), Now.from_json(asked["world"])
    )
    outcome = draw.choice((*(told.as_json()["outcome"],) * 4, "deny"))
    ruling = sha({**asked, "decision": told.as_json()}).hex()
    name = draw.choice(SIDES)
    world.decide(name, deal, f"{draw.randrange(256):02x}", outcome=outcome, asked=asked, decisionDigest=ruling)


def alter(world, draw):
    diary = world[draw.choice(SIDES)]
    at = draw.choice(
        [at for at, one in enumerate(diary.records) if one.kind.startswith(("keys.", "agreement.", "decision."))]
    )
    diary.alter(at, **{draw.choice([*diary.records[at].fields]): draw.choice(("1", "", "x", "ff"))})


def drop(world, draw):
    diary = world[draw.choice(SIDES)]
    diary.records.pop(draw.randrange(len(diary.records)))
    diary.hidden.clear()  # these are numbers of entries


def backdate(world, draw):
    diary = world[draw.choice(SIDES)]
    at = draw.randrange(len(diary.records))
    diary.records[at] = replace(diary.records[at], time=diary.records[at].time - timedelta(hours=draw.randrange(1, 5)))


def rewrite_chain(world, draw):
    at = draw.randrange(len(world.chain) - 1)
    fields = world.chain[at].fields
    numbers = [name for name, value in fields.items() if type(value) is int]
    if numbers:
        world.chain[at] = replace(world.chain[at], fields={**fields, draw.choice(numbers): 1})
    else:
        del world.chain[at]


def hide(world, draw):
    """Withhold what comes now: what was proven with its disclosure stays proven."""
    diary = world[draw.choice(SIDES)]
    world.decide(diary.name, world.kept, "aa")
    diary.hidden.add(len(diary.records) - 1)


def disclose(world, _draw):
    for diary in world.space.values():
        diary.hidden.clear()


def anchor(world, _draw):
    world.anchor()


TAMPERING = (alter, drop, backdate, rewrite_chain, hide, disclose, anchor)


@pytest.mark.parametrize("number", range(TRIES))
async def test_findings_are_those_of_an_audit_from_the_beginning(number, tmp_path):
    draw, world = random.Random(f"{SEED} {number}"), World()
    for step in range(draw.randrange(2, 5)):
        done = [draw.choice((trade, trade, *TAMPERING)) for _ in range(draw.randrange(5))]
        for one in done:
            one(world, draw)
        if draw.random() < 0.7:
            grown(world, draw.choice(GROWING))
        if draw.random() < 0.5:
            world.go_on()
        report, _ = await go_on(world, tmp_path, anew=draw.random() < 0.1)
        names = [one.__name__ for one in done]
        assert said(report) == await from_the_beginning(world), f"seed {SEED}, {number}, step {step}: {names}"
