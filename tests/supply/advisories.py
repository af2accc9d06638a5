"""Known vulnerabilities of what the lock names, asked of the Python Package Advisory Database by pip-audit.

Law: (1) who was not answered has not been told that all is well: pip-audit ends with 0 for packages that its source
does not know, so what it left out is counted. (2) One package is asked for first; if nothing is known even of that, no
database is there and the check is absent, in words. (3) An advisory that cannot be mended at once is a row with its day
and reason, and counts again when GRACE_DAYS are over.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docs.generate.lock import LOCK
from tests.supply.bill import pins
from tests.supply.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

TOOL = "pip-audit==2.10.1"
WITHIN_SECONDS = 300
ANSWER_SECONDS = 15
# as long may an advisory be known before what it is about has to be gone; of any severity, since the source tells none
GRACE_DAYS = 14
# advisory → the day on which it became known here, and why it does not reach us
WAITING: Mapping[str, tuple[date, str]] = {}


def minded(told: list[dict[str, Any]], today: date, waiting: Mapping[str, tuple[date, str]]) -> tuple[str, ...]:
    """Return what is wrong with the packages as pip-audit tells of them."""
    faults = []
    for one in told:
        if "skip_reason" in one:
            faults.append(f"{one['name']}: not audited: {one['skip_reason']}")
        for found in one.get("vulns", ()):
            since = next((waiting[name][0] for name in (found["id"], *found["aliases"]) if name in waiting), None)
            if since is None or (today - since).days > GRACE_DAYS:
                mended = ", ".join(found["fix_versions"]) or "no version"
                faults.append(f"{one['name']} {one['version']}: {found['id']}, mended in {mended}")
    return tuple(faults)


def check() -> Verdict:
    """Ask for one package, then for all of the lock."""
    locked = pins(LOCK.read_text(encoding="utf-8"))
    first = next(iter(locked))
    with tempfile.TemporaryDirectory(prefix="penstock-advisories-") as name:
        folder = Path(name)
        try:
            python = _environment(folder)
            probe = _asked(folder, python, {first: locked[first]})
            if any("skip_reason" in one for one in probe):
                return Verdict(0, absent=f"no database of advisories answers here: {probe[0]['skip_reason']}")
            told = _asked(folder, python, locked)
        except (OSError, subprocess.SubprocessError, ValueError) as fault:
            return Verdict(0, absent=f"{TOOL} cannot be asked here: {fault}")
    return Verdict(len(told), minded(told, datetime.now(UTC).date(), WAITING))


def _environment(folder: Path) -> Path:
    """Return the interpreter of an environment that has the tool and nothing of ours."""
    python = folder / "venv/bin/python"
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", TOOL]
    subprocess.run(install, check=True, timeout=WITHIN_SECONDS, capture_output=True)
    return python


def _asked(folder: Path, python: Path, locked: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what is known of packages; raises ValueError when no answer came."""
    wanted = folder / "wanted.txt"
    wanted.write_text("".join(f"{name}=={version}\n" for name, version in locked.items()), encoding="utf-8")
    options = ["--disable-pip", "--no-deps", "--format", "json", "--progress-spinner", "off"]
    command = [str(python), "-m", "pip_audit", *options, "--timeout", str(ANSWER_SECONDS), "-r", str(wanted)]
    done = subprocess.run(command, check=False, timeout=WITHIN_SECONDS, capture_output=True, text=True)
    if not done.stdout:
        raise ValueError(done.stderr.strip().rpartition("\n")[2] or "it said nothing")
    told: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    return told
