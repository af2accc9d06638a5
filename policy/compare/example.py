"""Examples: a point that shows something, as a request and a world, confirmed by the engine before it is shown."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from policy.compare.scene import Names, request_of, world_of
from policy.decide import decide

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from policy.compare.boxes import Region
    from policy.compare.cells import Axis, Cell
    from policy.compare.questions import Side
    from policy.compare.space import Space
    from policy.request import Request
    from policy.world import World

TRIES_PER_BOX = 8
# A region from which this many points are not what they seem is not going to show one that is.
MAX_TRIES = 512


class Example(NamedTuple):
    """A request with its world for each policy; the worlds differ only where one id stands for different duties."""

    request: Request
    worlds: tuple[World, ...]

    def as_json(self) -> dict[str, object]:
        """Write the example; what says nothing is left out."""
        request, worlds = self.request.as_json(), [_brief(world) for world in self.worlds]
        if all(world == worlds[0] for world in worlds):
            return {"request": request, "world": worlds[0]}
        return {"request": request, "worlds": worlds}


def find_example(space: Space, region: Region, sides: Sequence[Side], shows: Callable[..., bool]) -> Example | None:
    """Find a point of a region whose decisions, one a policy, show something; None when none is found."""
    for point in islice(space.points(region, TRIES_PER_BOX), MAX_TRIES):
        example = Example(request_of(point), _worlds(point, [side.names for side in sides]))
        decisions = [
            decide(side.compiled, example.request, world) for side, world in zip(sides, example.worlds, strict=True)
        ]
        if shows(*decisions):
            return example
    return None


def _worlds(point: Mapping[Axis, Cell], names: Sequence[Names]) -> tuple[World, ...]:
    """Make one world for all policies, or one for each where an id would have to stand for two things at once."""
    if _clash(point, names):
        return tuple(world_of(point, each) for each in names)
    merged = Names()
    for each in names:
        merged.merge(each)
    return (world_of(point, merged),) * len(names)


def _clash(point: Mapping[Axis, Cell], names: Sequence[Names]) -> bool:
    told: dict[str, object] = {}
    return any(
        told.setdefault(duty, point[axis].value) != point[axis].value
        for each in names
        for axis, duties in each.duties.items()
        for duty in duties
    )


def _brief(world: World) -> dict[str, object]:
    return {key: value for key, value in world.as_json().items() if value not in ({}, [])}
