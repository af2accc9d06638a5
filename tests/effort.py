"""How long an act may take of a processor: what the test itself does counts, and nothing that goes on beside it.

A worker of the tests holds gigabytes at the end of its day, and looking through them for garbage takes a second of
whoever happens to ask for memory then. So the collector rests, and other threads are not counted.
"""

from __future__ import annotations

import gc
import time
from contextlib import contextmanager


@contextmanager
def within(seconds, why=""):
    """Assert that what is done takes this thread so many seconds of a processor at most."""
    was = gc.isenabled()
    gc.disable()
    begun = time.thread_time()
    try:
        yield
        took = time.thread_time() - begun
    finally:
        if was:
            gc.enable()
    assert took < seconds, f"{took:.2f} s. {why}"
