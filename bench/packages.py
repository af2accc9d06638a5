"""The peers' programs and the Debian packages that have them; with PENSTOCK_CI=1 what is absent is installed."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# program → its package
PACKAGES = {
    "nginx": "nginx-light",
    "curl": "curl",
    "openssl": "openssl",
    "sha256sum": "coreutils",
    "b3sum": "b3sum",
    "aria2c": "aria2",
    "rclone": "rclone",
    "libtorrent": "python3-libtorrent",
}
PYTHON = "/usr/bin/python3"  # Debian's, which finds Debian's libtorrent; no dependency of ours


def absent(programs: Iterable[str]) -> list[str]:
    """Return which of `programs` are not here, after trying to install them where that is allowed."""
    return [program for program in programs if not _here(program)]


@cache
def _here(program: str) -> bool:
    if not _found(program) and os.environ.get("PENSTOCK_CI") == "1":
        install = ["apt-get", "install", "-y", "--no-install-recommends", PACKAGES[program]]
        with contextlib.suppress(OSError):
            subprocess.run(install, check=False, stdout=subprocess.DEVNULL)
    return _found(program)


def _found(program: str) -> bool:
    if program != "libtorrent":
        return shutil.which(program) is not None
    with contextlib.suppress(OSError):
        asked = subprocess.run([PYTHON, "-c", "import libtorrent"], check=False, stderr=subprocess.DEVNULL)
        return asked.returncode == 0
    return False
