"""What a rule speaks about: its actions and those below, its targets, its assignees; and which acts were its uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy.model import RuleKind
from policy.verdict import all_of
from policy.vocabulary.actions import actions_within
from policy.vocabulary.names import action_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy.model import Duty, Rule
    from policy.request import Request
    from policy.verdict import Verdict
    from policy.world import Act, World


@dataclass(frozen=True, slots=True)
class Reach:
    """The reach of one rule, whatever its conditions say; no targets or assignees means any.

    What it may reach, since nobody knows who is in a collection, is no use of a permission and may be prohibited.
    `aside` are the actions of its duties: to pay for a use, or to delete after it, is no use.
    """

    actions: frozenset[str]
    targets: frozenset[str]
    assignees: frozenset[str]
    asset_collections: tuple[frozenset[str], ...]
    party_collections: tuple[frozenset[str], ...]
    prohibits: bool
    aside: frozenset[str]

    @classmethod
    def of(cls, rule: Rule) -> Reach:
        """Take the reach of a rule."""
        actions = frozenset[str]().union(*map(actions_within, rule.actions))
        aside = frozenset[str]().union(*(actions_within(duty.action) for duty in _all(rule.duties + rule.remedies)))
        return cls(
            actions,
            frozenset(rule.targets),
            frozenset(rule.assignees),
            rule.asset_collections,
            rule.party_collections,
            rule.kind is RuleKind.PROHIBITION,
            aside - set(rule.actions),
        )

    def covers(self, action: str, target: str, party: str, world: World) -> Verdict:
        """Whether the rule speaks about this action (canonical), target and party."""
        if action not in self.actions:
            return False
        on = self.covers_target(target, world)
        by = self.covers_party(party, world)
        return True if on and by else all_of((on, by))

    def covers_target(self, target: str, world: World) -> Verdict:
        """Whether the target is one of the rule's, or lies in one; a prohibition on a part also reaches the whole."""
        if not self.targets or target in self.targets:
            return True
        if not (world.part_of or self.asset_collections):
            return False
        if self.prohibits and any(target in world.collections(part) for part in self.targets):
            return True
        return world.lies_in(target, self.targets, self.asset_collections)

    def covers_party(self, party: str, world: World) -> Verdict:
        """Whether the party is one of the rule's assignees, or belongs to one."""
        if not self.assignees:
            return True
        return world.lies_in(party, self.assignees, self.party_collections)

    def minds(self, covered: Verdict) -> bool:
        """Whether the rule acts on what it covers so: a permission where it surely does, a prohibition where it may."""
        return covered is True or (self.prohibits and covered is None)

    def uses(self, request: Request, world: World) -> Sequence[Act]:
        """List the acts that were uses under the rule, up to now, by whomever it is for."""
        if not world.performed:
            return ()
        return [
            act
            for act in world.performed
            if act.at <= world.now
            and action_name(act.action) in self.actions - self.aside
            and self.minds(self.covers_target(act.target or request.target, world))
            and self.minds(self.covers_party(act.by or request.assignee, world))
        ]

    def own_uses(self, request: Request, world: World) -> Sequence[Act]:
        """List those uses that were the asker's."""
        return [act for act in self.uses(request, world) if act.by in ("", request.assignee)]


def _all(duties: Iterable[Duty]) -> list[Duty]:
    return [each for one in duties for each in (one, *_all(one.consequences))]
