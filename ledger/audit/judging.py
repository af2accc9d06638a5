"""What judges: a digest of every line that an audit is made of, so that nothing proven by other lines is taken over."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

import contracts
import ledger
import policy

PACKAGES = (contracts, ledger, policy)


@cache
def rules_digest() -> str:
    """Return the SHA-256, in hex, of the source files of the packages that read, prove and judge, in their order."""
    found = sha256()
    for package in PACKAGES:
        (folder,) = map(Path, package.__path__)
        for path in sorted(folder.rglob("*.py")):
            body = path.read_bytes()
            found.update(f"{package.__name__}/{path.relative_to(folder)} {len(body)}\n".encode() + body)
    return found.hexdigest()
