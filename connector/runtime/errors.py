"""What can go wrong, whose fault it is, and how it is told: as an HTTP status, an exit code, a sentence.

    PenstockError
    ├── InvalidInput              what was asked for makes no sense as written
    │   └── SettingsError         the settings file, the environment or a flag
    ├── Unproven                  the caller did not prove who it is
    │   └── TokenError            its token is forged, stale, spent or for somebody else
    │       └── ClockDiffers      or of another time than ours
    ├── NotPermitted              a policy or the table of callers says no
    │   └── Conditional           yes, after the duties
    ├── RequestRefused            HTTP's own limits: too large, too slow, encoded, too many at once (`.code`)
    ├── Absent                    nothing here under that name, or not for this caller
    ├── Conflict                  the thing is not in a state for this
    ├── PaymentRefused            over a cap, a deposit or a limit of money
    ├── PurchaseRefused           the offer never allows what is asked for, or nothing could be bought by it
    ├── VerificationFailed        bytes, keys, proofs or signatures are not what they claim to be
    ├── AddressRefused            an address we do not connect to
    ├── PeerUnreachable           no answer, or "later": nothing is known, safe to ask again
    ├── PeerRefused               the peer answered no: `.status`, `.body`
    ├── PeerMisbehaved            the peer's answer breaks a rule (too long, not JSON, encoded)
    ├── CatchingUp                we were restored, and act when we know what others know of us
    ├── OutcomeUnknown            it may have happened: ask again by its id
    ├── ChainReverted             the chain executed our transaction and said no
    ├── ReaderGone                who reads what comes has closed its end
    ├── ServerAbsent              no server runs on this data directory
    ├── NoRoom                    our own disk is full
    ├── ModuleFailed              the hardware module that has our keys does not do what it is asked
    └── Told                      a failure that another process explained to us

Law: every exception class of the project has a row in `connector.runtime.fault_table`, its own or that of a class it
derives from; what has none is our mistake (status 500, exit code 1) and is told to others without its text.
"""

# ruff: noqa: N818 (these names are said in sentences: "absent", "peer unreachable")

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from connector.runtime.fault_table import EXIT_CODES, EXIT_OF_STATUS, ROWS, UNEXPECTED, Row
from connector.runtime.limits import REASON_CHARACTERS_MAX

# of what our own disk refused
DISK_EXIT = 74


class PenstockError(Exception):
    """Base of the connector's errors; `hint` says what to do next, `request` is the id under which it was met.

    `failure` is how another process told of it, for what that process met.
    """

    request: str = ""
    failure: Failure | None = None

    def __init__(self, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.hint = hint


class InvalidInput(PenstockError):
    """What was asked for makes no sense as written."""


class SettingsError(InvalidInput):
    """The settings file, the environment or a flag holds something we do not understand."""


class Unproven(PenstockError):
    """The caller did not prove who it is."""


class TokenError(Unproven):
    """The token is forged, stale, spent, or meant for somebody else."""


class ClockDiffers(TokenError):
    """The token begins later than now or ended before: one of two clocks is wrong, and a fresh token may count soon."""


class NotPermitted(PenstockError):
    """A policy, or the table of who may call what, says no."""


class Conditional(NotPermitted):
    """The policy permits it after duties that are still open."""


class RequestRefused(PenstockError):
    """The request is refused before anybody reads what it says; `code` is a row of the fault table."""

    def __init__(self, code: str, text: str, hint: str = "") -> None:
        super().__init__(text, hint)
        self.code = code


class Absent(PenstockError):
    """There is nothing under that name, or nothing that this caller may see."""


class Conflict(PenstockError):
    """The thing exists, but is not in a state for this."""


class PaymentRefused(PenstockError):
    """The money asked for is over a cap, a deposit or a limit."""


class PurchaseRefused(PenstockError):
    """What is asked for would be refused once it is agreed and paid in: so nothing is."""


class VerificationFailed(PenstockError):
    """Bytes, keys, proofs or signatures are not what they claim to be."""


class AddressRefused(PenstockError):
    """An address that we do not connect to; no socket was opened."""


class PeerUnreachable(PenstockError):
    """The peer did not answer, or asked to come later; asking again is safe because receivers are idempotent.

    `body` is what came with the request to come later, if anything did.
    """

    def __init__(self, text: str, hint: str = "", body: bytes = b"") -> None:
        super().__init__(text, hint)
        self.body = body


class PeerRefused(PenstockError):
    """The peer answered, and the answer is no."""

    def __init__(self, text: str, status: int, body: bytes, hint: str = "") -> None:
        super().__init__(text, hint)
        self.status = status
        self.body = body


class PeerMisbehaved(PenstockError):
    """The peer's answer breaks a rule: too long, encoded, or not the JSON it should be."""


class CatchingUp(PenstockError):
    """We were restored: until we know what others know of our log, we sign nothing and answer little."""


class OutcomeUnknown(PenstockError):
    """It may have happened and it may not; ask again by the id in the text."""


class ChainReverted(PenstockError):
    """The chain executed our transaction and refused it."""


class ReaderGone(PenstockError):
    """Who reads what comes has closed its end; nothing more is bought for it."""


class NoRoom(PenstockError):
    """Our own disk is full."""


class ModuleFailed(PenstockError):
    """The hardware module that has our keys does not do what it is asked; nothing was signed."""


class ServerAbsent(PenstockError):
    """No server runs on this data directory."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A fault as it is told: `code` for programs, `text` for people, `whose` fault, what to do (`hint`)."""

    code: str
    text: str
    hint: str
    status: int
    exit_code: int
    whose: str

    def as_json(self) -> dict[str, Any]:
        """Return what goes over the wire; `failure_from` reads it back."""
        return {
            "code": self.code,
            "text": self.text,
            "hint": self.hint,
            "status": self.status,
            "exit": self.exit_code,
            "whose": self.whose,
        }


class Told(PenstockError):
    """A failure that another process of ours, or a peer, explained; it is passed on as it was told."""

    failure: Failure

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.text, failure.hint)
        self.failure = failure


def explain_failure(fault: BaseException) -> Failure:
    """Return how `fault` is told; a class without a row gives no text away."""
    if isinstance(fault, PenstockError) and fault.failure is not None:
        return fault.failure
    if isinstance(fault, PeerRefused):
        return _refusal(fault)
    row = _row(fault)
    if row.whose == "us" and row.exit_code == UNEXPECTED.exit_code:
        text, row = f"something failed that should not (`{type(fault).__name__}`)", UNEXPECTED
    else:
        text = _words(fault, row)
    code = getattr(fault, "code", None)
    hint = getattr(fault, "hint", "") or row.hint
    return Failure(
        code if isinstance(code, str) and code else row.code,
        text[:REASON_CHARACTERS_MAX],
        str(hint)[:REASON_CHARACTERS_MAX],
        row.status,
        row.exit_code,
        row.whose,
    )


def is_disk(fault: BaseException) -> bool:
    """Say whether a fault is of our own disk, full or broken: a person mends it who is told, and no trace helps."""
    return explain_failure(fault).exit_code == DISK_EXIT


def failure_from(document: object) -> Failure | None:
    """Read what `Failure.as_json` wrote, or return None; a told exit code must be one of the table."""
    if not isinstance(document, dict) or set(document) != {"code", "text", "hint", "status", "exit", "whose"}:
        return None
    texts = [document[name] for name in ("code", "text", "hint", "whose")]
    status, exit_code = document["status"], document["exit"]
    if not all(isinstance(text, str) for text in texts) or type(status) is not int or type(exit_code) is not int:
        return None
    if exit_code not in EXIT_CODES or exit_code == 0 or not 400 <= status <= 599:
        return None
    code, text, hint, whose = (text[:REASON_CHARACTERS_MAX] for text in texts)
    return Failure(code, text, hint, status, exit_code, whose)


def told_in(body: bytes) -> Failure | None:
    """Return the failure that an answer's body explains in our form, None if it explains nothing."""
    return failure_from(_json(body))


def coded(body: bytes) -> tuple[str, str]:
    """Return code and reasons of a refusal in our form or that of the Dataspace Protocol, empty where it has none."""
    document = _json(body)
    if not isinstance(document, dict) or not isinstance(code := document.get("code"), str):
        return "", ""
    told = failure_from(document)
    return code, _reasons(document) if told is None else told.text


def as_reason(fault: BaseException) -> str:
    """Return `fault` as the text that a row keeps in its column `reason`."""
    return orjson.dumps(explain_failure(fault).as_json()).decode()


def from_reason(reason: str) -> PenstockError:
    """Return the exception that a kept reason tells; a plain sentence is a refusal."""
    failure = failure_from(_json(reason.encode()))
    return NotPermitted(reason) if failure is None else Told(failure)


def _refusal(fault: PeerRefused) -> Failure:
    """Quote a peer that explains itself in our form; of any other the status counts, and its reasons are quoted."""
    document = _json(fault.body)
    told = failure_from(document)
    if told is not None:
        return told
    row = ROWS["connector.runtime.errors.PeerRefused"]
    exit_code = EXIT_OF_STATUS.get(fault.status, row.exit_code)
    text = f"{fault}, saying `{reasons}`" if (reasons := _reasons(document)) else str(fault)
    return Failure(row.code, text[:REASON_CHARACTERS_MAX], fault.hint, row.status, exit_code, row.whose)


def _reasons(document: object) -> str:
    """Return the `reason` of an error of the Dataspace Protocol in its sender's words, empty where it gives none."""
    told = document.get("reason") if isinstance(document, dict) else None
    words = [each for each in (told if isinstance(told, list) else [told]) if isinstance(each, str)]
    return "; ".join(each for each in words if each.isprintable())


def _words(fault: BaseException, row: Row) -> str:
    """Return what `fault` says; what the system says of a disk is told as that, without its number."""
    if isinstance(fault, OSError) and row.whose == "disk" and fault.strerror:
        where = f" (`{fault.filename}`)" if fault.filename else ""
        return f"this participant's disk failed: {fault.strerror[:1].lower()}{fault.strerror[1:]}{where}"
    return str(fault) or ("nothing came in time" if isinstance(fault, TimeoutError) else type(fault).__name__)


def _json(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _row(fault: BaseException) -> Row:
    """Return the nearest class's row; a row for the fault's own code comes before that of its class."""
    code = getattr(fault, "code", "")
    for kind in type(fault).__mro__:
        name = f"{kind.__module__}.{kind.__qualname__}"
        row = ROWS.get(f"{name}#{code}") or ROWS.get(name)
        if row is not None:
            return row
    return UNEXPECTED
