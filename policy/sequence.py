"""`andSequence`: every part holds, and they were satisfied in their order.

A part is satisfied at the instant of each act of the asker whose own context satisfies it, and now if the request does.
The parts are in order when instants can be chosen that never go back; the earliest that fits is always the best choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.request import Request
from policy.verdict import Verdict, all_of
from policy.world import World

if TYPE_CHECKING:
    from datetime import datetime

    from policy.constraint_truth import Test
    from policy.world import Act


def in_sequence(tests: tuple[Test, ...]) -> Test:
    """Build the test of an `andSequence` from the tests of its parts."""

    def test(request: Request, world: World) -> Verdict:
        instants = [_instants(part, request, world) for part in tests]
        if not all(instants):
            return all_of([bool(found) or part(request, world) for part, found in zip(tests, instants, strict=True)])
        if _never_back(instants):
            return True
        # what the request leaves unsaid may be what puts them in order
        maybe = [
            found + [world.now] * (part(request, world) is None) for part, found in zip(tests, instants, strict=True)
        ]
        return None if _never_back(maybe) else False

    return test


def _instants(part: Test, request: Request, world: World) -> list[datetime]:
    """List the instants at which a part was satisfied, in order."""
    found = [act.at for act in world.performed if _is_own(act, request, world) and _held(part, act, request, world)]
    if part(request, world) is True:
        found.append(world.now)
    return sorted(found)


def _is_own(act: Act, request: Request, world: World) -> bool:
    return act.at <= world.now and act.by in ("", request.assignee) and act.target in ("", request.target)


def _held(part: Test, act: Act, request: Request, world: World) -> bool:
    """Whether the act alone satisfied the part: its context, its time, nothing counted."""
    asked = Request(request.assignee, act.action, request.target, act.context)
    return part(asked, World(act.at, world.part_of, {}, None, world.performed)) is True


def _never_back(instants: list[list[datetime]]) -> bool:
    last: datetime | None = None
    for found in instants:
        chosen = next((at for at in found if last is None or at >= last), None)
        if chosen is None:
            return False
        last = chosen
    return True
