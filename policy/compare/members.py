"""Policies as they read once it is told who is in a collection: what checking needs to know of memberships.

Law: a rule for a collection is a rule for each of its members, and a prohibition of a part reaches the whole, as in
deciding. Of a collection that is mentioned everybody is named. Memberships are told of parties and assets of rules
alone: one that a condition or a duty names is refused, since that would be looked at without them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policy.compare.clock import USUAL
from policy.errors import PolicyError
from policy.model import RuleKind, atoms
from policy.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from policy.compare.findings import Finding
    from policy.model import Duty, Policy, Rule

MAX_MEMBERSHIPS = 256  # each adds a name to the rules, and so a cell to what is looked through


class Members:
    """Who is directly in which collections, as told; PolicyError for a membership that no rule of `policies` asks."""

    def __init__(self, part_of: Mapping[str, frozenset[str]], policies: Sequence[Policy]) -> None:
        if sum(map(len, part_of.values())) > MAX_MEMBERSHIPS:
            raise PolicyError("too-large", "", f"more than {MAX_MEMBERSHIPS} memberships", "tell those that matter")
        self._world = World(now=USUAL, part_of=part_of)
        rules = [rule for policy in policies for rule in policy.permissions + policy.prohibitions]
        named = {name for rule in rules for name in (*rule.targets, *rule.assignees)}
        beside = set(_beside(policies))
        for member in part_of:
            above = self._world.collections(member) - {member}
            if apart := sorted(above & beside):
                hint = "use `penstock policy decide` with `partOf` in the world"
                raise PolicyError("bad-value", "", f"a condition or duty names the collection `{apart[0]}`", hint)
            if not above & named and member not in named:
                text = f"no rule has `{member}` or what it is in as a party or target"
                raise PolicyError("bad-value", "", text, "name the collection as a rule names it")

    def applied(self, policy: Policy) -> Policy:
        """Return the policy with its rules for everybody they are for, by name."""
        permissions = tuple(map(self._rule, policy.permissions))
        return replace(policy, permissions=permissions, prohibitions=tuple(map(self._rule, policy.prohibitions)))

    def shown(self, finding: Finding) -> Finding:
        """Return a finding whose example tells the memberships too."""
        if finding.example is None:
            return finding
        worlds = tuple(replace(world, part_of=self._joined(world)) for world in finding.example.worlds)
        return finding._replace(example=finding.example._replace(worlds=worlds))

    def _rule(self, rule: Rule) -> Rule:
        targets = self._with_members(rule.targets)
        if rule.kind is RuleKind.PROHIBITION:
            targets = _once((*targets, *sorted(set().union(*map(self._world.collections, rule.targets)))))
        return replace(
            rule,
            targets=targets,
            assignees=self._with_members(rule.assignees),
            asset_collections=self._unsaid(rule.asset_collections),
            party_collections=self._unsaid(rule.party_collections),
        )

    def _with_members(self, names: tuple[str, ...]) -> tuple[str, ...]:
        wanted = frozenset(names)
        inside = [one for one in sorted(self._world.mentioned) if not wanted.isdisjoint(self._world.collections(one))]
        return _once((*names, *inside))

    def _unsaid(self, collections: tuple[frozenset[str], ...]) -> tuple[frozenset[str], ...]:
        return tuple(names for names in collections if names.isdisjoint(self._world.mentioned))

    def _joined(self, world: World) -> dict[str, frozenset[str]]:
        none: frozenset[str] = frozenset()
        told = self._world.part_of
        members = told.keys() | world.part_of.keys()
        return {one: told.get(one, none) | world.part_of.get(one, none) for one in sorted(members)}


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _beside(policies: Iterable[Policy]) -> Iterator[str]:
    """Name what conditions and duties name."""
    for policy in policies:
        for rule in policy.permissions + policy.prohibitions:
            for atom in atoms(rule.conditions):
                yield from (value for value in atom.right if isinstance(value, str))
            yield from _owed(rule.duties + rule.remedies)
        yield from _owed(policy.obligations)


def _owed(duties: Iterable[Duty]) -> Iterator[str]:
    for duty in duties:
        yield from filter(None, (duty.assignee, duty.target))
        yield from (value for term in duty.terms for value in term.right if isinstance(value, str))
        yield from _owed(duty.consequences)
