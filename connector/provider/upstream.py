"""An interface that a product is made of: where it is, which calls of it are sold, and the secret it is called with.

Law: address and secret stay here: what buyers get is the list of calls (`interface.json`), sealed as the product's
edition, so what was agreed about is on record. The secret is a file of header lines that is read when a call is made,
so that it can be changed, and that nobody but its owner may read.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from catalog import interface
from connector.custody.origins.written import Written
from connector.enforcement.context import SHARES, SIZE
from connector.negotiation.protocol.offers import PLAIN
from connector.runtime.errors import InvalidInput
from connector.store.rows.product import ProductRow
from contracts.canonical import canonical
from contracts.units import CALL, COMPUTED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from connector.store.rows.agreement import AgreementRow
    from connector.store.transaction import Tx

FILE: Final = "interface.json"
# what nobody knows of a call before it is made
SIZES: Final = frozenset({SIZE, *SHARES})
FREE: Final = "free"
URL_CHARACTERS_MAX: Final = 2_048
SECRET_BYTES_MAX: Final = 16_384
# what a call carries besides: names of the connection itself, or of what is forwarded, are not for a secret
TAKEN: Final = frozenset({
    "host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "expect", "keep-alive",
})  # fmt: skip
_LINE: Final = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}):[ \t]*([\x21-\x7e][\x20-\x7e]*)")
# members of a brief that are an interface's alone
MEMBERS: Final = ("calls", "secret")


def check(brief: Mapping[str, Any]) -> None:
    """Refuse what is no interface that can be sold; raises InvalidInput."""
    if brief.get("api") is None:
        if not brief.get("files") and not brief.get("stream"):
            hint = "or say `--api URL`, or `--stream ADDRESS`"
            raise InvalidInput("`files` of the product must be a list of paths and of addresses", hint)
        if told := next((name for name in MEMBERS if brief.get(name)), None):
            raise InvalidInput(f"`{told}` is about an interface, and there is none", "say `--api URL`")
        return
    if brief["tier"] != PLAIN:
        raise InvalidInput("answers of an interface are served in plain", "publish with `--tier plain`")
    if brief["unit"] not in (CALL, FREE):
        raise InvalidInput(f"an interface is not priced by `{brief['unit']}`", f"use {CALL} or {FREE}")
    if not brief.get("calls"):
        raise InvalidInput("nobody has said which calls may be made", f"`--call`, {interface.HINT}")
    interface.read(brief["calls"])
    if brief.get("secret"):
        headers(brief["secret"])


def is_base(url: object) -> bool:
    """Say whether a text is the address that paths are put behind."""
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or len(url) > URL_CHARACTERS_MAX:
        return False
    try:
        parts = urlsplit(url)
        bare = parts.username is None and parts.password is None and parts.port != 0
    except ValueError:
        return False
    return bare and parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment)


def described(brief: Mapping[str, Any]) -> list[tuple[str, Written]]:
    """Return (name, file) of what buyers get of an interface; nothing of any other product."""
    if brief.get("api") is None:
        return []
    return [(FILE, Written("the calls of the interface", canonical(interface.read(brief["calls"]).json())))]


def require(brief: Mapping[str, Any], asked: Collection[str]) -> None:
    """Raise InvalidInput for what a policy asks of a call, or a stream, that nobody knows before."""
    if brief.get("api") is None and brief.get("stream") is None and brief.get("tier") != COMPUTED:
        return
    if odd := next((name for name in asked if name in SIZES), None):
        text = f"the policy asks for `{odd}`, and how much a call, an answer, or a stream, brings nobody knows before"
        raise InvalidInput(text, "leave it out, or count: `count`")


def is_sold(tx: Tx, agreement: AgreementRow) -> bool:
    """Say whether what was agreed about is an interface."""
    product = tx.get(ProductRow, id=agreement.product)
    return product is not None and product.brief.get("api") is not None


def headers(place: str) -> dict[str, str]:
    """Return the headers of a secret; raises InvalidInput, never with a word of what is in it."""
    path = Path(place)
    try:
        with path.open("rb") as file:
            mode = path.stat().st_mode
            text = file.read(SECRET_BYTES_MAX + 1).decode("ascii")
    except (OSError, UnicodeDecodeError) as fault:
        raise InvalidInput(f"the secret `{place}` cannot be read", "a file of lines `Name: value`") from fault
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise InvalidInput(f"others can read the secret `{place}`", f"chmod 600 {place}")
    lines = [line for line in text.splitlines() if line.strip()]
    found = [_LINE.fullmatch(line.rstrip()) for line in lines]
    if len(text) > SECRET_BYTES_MAX or not all(one and one[1].lower() not in TAKEN for one in found):
        raise InvalidInput(f"the secret `{place}` is no list of headers", "lines such as `X-Api-Key: 123`")
    return {one[1]: one[2] for one in found if one}
