"""Cuts: how the domain of each type of value falls apart at the constants it is compared with; one row a type.

An ordered type is cut at every constant, into a point in every gap and one beyond either end (orders.py). Values that
lie in one another are cut as kin.py says. Languages, media types, networks and codes lie where their form puts them
and nowhere else. Saying nothing is a candidate everywhere.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from policy import purposes, regions
from policy.compare import orders
from policy.compare.cells import Cell, Deck, Deed, Effort, Place
from policy.compare.clock import instants
from policy.compare.kin import Kin, add_kin, add_lists
from policy.duties import FULFILLED, VIOLATED
from policy.hierarchy import HIERARCHIES
from policy.vocabulary.actions import ACTIONS
from policy.vocabulary.operands import CODES, OPERANDS, ValueType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from policy.compare.cells import Axis, Probe


def deal(axis: Axis, probes: list[Probe], effort: Effort) -> Deck:
    """Cut one axis by everything that is asked about it, with no more effort than is left."""
    deck = Deck(probes, effort)
    cut = _PLACES.get(axis.place) or _TYPES[OPERANDS[axis.name].type]
    cut(deck, axis, list(dict.fromkeys(constant for probe in probes for constant in probe.constants)))
    return deck


def _tree(deck: Deck, axis: Axis, constants: Sequence[str]) -> None:
    """Purposes and regions: the branches of the tree, and what the world puts beside and below them."""
    kind = OPERANDS[axis.name].type
    tree = HIERARCHIES[kind]
    deck.add(Cell())
    around = sorted({above for constant in constants if tree.known(constant) for above in tree.line(constant)})

    def line(value: str) -> frozenset[str]:
        return tree.line(value) if tree.known(value) and value not in _MOVABLE else frozenset()

    add_lists(deck, add_kin(deck, constants, [*around, *_NEIGHBOURS[kind]], line))


def _groups(deck: Deck, _axis: Axis, constants: Sequence[str]) -> None:
    """Parties and terms: what lies in what is only what the world says."""
    deck.add(Cell())
    add_lists(deck, add_kin(deck, constants))


def _members(deck: Deck, _axis: Axis, constants: Sequence[str]) -> None:
    """Targets and assignees: one at a time, in any of the collections or holding any of their members."""
    add_kin(deck, constants)


def _forms(*candidates: Callable[[str], Iterable[str]]) -> Callable[[Deck, Axis, Sequence[str]], None]:
    """Make the cut of a type whose values lie in one another by their form: each constant, and what is made of it."""

    def cut(deck: Deck, _axis: Axis, constants: Sequence[str]) -> None:
        deck.add(Cell())
        values = [*constants, *(value for constant in constants for make in candidates for value in make(constant))]
        add_lists(deck, [kin for kin in map(Kin, values) if deck.add(kin.cell()) or kin.value in constants])

    return cut


def _codes(deck: Deck, axis: Axis, _constants: Sequence[str]) -> None:
    deck.add(Cell())
    add_lists(deck, [kin for kin in map(Kin, CODES[axis.name].values()) if deck.add(kin.cell())])


def _in_network(text: str) -> list[str]:
    """List an address at each end of a network, its halves, the network around it, and what is far away."""
    network = ipaddress.ip_network(text)
    ends = [str(ipaddress.ip_network(end)) for end in (network.network_address, network.broadcast_address)]
    halves = list(map(str, network.subnets())) if network.prefixlen < network.max_prefixlen else []
    around = [str(network.supernet())] if network.prefixlen else []
    return [*ends, *halves, *around, *_FAR_NETWORKS]


def _clock(deck: Deck, _axis: Axis, constants: Sequence[Any]) -> None:
    for instant in instants(constants):
        deck.add(Cell(instant))


def _actions(deck: Deck, _axis: Axis, constants: Sequence[str]) -> None:
    for action in (*constants, *ACTIONS):
        deck.add(Cell(action))


def _events(deck: Deck, _axis: Axis, constants: Sequence[str]) -> None:
    """Say what happens now, then what has happened before: one event more at a time."""
    deck.add(Cell())
    add_kin(deck, constants)
    found = list(deck.cells)
    for cell in found:  # grows while it is walked
        for event in constants:
            deed = Deed(event)
            more = cell._replace(acts=(*cell.acts, deed))
            if deed not in cell.acts and deck.add(more):
                found.append(more)


def _duties(deck: Deck, _axis: Axis, _constants: Sequence[str]) -> None:
    for status in (FULFILLED, VIOLATED):
        deck.add(Cell(status))


def _infringed(deck: Deck, _axis: Axis, constants: Sequence[Deed]) -> None:
    """Say that nothing was infringed, or everything."""
    deck.add(Cell())
    deck.add(Cell(acts=tuple(constants)))


def _sequences(deck: Deck, _axis: Axis, constants: Sequence[Cell]) -> None:
    """Say that nothing was done before, or all parts in their order."""
    deck.add(Cell())
    deck.add(constants[0])


# RFC 5737 and RFC 3849, for examples, and everything
_FAR_NETWORKS = ("192.0.2.1/32", "2001:db8:ffff::1/128", "0.0.0.0/0")
_NEIGHBOURS: Mapping[ValueType, tuple[str, ...]] = {
    ValueType.PURPOSE: tuple(purposes.SCHEME),
    ValueType.REGION: (regions.CHINA, "CN-44", "US", "US-NY", "DE", "SG"),
}
# Codes of which the world may say that they lie in another country.
_MOVABLE = frozenset(regions.PROVINCES[code] for code in regions.APART)
_PLACES: Mapping[Place, Callable[[Deck, Axis, Sequence[Any]], None]] = {
    Place.ACTION: _actions,
    Place.TARGET: _members,
    Place.ASSIGNEE: _members,
    Place.CLOCK: _clock,
    Place.EVENTS: _events,
    Place.DUTY: _duties,
    Place.REMEDY: _infringed,
    Place.SEQUENCE: _sequences,
}
_TYPES: Mapping[ValueType, Callable[[Deck, Axis, Sequence[Any]], None]] = {
    ValueType.NUMBER: orders.numbers,
    ValueType.MONEY: orders.numbers,
    ValueType.COUNT: orders.counts,
    ValueType.DURATION: orders.durations,
    ValueType.RATE: orders.rates,
    ValueType.VERSION: orders.versions,
    ValueType.PURPOSE: _tree,
    ValueType.REGION: _tree,
    ValueType.PARTY: _groups,
    ValueType.TERM: _groups,
    ValueType.LANGUAGE: _forms(lambda tag: [f"{tag}-x", tag.split("-")[0], tag.rpartition("-")[0] or tag, "zxx"]),
    ValueType.MEDIA: _forms(lambda name: [f"{name.split('/')[0]}/x-other", f"{name.split('/')[0]}/*", "example/other"]),
    ValueType.NETWORK: _forms(_in_network),
    ValueType.CODE: _codes,
}
assert set(_TYPES) | {ValueType.INSTANT, ValueType.WINDOW} == set(ValueType)
