"""The rules that an embedded chain can be founded with: a row a name; a chain keeps its rules for life.

`paris` are the oldest rules our programs are compiled for, so what runs on them runs on the plainest chain. Under
`paris+bls` the chain has the precompiles of EIP-2537 besides, at the addresses and prices of Prague: large quorums of
witnesses sign a head with one BLS aggregate there. They are computed in Python, one pairing in a tenth of a second, so
who founds such a chain lets a caller hold it for longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from eth.vm.forks.paris import ParisVM
from eth.vm.forks.paris.computation import ParisComputation
from eth.vm.forks.paris.state import ParisState
from eth.vm.forks.prague.computation import PRAGUE_PRECOMPILES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from eth.abc import BlockHeaderAPI

PARIS, PARIS_BLS = "paris", "paris+bls"
# EIP-2537: additions, sums and maps on G1 and G2, and the pairing
BLS_PRECOMPILES = frozenset(number.to_bytes(20) for number in range(0x0B, 0x12))


class SameSecondVM(ParisVM):
    """Paris, but blocks may share a second.

    One block a transaction under the rule of strictly later blocks would run ahead of the clock under load, and
    channels expire by block time. Time still never goes backwards.
    """

    @classmethod
    def validate_header(cls, header: BlockHeaderAPI, parent_header: BlockHeaderAPI) -> None:
        """Check a header against its parent, taking an equal time stamp for the next one."""
        if header.timestamp == parent_header.timestamp:
            parent_header = parent_header.copy(timestamp=parent_header.timestamp - 1)
        super().validate_header(header, parent_header)


class BlsComputation(ParisComputation):
    """Paris with the precompiles of EIP-2537."""

    _precompiles = {  # noqa: RUF012  # upstream's attribute
        **ParisComputation.get_precompiles(),
        **{place: run for place, run in PRAGUE_PRECOMPILES.items() if bytes(place) in BLS_PRECOMPILES},
    }


class BlsState(ParisState):
    """A state on which such computations run."""

    computation_class = BlsComputation


class BlsVM(SameSecondVM):
    """The rules of `paris+bls`."""

    _state_class = BlsState


RULES: Mapping[str, type[ParisVM]] = {PARIS: SameSecondVM, PARIS_BLS: BlsVM}
