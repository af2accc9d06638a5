"""The ε of one answer, as its buyer chooses it within what the terms leave: read and refused alike on both sides.

Of a question to several there is one, or none: `common`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.runtime.errors import InvalidInput
from contracts.errors import ContractError
from contracts.noise import hundredths

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contracts.gate import Gate
    from contracts.noise import Noise


def typed(text: str | None) -> int | None:
    """Return an ε that somebody wrote, 1.4, in hundredths, None for none; raises InvalidInput."""
    try:
        return None if text is None else hundredths(text)
    except ContractError as fault:
        raise InvalidInput(str(fault)) from fault


def chosen(noise: Noise | None, epsilon: int | None) -> int:
    """Return the hundredths that an answer tells, 0 without noise; raises InvalidInput for what is no choice."""
    if noise is None:
        if epsilon is not None:
            raise InvalidInput("its answers have no noise, so there is no ε to choose", "leave it out")
        return 0
    try:
        return noise.chosen(epsilon)
    except ContractError as fault:
        raise InvalidInput(str(fault), "choose one of these, or leave it out for the usual one") from fault


def common(gates: Mapping[str, Gate], epsilon: int | None) -> int | None:
    """Return the ε that is chosen of several (DID → gate), None where each has its usual one; raises InvalidInput.

    It is said of whom the terms do not leave it, before anybody is asked.
    """
    for did, gate in gates.items():
        try:
            chosen(gate.noise, epsilon)
        except InvalidInput as fault:
            raise InvalidInput(f"`{did}`: {fault}", fault.hint) from fault
    usual = {None if gate.noise is None else gate.noise.epsilon for gate in gates.values()}
    return None if usual == {epsilon} else epsilon
