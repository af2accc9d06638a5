"""Where a space's signatures hold: the typed-data domains of its programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts import address
from contracts.typed_data import Domain
from ledger.space import fields

if TYPE_CHECKING:
    from collections.abc import Mapping

SALT_BYTES = 32


@dataclass(frozen=True, slots=True)
class Domains:
    """The typed-data domains of one deployment that a bundle needs."""

    registry: Domain
    licences: Domain
    channels: Domain


def domain_of(deployment: Mapping[str, Any], program: str) -> Domain:
    """Return the domain of a program of a deployment (its JSON); raises KeyError, ValueError."""
    # not by `ledger.chain.deployment`, which would load web3 into every process that knows the space
    salt = fields.raw(deployment["salt"], SALT_BYTES)
    return Domain(int(deployment["chainId"]), address.read(deployment["addresses"][program], program), salt)
