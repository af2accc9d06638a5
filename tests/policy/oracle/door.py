"""The public door, in-process: three JSON documents in, the decision as `penstock policy decide --json` writes it."""

from __future__ import annotations

from policy.compile import compile_policy
from policy.decide import decide
from policy.parse import parse
from policy.request import Request
from policy.world import World


def decided(policy, request, world):
    return decide(compile_policy(parse(policy)), Request.from_json(request), World.from_json(world)).as_json()
