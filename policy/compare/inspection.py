"""One policy, looked at by itself: rules that never apply, meet, or repeat one another, and duties out of time."""

from __future__ import annotations

from itertools import combinations, permutations
from typing import TYPE_CHECKING

from policy.compare.boxes import NOWHERE
from policy.compare.example import find_example
from policy.compare.findings import Finding
from policy.compare.obliged import forbidden
from policy.compare.questions import DEADLINE, Side
from policy.compare.space import Space
from policy.compare.stricter import fulfillable, impossible
from policy.model import Conflict, DutyMode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.compare.boxes import Region
    from policy.compare.cells import Effort
    from policy.compare.example import Example
    from policy.compile import CompiledRule
    from policy.duties import CompiledDuty
    from policy.model import Policy

# Beyond this many rules of one kind they are not looked at by pairs.
MAX_PAIRED_RULES = 48
# strategy -> (finding, the reasons of a decision that shows it)
_MEETINGS = {
    Conflict.INVALID: ("policy-void", {"policy-void"}),
    Conflict.PROHIBIT: ("prohibition-wins", {"prohibited", "prohibition-possible"}),
    Conflict.PERM: ("permission-wins", {"permitted"}),
}


class Inspection:
    """Looks at the policy that was given as number `number`."""

    def __init__(self, number: int, policy: Policy, effort: Effort | None = None) -> None:
        self._number = number
        self._side = Side("a", policy)
        self._space = Space([self._side], effort)
        never = impossible(self._space, [self._side])
        permissions, prohibitions = self._side.compiled.permissions, self._side.compiled.prohibitions
        self._granted = [(rule, self._space.granted(self._side, rule) - never) for rule in permissions]
        self._barred = [(rule, self._space.barred(self._side, rule)) for rule in prohibitions]
        self._forbidden = _union(region for _rule, region in self._barred)

    def findings(self) -> Iterator[Finding]:
        """Go through everything that is found."""
        yield from self._idle()
        yield from self._meetings()
        yield from self._repeated()
        yield from self._counted_apart()
        yield from self._against_duties()
        for rule, region in self._granted:
            yield from self._out_of_time(rule.duties, region)
        everywhere = [region for _rule, region in self._granted]
        yield from self._out_of_time(self._side.compiled.obligations, _union(everywhere))

    def _idle(self) -> Iterator[Finding]:
        for rule, region in self._granted:
            if not region:
                yield self._of(rule, "never-permits")
            elif self._side.policy.conflict is not Conflict.PERM and not region - self._forbidden:
                yield self._of(rule, "always-forbidden")
        for rule, region in self._barred:
            if not region:
                yield self._of(rule, "never-forbids")

    def _meetings(self) -> Iterator[Finding]:
        """Say of each permission which prohibitions meet it, and who wins."""
        code, reasons = _MEETINGS[self._side.policy.conflict]
        for rule, region in self._granted[:MAX_PAIRED_RULES]:
            if not region - self._forbidden and self._side.policy.conflict is Conflict.PROHIBIT:
                continue  # nothing is left of it, which is said already
            for other, barred in self._barred[:MAX_PAIRED_RULES]:
                both = region & barred & self._space.plain
                example = find_example(
                    self._space, both, [self._side], lambda decision: decision.reasons[0].code in reasons
                )
                if example is not None:
                    yield self._of(rule, code, other.rule.path, example=example)

    def _repeated(self) -> Iterator[Finding]:
        """Find rules that another rule makes needless; of two equal ones the later is named."""
        for rows in (self._granted, self._barred):
            needless: set[str] = set()
            for (rule, region), (other, wider) in permutations(rows[:MAX_PAIRED_RULES], 2):
                known = {rule.rule.id, other.rule.id} & needless
                if region and not known and not self._counts(rule) and not self._counts(other) and not region - wider:
                    later = rule.rule.path > other.rule.path
                    if later or wider - region:
                        needless.add(rule.rule.id)
                        yield self._of(rule, "says-nothing-new", other.rule.path)

    def _against_duties(self) -> Iterator[Finding]:
        """Find duties to do what is forbidden."""
        for duty, rule in forbidden(self._side.policy, self._side.policy):
            code = "duty-perhaps-forbidden" if rule.conditions else "duty-forbidden"
            yield Finding(code, self._number, duty.path, (duty.action, rule.path))

    def _counted_apart(self) -> Iterator[Finding]:
        """Find permissions for the same uses that each count for themselves: together they let more through."""
        for (rule, region), (other, more) in combinations(self._granted[:MAX_PAIRED_RULES], 2):
            common = self._counts(rule) & self._counts(other)
            if common and region & more:
                yield self._of(other, "counted-apart", rule.rule.path, min(common))

    def _counts(self, rule: CompiledRule) -> set[str]:
        return {axis.name for axis, rules in self._side.names.rules.items() if rule.rule.id in rules}

    def _out_of_time(self, duties: Iterable[CompiledDuty], region: Region) -> Iterator[Finding]:
        """Find duties that cannot be done: their terms exclude one another, or their day is over before the use."""
        for duty in duties:
            path, action = duty.duty.path, duty.duty.action
            if not fulfillable(duty.duty):
                yield Finding("never-fulfilled", self._number, path, (action,))
            in_time = self._space.told(self._side.key(duty.duty.id, DEADLINE)) if self._dated(duty) else None
            if region and in_time is not None and not region & in_time.holds:
                code = "due-before-use" if duty.duty.mode is DutyMode.PRE else "late-for-its-use"
                yield Finding(code, self._number, path, (action,))

    def _dated(self, duty: CompiledDuty) -> bool:
        return self._space.asks(self._side.key(duty.duty.id, DEADLINE))

    def _of(self, rule: CompiledRule, code: str, *facts: str, example: Example | None = None) -> Finding:
        return Finding(code, self._number, rule.rule.path, facts, example)


def _union(regions: Iterable[Region]) -> Region:
    found = NOWHERE
    for region in regions:
        found |= region
    return found
