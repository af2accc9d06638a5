"""The provider's side of a review: the drawn rows are opened to the exchange, and no others, whoever asks how often.

Law: the draw is recomputed here. Its seed must be a head of the exchange's own log that the chain recorded after our
edition was registered, so neither side chose the rows; and one edition has one draw, so asking again opens no new row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.custody import review
from connector.runtime.errors import Conflict, InvalidInput, NotPermitted
from connector.store.rows.product import ProductRow
from connector.store.rows.vault import EditionRow
from contracts.decimals import read_hex
from contracts.signature import DIGEST_BYTES
from contracts.units import COMPUTED
from ledger.edition.header import read_header
from ledger.log.checkpoint import origin_id

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from ledger.chain.client import Chain
    from ledger.chain.programs import Programs

KEYS = frozenset({"seed", "reader"})


async def draw(
    core: Core, space: SpaceView, programs: Programs, chain: Chain, edition: EditionRow, document: Any
) -> tuple[tuple[int, ...], bytes]:
    """Return the drawn rows of a request `{"seed", "reader"}` and the reader's X25519 key.

    Raises InvalidInput for a malformed request, Conflict for a seed that the chain did not fix after the registration,
    or for a second draw.
    """
    product = await core.store.read(lambda tx: tx.get(ProductRow, id=edition.product))
    if product is not None and product.tier == COMPUTED:
        raise NotPermitted("nothing of it is shown: it stays where it is, and is asked", "judge it by its description")
    now = await space.current()
    if not isinstance(document, dict) or set(document) != KEYS:
        raise InvalidInput("a review names its `seed` and its `reader` key, nothing else")
    seed = read_hex(document["seed"], "seed", DIGEST_BYTES)
    reader = read_hex(document["reader"], "reader", DIGEST_BYTES)
    await _fixed_after_registration(programs, chain, bytes.fromhex(edition.id), now.members[now.exchange].origin, seed)
    await core.store.write(lambda tx: _one_draw(tx, edition.id, seed))
    return review.drawn(seed, read_header(edition.header)), reader


async def _fixed_after_registration(programs: Programs, chain: Chain, edition: bytes, origin: str, seed: bytes) -> None:
    last = (await chain.newest()).number
    registered = await programs.events("editions", "EditionRegistered", 0, last, editionId=edition)
    heads = await programs.events("anchors", "Anchored", 0, last, origin=origin_id(origin))
    if not registered:
        raise Conflict("this edition is not registered on chain yet", "ask again when it is")
    if not any(head.fields["root"] == seed and head.block > registered[0].block for head in heads):
        raise Conflict(
            "the seed is no head of the exchange's log that was anchored after the registration",
            "anchor the log, then draw by its root",
        )


def _one_draw(tx: Tx, edition: str, seed: bytes) -> None:
    row = tx.get(EditionRow, id=edition)
    assert row is not None
    if row.review_seed not in (None, seed):
        raise Conflict("this edition was drawn from before, by another seed", "repeat the first draw")
    tx.update(EditionRow, {"id": edition}, review_seed=seed)
