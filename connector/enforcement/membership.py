"""Who is in which collection, as far as this participant's operator says (`negotiation.collections`).

Law: (1) a policy is told of those it names alone, so that no decision in the log shows who is in any other. (2) Of a
collection that the setting has, it has every member; of one that it does not have, nothing is said, and then a
prohibition of the collection holds for everybody (`policy.world.World.lies_in`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policy.model import Policy


class Membership:
    """The collections of one participant; a member is a party, an asset, or a collection."""

    def __init__(self, lines: Sequence[str] = ()) -> None:
        """Read lines "COLLECTION MEMBER MEMBER"."""
        self._known = frozenset(line.split()[0] for line in lines)
        self._above: dict[str, set[str]] = {}
        for line in lines:
            collection, *members = line.split()
            for member in members:
                self._above.setdefault(member, set()).add(collection)

    def told(self, policy: Policy, *members: str) -> Mapping[str, frozenset[str]]:
        """Return the `part_of` of a world in which some members ask about, or are asked for, under a policy."""
        named = self._known & _names(policy)
        if not named:
            return {}
        told = {collection: frozenset[str]() for collection in named}
        return told | {member: self._over(member) & named for member in members}

    def _over(self, member: str) -> frozenset[str]:
        found, ends = set[str](), [member]
        while ends:
            fresh = self._above.get(ends.pop(), set()) - found
            found |= fresh
            ends += fresh
        return frozenset(found)


def _names(policy: Policy) -> frozenset[str]:
    """Collect what a policy says parties and assets are called."""
    rules = (*policy.permissions, *policy.prohibitions)
    duties = (*policy.obligations, *(duty for rule in rules for duty in (*rule.duties, *rule.remedies)))
    named = [name for rule in rules for name in (*rule.targets, *rule.assignees)]
    return frozenset(named).union(*({duty.assignee or "", duty.target or ""} for duty in duties))
