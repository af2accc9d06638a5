"""The ground of a part under test: of `connector.core.core.Core` only what the part looks at."""

from __future__ import annotations

from types import SimpleNamespace


def core(*, did="", url="", keys=None, roles=(), sign=None, member=None, **ground):
    """Return what a part takes as its core; whatever else it reached for is not there."""
    identity = SimpleNamespace(did=did, url=url, keys=keys, roles=roles, sign=sign, member=member)
    return SimpleNamespace(identity=identity, **ground)
