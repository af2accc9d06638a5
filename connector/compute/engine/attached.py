"""A run of an engine of the provider: asked for by the digest of its file, which both sides have signed."""

from __future__ import annotations

from dataclasses import dataclass, field

from connector.compute.program import Run
from connector.runtime.errors import InvalidInput
from contracts.engine import DIGEST


@dataclass(frozen=True, slots=True)
class Attached(Run):
    """The `engine` with this digest that is run so."""

    engine: str = field(kw_only=True)

    def __post_init__(self) -> None:
        if not DIGEST.fullmatch(self.engine):
            raise InvalidInput("an engine is asked for by `sha-256:` and the digest of its file")
        Run.__post_init__(self)

    @property
    def digest(self) -> str:
        """Return by which a policy names it: of its file."""
        return self.engine

    def words(self) -> str:
        """Return what is asked in words."""
        return self.said(f"engine {self.engine}")
