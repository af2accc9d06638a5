"""Where the CPU seconds of a process go, by function: a sampler of our own, in a thread of the process it watches.

Law: a sample weighs as much CPU time as its thread took since the last one (the kernel's clock of that thread), so a
thread that waits weighs nothing. Functions are seen where they let the interpreter go; trust shares of 2 % and more.

    python -m bench.sampling FILE serve --data DIR      `penstock serve …`; sampled from SIGUSR1 on, written at SIGTERM
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

PERIOD_SECONDS = 0.001
SWITCH_SECONDS = 0.0005  # threads take turns more often than by default, so that samples are less biased
ROOMS = ("connector", "contracts", "ledger", "policy", "catalog", "bench")
ROOT = Path(__file__).parent.parent


class Sampler:
    """Counts CPU seconds by place; `start`, work, `stop`, then read `own` and `under`.

    own     the innermost function of any library
    under   every function of our rooms that was on the stack, its callees included
    """

    def __init__(self) -> None:
        self.own: dict[str, float] = defaultdict(float)
        self.under: dict[str, float] = defaultdict(float)
        self.seconds = 0.0
        self._clocks: dict[int, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)

    def start(self) -> Sampler:
        """Begin to sample every other thread."""
        sys.setswitchinterval(SWITCH_SECONDS)
        self._thread.start()
        return self

    def stop(self) -> Sampler:
        """Stop sampling."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        return self

    def _run(self) -> None:
        own = threading.get_ident()
        while not self._ended.wait(PERIOD_SECONDS):
            for ident, frame in sys._current_frames().items():  # noqa: SLF001  # the documented way to see other threads
                if ident != own:
                    with suppress(OSError):  # the thread has just ended
                        self._take(ident, frame)

    def _take(self, ident: int, frame: FrameType) -> None:
        now = time.clock_gettime(time.pthread_getcpuclockid(ident))
        spent = now - self._clocks.get(ident, now)
        self._clocks[ident] = now
        if spent <= 0:
            return
        self.seconds += spent
        self.own[_place(frame)] += spent
        seen = set()
        at: FrameType | None = frame
        while at is not None:
            if (place := _place(at)).startswith(ROOMS):
                seen.add(place)
            at = at.f_back
        for place in seen:
            self.under[place] += spent

    def document(self) -> dict[str, Any]:
        """Return the profile as JSON."""
        return {"seconds": self.seconds, "own": dict(self.own), "under": dict(self.under)}


def top(profile: dict[str, Any], rows: int = 24) -> str:
    """Return a profile as text: the largest shares, in percent of the CPU seconds sampled."""
    seconds = profile["seconds"] or 1.0
    lines = [f"{seconds:.1f} CPU seconds sampled"]
    for name, title in (("under", "with callees, our rooms"), ("own", "innermost function")):
        largest = sorted(profile[name].items(), key=lambda item: -item[1])[:rows]
        lines.append(f"  {title}:")
        lines += [f"    {100 * spent / seconds:5.1f} %  {place}" for place, spent in largest]
    return "\n".join(lines)


def _place(frame: FrameType) -> str:
    code = frame.f_code
    path = Path(code.co_filename)
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else "/".join(path.parts[-2:])
    name = name.partition("site-packages/")[2] or name
    return f"{name.removesuffix('.py')}:{code.co_name}"


def serve() -> None:
    """Run the command line with the sampler beside it."""
    out, sys.argv = Path(sys.argv[1]), ["penstock", *sys.argv[2:]]
    from connector.cli.main import run

    sampler = Sampler()
    signal.signal(signal.SIGUSR1, lambda _number, _frame: sampler.start())
    try:
        run()
    finally:
        out.write_text(json.dumps(sampler.stop().document()))


if __name__ == "__main__":
    serve()
