"""The rules that an embedded chain can be founded with: a row a name; a chain keeps its rules for life.

`paris` are the oldest rules our programs are compiled for, so what runs on them runs on the plainest chain. Under
`paris+bls` the chain has the precompiles of EIP-2537 besides, at the addresses and prices of Prague: large quorums of
witnesses sign a head with one BLS aggregate there. They are computed in Python, one pairing in a tenth of a second:
whoever is watched (`watch`) has few of them at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from eth.vm.forks.paris import ParisVM
from eth.vm.forks.paris.computation import ParisComputation
from eth.vm.forks.paris.state import ParisState
from eth.vm.forks.prague.computation import PRAGUE_PRECOMPILES

from ledger.embedded.accounts import Accounts
from ledger.embedded.steps import Steps
from ledger.embedded.watch import WatchedMeter, watched

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from eth.abc import BlockHeaderAPI, MessageAPI, StateAPI, TransactionContextAPI
    from eth.vm.gas_meter import GasMeter

PARIS, PARIS_BLS = "paris", "paris+bls"
# EIP-2537: additions, sums and maps on G1 and G2, and the pairing
BLS_PRECOMPILES = frozenset(number.to_bytes(20) for number in range(0x0B, 0x12))
# bytes that a watched caller may give one call of the slow ones, by the last byte of its address: four pairs for a
# pairing (BN254, BLS12-381), sixteen points for a sum; each call takes at most a second then
SLOW_PRECOMPILES: Mapping[int, int] = {0x08: 4 * 192, 0x0C: 16 * 160, 0x0E: 16 * 288, 0x0F: 4 * 384}


def _watched(precompiles: Mapping[Any, Any]) -> dict[Any, Any]:
    return {place: watched(run, SLOW_PRECOMPILES.get(bytes(place)[-1], 0)) for place, run in precompiles.items()}


class WatchedComputation(ParisComputation):
    """Paris, as long as the watch of its thread allows, its steps done in place."""

    _precompiles = _watched(ParisComputation.get_precompiles())

    def __init__(self, state: StateAPI, message: MessageAPI, transaction_context: TransactionContextAPI) -> None:
        super().__init__(state, message, transaction_context)
        self.code = Steps(message.code, self)

    def _configure_gas_meter(self) -> GasMeter:
        plain = super()._configure_gas_meter()
        return WatchedMeter(plain.start_gas, plain.refund_strategy)


class WatchedState(ParisState):
    """A state on which such computations run."""

    computation_class = WatchedComputation
    account_db_class = Accounts


class SameSecondVM(ParisVM):
    """Paris, but blocks may share a second.

    One block a transaction under the rule of strictly later blocks would run ahead of the clock under load, and
    channels expire by block time. Time still never goes backwards.
    """

    _state_class = WatchedState

    @classmethod
    def validate_header(cls, header: BlockHeaderAPI, parent_header: BlockHeaderAPI) -> None:
        """Check a header against its parent, taking an equal time stamp for the next one."""
        if header.timestamp == parent_header.timestamp:
            parent_header = parent_header.copy(timestamp=parent_header.timestamp - 1)
        super().validate_header(header, parent_header)


class BlsComputation(WatchedComputation):
    """Paris with the precompiles of EIP-2537."""

    _precompiles = {  # noqa: RUF012  # upstream's attribute
        **WatchedComputation.get_precompiles(),
        **_watched({place: run for place, run in PRAGUE_PRECOMPILES.items() if bytes(place) in BLS_PRECOMPILES}),
    }


class BlsState(WatchedState):
    """A state on which such computations run."""

    computation_class = BlsComputation


class BlsVM(SameSecondVM):
    """The rules of `paris+bls`."""

    _state_class = BlsState


RULES: Mapping[str, type[ParisVM]] = {PARIS: SameSecondVM, PARIS_BLS: BlsVM}
