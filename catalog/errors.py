"""What can be wrong with a description or a listing; the caller's fault in every case."""

from __future__ import annotations


class CatalogError(ValueError):
    """A value of the catalogue is not what it must be.

    `path` says where in the document, `hint` what to do about it.
    """

    def __init__(self, message: str, *, path: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.path = path
        self.hint = hint


class ListingError(CatalogError):
    """The listing cannot make this move: the table of `catalog.listing` has no such row."""


class DemandError(CatalogError):
    """The demand cannot make this move: the table of `catalog.demand` has no such row for this role."""


class TemplateError(CatalogError):
    """The contract template cannot make this move: the table of `catalog.contract_template` has no such row."""


class ProjectError(CatalogError):
    """The project cannot make this move: the table of `catalog.project` has no such row for this role."""


class DealError(CatalogError):
    """The filed deal cannot make this move: the table of `catalog.deal` has no such row for this role."""


class SourceError(CatalogError):
    """The source cannot make this move, or cannot be called so: see `catalog.source`."""


class PriceError(CatalogError):
    """The limits of a side contradict each other; nothing was offered."""


class ComplaintError(CatalogError):
    """The complaint cannot make this move: `catalog.complaint` has no such row for this role, or not yet."""
