"""What we demand of peers: which types of credentials, and whom we believe about each (`trust` in the settings).

Law: whom nobody named is believed about nothing; without a line, the exchange of our space is believed about all. So
nobody issues itself what it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from connector.runtime.settings_table import Trust

EVERY: Final = "*"


class Demands:
    """The demands of one participant; `exchange` names that of its space."""

    def __init__(self, told: Trust, exchange: Callable[[], str]) -> None:
        self.required, self.sought = tuple(dict.fromkeys(told.required)), told.sought
        self._exchange = exchange
        self._believed = {line.split()[0]: frozenset(line.split()[1:]) for line in told.issuers}

    def believes(self, issuer: str, types: Iterable[str]) -> bool:
        """Say whether an issuer is believed about one of these types."""
        if not self._believed:
            return issuer == self._exchange()
        named = self._believed.get(issuer, frozenset[str]())
        return EVERY in named or not named.isdisjoint(types)

    def requires(self, types: Iterable[str]) -> bool:
        """Say whether one of these types is demanded, not asked for alone."""
        return not set(types).isdisjoint(self.required)

    def lacking(self, types: Iterable[str]) -> list[str]:
        """Return what is demanded and not among these types."""
        shown = set(types)
        return [kind for kind in self.required if kind not in shown]
