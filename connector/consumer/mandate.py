"""What a buyer lets its connector do by itself: prices, purpose and place, checked when it is said."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.console.amounts import decimal
from connector.enforcement.person import OWNER, Person
from connector.negotiation import authority
from connector.runtime import files
from connector.runtime.errors import Conflict, InvalidInput
from connector.runtime.room import FAILED
from connector.runtime.stage import require_empty
from connector.store.rows.agreement import AcquisitionState
from contracts.authority import BUYER, Deed
from contracts.decimals import read_decimal
from contracts.tried import ID_CHARACTERS_MAX
from policy.amendment import EXAMPLE, TEXT_CHARACTERS_MAX
from policy.purposes import BASE, resolve

if TYPE_CHECKING:
    from datetime import datetime

    from connector.store.rows.agreement import AcquisitionRow
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

# minor units; `exposure` is what may be owed for keys not yet released, `cap` what the agreement may cost in all
AMOUNTS = ("limit", "bid", "deposit", "exposure", "cap")
# `licence`: a sub-licence; `provider`: the DID of who told us of the product; see `quoting`
FROM = ("licence", "provider")
AT = "at"  # where a connector that is no member answers; `provider` is then how it is called
SAID = "said"  # what else is said of the use; checked, it names who of our people asks, too
RULES = ("need", "prefer")  # texts that `bargain` reads beside the offer
TRIED = "tried"  # the id of a fitting of ours, which the request names (`trial`)
MEMBERS = frozenset({*AMOUNTS, "purpose", SAID, "to", "keep", "overwrite", AT, TRIED, *FROM, *RULES})
NOWHERE = "null"  # a `to` that proves and counts, and keeps nothing
STREAM = "-"  # a `to` that is read as a stream, in order (`connector.consumer.pipe`)
NO_FOLDERS = (NOWHERE, STREAM)


def checked(document: Any, person: Person = OWNER) -> JsonObject:
    """Return the mandate with amounts as decimal strings; raises InvalidInput for what a person can get wrong.

    `person` is who of our people gives it.
    """
    if not isinstance(document, dict) or set(document) - MEMBERS or "limit" not in document:
        raise InvalidInput("a mandate has a `limit` and perhaps " + ", ".join(sorted(MEMBERS - {"limit"})))
    amounts = {name: document.get(name) for name in AMOUNTS}
    for name, amount in amounts.items():
        if amount is not None:
            read_decimal(amount, name)
    if amounts["bid"] is not None and int(amounts["bid"]) > int(str(amounts["limit"])):
        raise InvalidInput(
            f"the bid `{decimal(amounts['bid'])}` is above your own limit `{decimal(str(amounts['limit']))}`"
        )
    sources = {name: document[name] for name in FROM if document.get(name)}
    if len(sources) > 1 or not isinstance(sources.get("provider", ""), str):
        raise InvalidInput("a mandate names a sub-licence, or its `provider` by a DID, or neither")
    if (at := document.get(AT)) is not None:
        if "licence" in sources:
            raise InvalidInput("a sub-licence is taken from its holder, at no other address", "leave `at` out")
        if not isinstance(at, str) or not ("://" in at or at.startswith("did:")):
            raise InvalidInput(f"`at` is `{at!s:.100}`, which is neither the address of a connector nor its DID")
        sources[AT] = at
    said = {"purpose": resolve(str(document.get("purpose"))), SAID: person.says(document.get(SAID))}
    return {**amounts, **said, **_place(document), **sources, **_rules(document), **_tried(document)}


def signed_by(
    tx: Tx, product: str, mandate: JsonObject, signer: JsonObject | None, currency: str, now: datetime
) -> JsonObject:
    """Return who of our people a purchase is signed by, nothing for the owner; raises NotPermitted if it may not be.

    What it costs in all is known when it is signed, and asked for then.
    """
    hand = authority.hand(tx) if signer is None else {authority.SIGNER: signer}
    if hand:
        asked = {"leftOperand": "purpose", "operator": "isA", "rightOperand": mandate["purpose"]}
        policy = {"permission": [{"action": "use", "constraint": [asked]}]}
        wanted = Deed(BUYER, product, int(mandate["bid"] or 0), currency, policy)
        authority.permitted(tx, hand[authority.SIGNER], wanted, now)
    return hand


def _rules(document: JsonObject) -> JsonObject:
    """Return the rules that are said, as texts; what they mean is seen beside the offer."""
    said = {name: document[name] for name in RULES if document.get(name) is not None}
    for name, text in said.items():
        if not isinstance(text, str) or not 0 < len(text) <= TEXT_CHARACTERS_MAX:
            raise InvalidInput(f"`{name}` is a text of at most {TEXT_CHARACTERS_MAX} characters", EXAMPLE)
    if said and document.get("licence"):
        raise InvalidInput("a sub-licence is taken as its holder wrote it", "leave out `--need` and `--prefer`")
    return said


def _tried(document: JsonObject) -> JsonObject:
    """Return the id of the fitting that is named, nothing where there is none."""
    name = document.get(TRIED)
    if name is None:
        return {}
    if not isinstance(name, str) or not 0 < len(name) <= ID_CHARACTERS_MAX:
        raise InvalidInput(f"`{TRIED}` is the id of a fitting: 1 to {ID_CHARACTERS_MAX} characters", "`penstock try`")
    if document.get("licence"):
        raise InvalidInput("a sub-licence is taken from its holder, who was tried by nobody", "leave out `--tried`")
    return {TRIED: name}


def _place(document: JsonObject) -> JsonObject:
    """Return where plaintext goes and whether the sealed bytes stay, too."""
    to, keep = document.get("to"), document.get("keep", True)
    if to is not None and not (isinstance(to, str) and (to in NO_FOLDERS or Path(to).is_absolute())):
        raise InvalidInput(f"`to` is an absolute path, `{NOWHERE}` or `{STREAM}`, not `{to!s:.100}`")
    if to not in (None, *NO_FOLDERS):
        refuse_unwritable(Path(to))
    overwrite = document.get("overwrite", False)
    if not isinstance(overwrite, bool):
        raise InvalidInput("`overwrite` is true or false")
    if not isinstance(keep, bool) or (to is None and not keep):
        raise InvalidInput("`keep` is true or false, and false only where `to` says what is kept instead")
    return {"to": to, "keep": keep, "overwrite": overwrite}


def require_place(mandate: JsonObject, begun: AcquisitionRow | None) -> None:
    """Raise Conflict if the files could not be put where a mandate says, or are there no more (blocking).

    Of a new purchase (`begun` is None) what is in the way is found out before anything is paid. What has begun goes to
    the place that was said then; when it is complete, nothing is written again.
    """
    to = mandate["to"]
    if begun is None:
        if to not in (None, *NO_FOLDERS) and not mandate["overwrite"]:
            require_empty(Path(to))
        return
    words = ["penstock", "open", begun.id, "--purpose", str(mandate["purpose"]).removeprefix(BASE), "--to", "DIRECTORY"]
    said, again = begun.mandate.get("to"), shlex.join(words)
    if to not in (None, said):
        where = "here, sealed" if said is None else f"to `{said}`"
        raise Conflict(f"`{begun.id[:100]}` was begun to be kept {where}, not `{to}`", again)
    if begun.state is AcquisitionState.COMPLETE and to not in (None, *NO_FOLDERS) and not _holds_files(Path(to)):
        raise Conflict(f"`{begun.id[:100]}` was opened to `{to}` before, and is there no more", again)


def _holds_files(folder: Path) -> bool:
    return folder.is_dir() and next(folder.iterdir(), None) is not None


def refuse_unwritable(folder: Path) -> None:
    """Raise InvalidInput unless `folder` is there to write to, or can be made; before anything is agreed or paid.

    Raises OSError for a disk that is full or failed.
    """
    try:
        there = next(path for path in (folder, *folder.parents) if path.exists())
        files.try_folder(there)
    except OSError as error:
        if error.errno in FAILED:
            raise
        text = f"the server may not write to `{folder}`: {(error.strerror or 'it is no place').lower()}"
        raise InvalidInput(text, "name a directory that it may make or write to") from error


def require_nowhere(mandate: JsonObject) -> None:
    """Raise InvalidInput for a mandate that says where data go which stay where they are."""
    if mandate.get("to") is not None:
        text = "nothing is delivered: the data stay at their provider"
        raise InvalidInput(text, "get it without `--to`, then `penstock query`")
