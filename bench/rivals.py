"""Programs of others that a benchmark is held against, each installed into an environment of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def environment(rival: str) -> Path:
    """Return where a rival is installed."""
    return ROOT / ".venv" / "rivals" / rival


def install(rival: str, wanted: str) -> bool:
    """Install a rival, as `name==version`, unless it is; say why if it cannot be."""
    folder = environment(rival)
    mark = folder / ".installed"
    if mark.exists() and mark.read_text() == wanted:
        return True
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        for command in ([sys.executable, "-m", "venv", "--clear", str(folder)], [*pip, wanted]):
            subprocess.run(command, check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        print(f"no rows of {rival}, which cannot be installed: {error.stderr.strip()}")
        return False
    mark.write_text(wanted)
    return True
