"""What lies in what: for each type of value, the wider values its form or scheme gives it; the world adds the rest.

`line` is reflexive. `known` tells whether the scheme or the form of a value says where it lies, as most forms do. One
that neither these nor the world place may lie somewhere though nobody has said so: it is unknown, not outside.
`spellings` are the ways in which the world may write a value.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from policy import purposes, regions
from policy.vocabulary.operands import ValueType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policy.world import World


def _alone(value: str) -> frozenset[str]:
    return frozenset((value,))


@lru_cache(maxsize=8192)
def _purpose(value: str) -> frozenset[str]:
    return purposes.ancestors(value) if value in purposes.SCHEME else frozenset((value,))


@lru_cache(maxsize=4096)
def _language(value: str) -> frozenset[str]:
    """Take each shorter form of a language tag (BCP 47): `zh-hant-tw` lies in `zh-hant` and `zh`."""
    return frozenset(accumulate(value.split("-"), "{}-{}".format))


@lru_cache(maxsize=4096)
def _media(value: str) -> frozenset[str]:
    head, slash, _ = value.partition("/")
    return frozenset((value, f"{head}/*")) if slash and ":" not in head else frozenset((value,))


@lru_cache(maxsize=8192)
def _network(value: str) -> frozenset[str]:
    """Take every shorter prefix of a network's address (RFC 4632): it lies in each of them."""
    try:
        network = ipaddress.ip_network(value)
    except ValueError:
        return frozenset((value,))  # a name that the world gave a network
    return frozenset(str(network.supernet(new_prefix=bits)) for bits in range(network.prefixlen + 1))


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """How values of one type lie in one another."""

    line: Callable[[str], frozenset[str]] = _alone
    known: Callable[[str], bool] = bool
    spellings: Callable[[str], tuple[str, ...]] = lambda value: (value,)

    def above(self, value: str, world: World) -> frozenset[str]:
        """Collect the value and everything it lies in, by its form or scheme and by the world's word."""
        found = self.line(value)
        if not world.part_of:
            return found
        reached = set(found)
        open_ends = list(found)
        while open_ends:
            for name in self.spellings(open_ends.pop()):
                fresh = frozenset[str]().union(*map(self.line, world.part_of.get(name, ()))) - reached
                reached |= fresh
                open_ends.extend(fresh)
        return frozenset(reached)

    def placed(self, value: str, world: World) -> bool:
        """Whether it is known where the value lies."""
        return self.known(value) or value in world.mentioned


HIERARCHIES: Mapping[ValueType, Hierarchy] = {
    ValueType.PURPOSE: Hierarchy(_purpose, known=purposes.SCHEME.__contains__),
    ValueType.REGION: Hierarchy(regions.line, known=regions.is_code, spellings=regions.spellings),
    ValueType.PARTY: Hierarchy(),
    ValueType.TERM: Hierarchy(),
    ValueType.CODE: Hierarchy(),
    ValueType.LANGUAGE: Hierarchy(_language),
    ValueType.MEDIA: Hierarchy(_media),
    ValueType.NETWORK: Hierarchy(_network),
}
