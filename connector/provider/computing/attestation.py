"""Answers that come with evidence of their reader: what terms say of it, and what each answer says (decision 0288).

Law: (1) a product names the reader that its provider has when it is described; another one answers nothing under it.
(2) Evidence is of one answer to one question with the buyer's own number: the same id has the same, or is refused.
"""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import orjson

from connector.compute.attesters import attester
from connector.compute.measuring import EXACT, NOISE, READERS, measured
from connector.provider.computing import offered
from connector.runtime.errors import Conflict, InvalidInput
from connector.store.rows.product import ProductState
from connector.store.table_row import replace as row_with
from contracts import gate as gates
from contracts.attested import Attested

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.compute.computation import Computed
    from connector.core.core import Core
    from connector.provider.computing.asked import Asked, Ground
    from connector.store.rows.compute import ComputationRow
    from connector.store.rows.product import ProductRow
    from contracts.gate import Gate

MEMBER: Final = "attested"


class Attestation:
    """What the platform of this connector vouches for."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def described(self, row: ProductRow, *, kept: bool) -> ProductRow:
        """Return a product whose brief names the reader of now, where it wants answers attested.

        Unless it is to be `kept`, nothing is drawn for it. Raises InvalidInput for a platform that this connector does
        not run on, SettingsError.
        """
        if (name := offered.platform_of(row.brief)) == "":
            return row
        now = await asyncio.to_thread(partial(self._reader, name, row.brief[offered.MEMBER], draws=kept))
        return row_with(row, brief=offered.with_reader(row.brief, now))

    async def require(self, product: ProductRow) -> None:
        """See that the reader that a product names is the one of now, before it is sealed; raises Conflict."""
        brief = product.renewal or product.brief
        name = offered.platform_of(brief)
        if not name or product.state not in (ProductState.DRAFT, ProductState.RENEWING):
            return
        now = await asyncio.to_thread(partial(self._reader, name, brief[offered.MEMBER], draws=True))
        if offered.with_reader(brief, now) != brief:
            raise Conflict("the reader has changed since the product was described", "publish it again")

    async def vouched(self, ground: Ground, asked: Asked, found: Computed) -> Computed:
        """Return what was found with what its answer says of its reader, where its terms want that.

        That is the platform, the buyer's number, and the platform's evidence in base64. Who is told nothing has none.
        """
        agreed = gates.read(ground.agreement.signed_terms[offered.MEMBER]).attested
        if agreed is None or not found.told:
            return found
        platform, report = attester(agreed.platform, self._core.data), bytes.fromhex(found.report)
        given = await asyncio.to_thread(platform.evidence, agreed.measurement, report, self._core.clock.now())
        evidence = base64.b64encode(given).decode()
        return replace(found, attested={"platform": agreed.platform, "nonce": asked.nonce, "evidence": evidence})

    def _reader(self, name: str, gate: Mapping[str, str], *, draws: bool) -> Attested:
        mode = READERS[NOISE if offered.NOISE in gate else EXACT]
        return Attested(name, measured(mode), attester(name, self._core.data).root(draws=draws))


def require(gate: Gate, asked: Asked) -> None:
    """Raise InvalidInput where a question has no number of its buyer's and needs one, or has one and needs none."""
    if gate.attested is not None and not asked.nonce:
        raise InvalidInput("its answers are attested, and the question has no `nonce`", "64 hexadecimal digits, drawn")
    if gate.attested is None and asked.nonce:
        raise InvalidInput("its answers are not attested, and the question has a `nonce`", "leave it out")


def require_same(row: ComputationRow, asked: Asked) -> None:
    """Raise Conflict where what was answered under an id has evidence for another number of its buyer's."""
    told = orjson.loads(row.answer).get(MEMBER) if asked.nonce and row.answer else None
    if told is not None and told["nonce"] != asked.nonce:
        raise Conflict(f"`{asked.job}` was answered for another `nonce`", "choose another id")


def digest(told: Mapping[str, str]) -> str:
    """Return by which a log names the evidence of an answer (64 hexadecimal digits)."""
    return sha256(base64.b64decode(told["evidence"])).hexdigest()
