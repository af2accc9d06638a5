"""The ground of a part under test: of `connector.core.core.Core` only what the part looks at."""

from __future__ import annotations

from types import SimpleNamespace

from connector.core.topics import Topics


def core(*, did="", url="", keys=None, roles=(), sign=None, member=None, **ground):
    """Return what a part takes as its core; whatever else it reached for is not there."""
    identity = SimpleNamespace(did=did, url=url, keys=keys, roles=roles, sign=sign, member=member)
    return SimpleNamespace(**{"identity": identity, "topics": Topics(), **ground})


class Parts:
    """What a surface finds the parts of a participant by; a part that was not given is not there."""

    def __init__(self, parts):
        self._parts = parts

    def of(self, kind):
        return self._parts[kind]

    def named(self, name):
        [part] = [part for kind, part in self._parts.items() if kind.__name__.lower() == name]
        return part
