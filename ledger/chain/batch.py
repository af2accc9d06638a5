"""Several acts in one transaction, for acts whose authority is a signature: who brings them does not matter.

Law: `BROUGHT` is the table of what may be carried. All of a batch happens or none; a refusal has the words of the
program that refused, so whoever batches brings the same acts one by one after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.chain.client import Act, call_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.chain.deployment import Deployment

# program and function of what anybody may bring
BROUGHT = frozenset(
    (
        ("editions", "register"),
        ("licences", "grant"),
        ("licences", "grantBelow"),
        ("channels", "claim"),
        ("channels", "finalise"),
        ("anchors", "anchor"),
        ("anchors", "anchorAggregate"),
        ("anchors", "reportFork"),
        ("token", "permit"),
    )
)
# what the program takes: its memory is laid out for that many, and a transaction's gas has an end
CALLS_MAX = 32
CALL_BYTES_MAX = 1536


def fits(program: str, function: str, data: bytes) -> bool:
    """Say whether a call may be one of a batch."""
    return (program, function) in BROUGHT and len(data) <= CALL_BYTES_MAX


def carry(deployment: Deployment, calls: Sequence[tuple[str, bytes]]) -> Act:
    """Return the act that makes calls (program name, call data), each of which `fits`; anyone may send it."""
    assert 0 < len(calls) <= CALLS_MAX
    return Act(deployment.program("batch"), "carry", ([(deployment.addresses[name], data) for name, data in calls],))


def carry_data(deployment: Deployment, calls: Sequence[tuple[str, bytes]]) -> bytes:
    """Return the call data of `carry`."""
    return call_data(carry(deployment, calls))


def carry_acts(deployment: Deployment, acts: Sequence[Act]) -> Act:
    """Return the act that makes several acts."""
    assert all(fits(act.program.name, act.function, call_data(act)) for act in acts)
    return carry(deployment, [(act.program.name, call_data(act)) for act in acts])
