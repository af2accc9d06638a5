"""Parties and assets in all their spellings, and worlds in which somebody is in the collections that are named."""

from __future__ import annotations

from tests.policy.oracle.pools import PARTIES, TARGETS


def spelled_place(dice, key, name):
    """Write a party or asset in another of its spellings.

    A collection's own name belongs to one description, since a document may describe a thing only once.
    """
    kind, options = {"target": ("Asset", TARGETS), "assignee": ("Party", PARTIES)}[key]
    source = dice.pick([name, *options, "urn:unheard"])
    collection = {"@type": f"{kind}Collection"}
    return dice.pick(
        [
            {"@id": name},
            {"@type": kind, "uid": name} if name != "urn:other" else {"uid": name},
            {**collection, "source": {"@id": source}},
            {**collection, "uid": f"{kind}:{name}"},
            {**collection, "uid": f"{kind}:{name}:{source}", "source": source},
            {"@id": f"{kind}:{name}:in:{source}", "source": source},
        ]
    )


def joined(dice, part_of, document, asked):
    """Put who asks, or what is asked for, or somebody else into collections that the document names."""
    made = dict(part_of)
    for name in sorted(own_names(document)):
        if dice.chance(50):
            key, options = ("assignee", PARTIES) if name.startswith("Party") else ("target", TARGETS)
            member = asked[key] if dice.chance(50) else dice.pick([*options, "urn:stranger"])
            made[member] = [*made.get(member, []), name]
    return made


def own_names(node):
    """Every own name of a collection in a document."""
    if isinstance(node, list):
        return {name for part in node for name in own_names(part)}
    if not isinstance(node, dict):
        return set()
    own = {node[key] for key in ("uid", "@id") if str(node.get(key)).startswith(("Party:", "Asset:"))}
    return own.union(*(own_names(part) for part in node.values()))
