"""The lock, what is installed, and the bill of materials say the same."""

from __future__ import annotations

import importlib.metadata
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docs.generate import bill_of_materials
from docs.generate.lock import CUT, LOCK
from docs.generate.third_party import INSTALLERS, called
from tests.supply.licences import OURS
from tests.supply.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

BILL = Path(__file__).resolve().parents[2] / "docs/sbom.cdx.json"
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def pins(text: str) -> dict[str, str]:
    """Return package → version of a lock, or of a part of it."""
    return dict(PIN.findall(text))


def installed() -> dict[str, str]:
    """Return package → version of what is installed here and not brought by installers."""
    found = {called(one.name): one.version for one in importlib.metadata.distributions()}
    return {name: version for name, version in found.items() if name not in {OURS, *INSTALLERS}}


def beside_the_lock(found: Mapping[str, str], lock: str) -> tuple[str, ...]:
    """Return what is installed in another version than the lock's, or is not in it."""
    locked = pins(lock)
    return tuple(
        f"{name} {version} is installed; the lock has {locked.get(name, 'none')}"
        for name, version in sorted(found.items())
        if locked.get(name) != version
    )


def beside_the_bill(bill: Mapping[str, Any], lock: str) -> tuple[str, ...]:
    """Return what the bill has otherwise than the lock, and what an image has and the bill lacks."""
    listed = {one["name"]: one["version"] for one in bill["components"]}
    locked, image = pins(lock), pins(lock.split(CUT, maxsplit=1)[0])
    faults = [f"the bill has {name} {listed[name]}" for name in listed if locked.get(name) != listed[name]]
    return (*faults, *(f"the bill lacks {name}" for name in image if name not in listed))


def environment() -> Verdict:
    """Hold what is installed against the lock."""
    found = installed()
    return Verdict(len(found), beside_the_lock(found, LOCK.read_text(encoding="utf-8")))


def materials() -> Verdict:
    """Hold the committed bill against the lock, and against what would be written now."""
    text = BILL.read_text(encoding="utf-8")
    bill = json.loads(text)
    faults = beside_the_bill(bill, LOCK.read_text(encoding="utf-8"))
    if text != bill_of_materials.document():
        faults += ("docs/sbom.cdx.json is not what `make docs` writes",)
    return Verdict(len(bill["components"]), faults)
