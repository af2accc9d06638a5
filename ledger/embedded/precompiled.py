"""Static calls of the first four precompiles, done in place: a copy needs no account, no message and no computation.

Law: what is done here has the gas, output and place of upstream's call; whatever is not plain (another program, a cold
account, too little gas, a precompile that fails) is left to it, and nothing has changed then. Upstream also touches the
account that is called: empty as it is, it takes it away again at the transaction's end, so no state root tells.
"""

from __future__ import annotations

from typing import Any

from eth.constants import STACK_DEPTH_LIMIT
from eth.exceptions import OutOfGas
from eth.vm.computation import memory_gas_cost
from eth.vm.forks.berlin.constants import WARM_STORAGE_READ_COST
from eth.vm.logic.call import max_child_gas_eip150
from eth_typing import Address

STATICCALL, WORDS = 0xFA, 6
# recovery of a signer, two digests, the copy; what is dearer has more that can go wrong
PRECOMPILES = tuple(Address(number.to_bytes(20)) for number in range(5))
MEMORY_BYTES_MAX = 1 << 24  # no program has the gas for more


class _Asked:
    """What a precompile sees of a computation: its bytes, its gas, and where its output goes."""

    __slots__ = ("data", "data_as_bytes", "gas", "msg", "output")

    def __init__(self, data: bytes, gas: int) -> None:
        self.gas, self.msg, self.output = gas, self, b""
        self.data = self.data_as_bytes = data

    def consume_gas(self, amount: int, reason: str) -> None:
        """Take gas; raises what upstream's meter raises."""
        if amount > self.gas:
            raise OutOfGas(reason)
        self.gas -= amount


def called(computation: Any, stack: list[Any], memory: Any) -> bool:
    """Do a static call that is the next step if it is plain; say whether it is done."""
    if len(stack) < WORDS or any(type(word) is not int for word in stack[-WORDS:]):
        return False
    out_bytes, out_at, in_bytes, in_at, to, gas = stack[-WORDS:]
    if not 0 < to < len(PRECOMPILES) or computation.msg.depth >= STACK_DEPTH_LIMIT:
        return False
    grown = max(in_at + in_bytes if in_bytes else 0, out_at + out_bytes if out_bytes else 0)
    if grown > MEMORY_BYTES_MAX:
        return False
    meter, held = computation._gas_meter, len(memory)  # noqa: SLF001  # as `steps`
    growing = memory_gas_cost(grown) - memory_gas_cost(held) if grown > held else 0
    left = meter.gas_remaining - growing - WARM_STORAGE_READ_COST
    if left < 0:
        return False
    data = memory.read_bytes(in_at, in_bytes).ljust(in_bytes, b"\x00")  # of memory that is not there yet
    given = min(gas, max_child_gas_eip150(left))
    asked = _Asked(data, given)
    try:
        computation.precompiles[PRECOMPILES[to]](asked)
    except OutOfGas:
        return False
    if meter.watch is not None:
        meter.watch.step()
    memory.extend(0, grown)
    del stack[-WORDS:]
    written = min(out_bytes, len(asked.output))
    memory.write(out_at, written, asked.output[:written])
    meter.gas_remaining = left - given + asked.gas
    computation.return_data = asked.output
    stack.append(1)
    return True
