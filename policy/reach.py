"""What a rule speaks about: its actions and those below, its targets, its assignees; and which acts were its uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy.model import RuleKind
from policy.vocabulary.actions import actions_within
from policy.vocabulary.names import action_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy.model import Duty, Rule
    from policy.request import Request
    from policy.world import Act, World


@dataclass(frozen=True, slots=True)
class Reach:
    """The reach of one rule, whatever its conditions say; no targets or assignees means any.

    `aside` are the actions of its duties: to pay for a use, or to delete after it, is no use.
    """

    actions: frozenset[str]
    targets: frozenset[str]
    assignees: frozenset[str]
    prohibits: bool
    aside: frozenset[str]

    @classmethod
    def of(cls, rule: Rule) -> Reach:
        """Take the reach of a rule."""
        actions = frozenset[str]().union(*map(actions_within, rule.actions))
        aside = frozenset[str]().union(*(actions_within(duty.action) for duty in _all(rule.duties + rule.remedies)))
        prohibits = rule.kind is RuleKind.PROHIBITION
        return cls(actions, frozenset(rule.targets), frozenset(rule.assignees), prohibits, aside - set(rule.actions))

    def covers(self, action: str, target: str, party: str, world: World) -> bool:
        """Whether the rule speaks about this action (canonical), target and party."""
        return (
            action in self.actions
            and (not self.targets or target in self.targets or self.covers_target(target, world))
            and (not self.assignees or party in self.assignees or self.covers_party(party, world))
        )

    def covers_target(self, target: str, world: World) -> bool:
        """Whether the target is one of the rule's, or lies in one; a prohibition on a part also reaches the whole."""
        if not self.targets or target in self.targets:
            return True
        if not world.part_of:
            return False
        if not self.targets.isdisjoint(world.collections(target)):
            return True
        return self.prohibits and any(target in world.collections(part) for part in self.targets)

    def covers_party(self, party: str, world: World) -> bool:
        """Whether the party is one of the rule's assignees, or belongs to one."""
        if not self.assignees or party in self.assignees:
            return True
        return bool(world.part_of) and not self.assignees.isdisjoint(world.collections(party))

    def uses(self, request: Request, world: World) -> Sequence[Act]:
        """List the acts that were uses under the rule, up to now, by whomever it is for."""
        if not world.performed:
            return ()
        return [
            act
            for act in world.performed
            if act.at <= world.now
            and action_name(act.action) in self.actions - self.aside
            and self.covers_target(act.target or request.target, world)
            and self.covers_party(act.by or request.assignee, world)
        ]

    def own_uses(self, request: Request, world: World) -> Sequence[Act]:
        """List those uses that were the asker's."""
        return [act for act in self.uses(request, world) if act.by in ("", request.assignee)]


def _all(duties: Iterable[Duty]) -> list[Duty]:
    return [each for one in duties for each in (one, *_all(one.consequences))]
