"""What a peer's answer means before its body is read as a value, whichever way it came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.runtime.errors import PeerMisbehaved, PeerRefused, PeerUnreachable, coded
from connector.runtime.fault_table import CLOCK, LATER

if TYPE_CHECKING:
    from yarl import URL

BY_NTP = "set both clocks by NTP"


def is_accepted(status: int) -> bool:
    """Say whether a status is of the 2xx family."""
    return 200 <= status < 300


def require_plain(encoding: str | None) -> None:
    """Refuse an answer with this `Content-Encoding`, None without one: nobody asked for anything but plain bytes."""
    if ("identity" if encoding is None else encoding).lower() != "identity":
        raise PeerMisbehaved("the peer sent an encoded answer, which nobody asked for")


def refused(url: URL, method: str, status: int, body: bytes) -> PeerRefused | PeerUnreachable:
    """Return what an answer of another family than 2xx means; `url` is what was asked."""
    origin = url.origin()
    if status in LATER:
        return PeerUnreachable(f"`{origin}` asks to come later (status {status})", body=body)
    code, reasons = coded(body)
    if code == CLOCK:  # what we sign next has another time, and somebody may set a clock meanwhile
        return PeerUnreachable(f"by the clock of `{origin}` it is another time: {reasons}", BY_NTP, body=body)
    hint = "the peer must publish its final address" if 300 <= status < 400 else ""
    return PeerRefused(f"`{origin}` refused {method} {url.path} ({status})", status, body, hint)


def unreachable(url: URL, error: BaseException) -> PeerUnreachable:
    """Return what it means that nothing came."""
    return PeerUnreachable(f"`{url.origin()}` did not answer: {str(error) or type(error).__name__}")
