"""What another process explained, as the class that it met: `except PaymentRefused` holds wherever a limit was kept.

Law: a fault keeps text, hint, request and how it is told; only its class changes, by the code that was told, else by
the exit code. What nobody explained stays what it is.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from connector.runtime import errors
from connector.runtime.errors import Failure, PenstockError, Told, explain_failure, told_in
from connector.runtime.fault_table import ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator

# what a caller tells apart, the first of each exit code being what other codes of it are
KINDS: tuple[type[PenstockError], ...] = (
    errors.InvalidInput,
    errors.SettingsError,
    errors.Unproven,
    errors.TokenError,
    errors.Conflict,
    errors.AddressRefused,
    errors.NotPermitted,
    errors.Conditional,
    errors.Absent,
    errors.PaymentRefused,
    errors.PurchaseRefused,
    errors.ChainReverted,
    errors.VerificationFailed,
    errors.PeerMisbehaved,
    errors.PeerUnreachable,
    errors.ServerAbsent,
    errors.OutcomeUnknown,
    errors.ReaderGone,
)
_BY_CODE = {ROWS[f"{kind.__module__}.{kind.__qualname__}"].code: kind for kind in KINDS}
_BY_EXIT = {ROWS[f"{kind.__module__}.{kind.__qualname__}"].exit_code: kind for kind in reversed(KINDS)}


def met(fault: PenstockError) -> PenstockError:
    """Return a fault as the class that was met where it was; as it is, where nobody explained it."""
    failure = _explained(fault)
    if failure is None:
        return fault
    kind = _BY_CODE.get(failure.code) or _BY_EXIT.get(failure.exit_code)
    if kind is None:
        return fault
    made = kind(failure.text, failure.hint)
    made.failure, made.request = failure, fault.request
    return made


@contextmanager
def as_met() -> Iterator[None]:
    """Raise what was told inside the block as the class that it is."""
    try:
        yield
    except PenstockError as fault:
        made = met(fault)
        if made is fault:
            raise
        raise made from fault


def _explained(fault: PenstockError) -> Failure | None:
    if isinstance(fault, Told):
        return fault.failure
    if isinstance(fault, errors.PeerRefused):
        return told_in(fault.body) or explain_failure(fault)
    return None
