"""Admitting members: the DID document and the participant's own description are read, the move is evidence.

A participant describes itself at `/.well-known/penstock.json`: {"did", "name", "role", "region"}. Whether that is true
is what the operator judges by admitting it; the keys come from the DID document alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.errors import Conflict, InvalidInput
from connector.exchange.kept import Kept
from connector.identity.did import SERVICES
from contracts.canonical import sha
from contracts.namespace import NS
from ledger.space import WITNESSED_BY, Member

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from connector.identity.did import Document
    from connector.store.evidence import Evidence
    from connector.store.transaction import Tx

ADMITTED = "admitted"
MEMBERS = Kept("members", "did", "`{}` is no member, or is the exchange itself", "penstock exchange member list")
DESCRIPTION_PATH = "/.well-known/penstock.json"
DESCRIPTION_BYTES_MAX = 4096
TEXT_CHARACTERS_MAX = 200
LOG_SERVICE = NS + "Log"


def base_url(document: Document) -> str:
    """Return the participant's base URL: its log service without the log's path."""
    path = SERVICES[LOG_SERVICE][1]
    endpoint = document.services.get(LOG_SERVICE, "")
    if not endpoint.endswith(path):
        raise InvalidInput(f"`{document.id}` publishes no log", "only participants with a log can be members")
    return endpoint.removesuffix(path)


def member_of(document: Document, description: Any) -> Member:
    """Return the member that both documents describe; raises InvalidInput for one that lacks what we rely on."""
    told = description if isinstance(description, dict) else {}
    texts = {name: told.get(name) for name in ("did", "name", "role", "region")}
    if not all(isinstance(text, str) and 0 < len(text) <= TEXT_CHARACTERS_MAX for text in texts.values()):
        raise InvalidInput(f"`{document.id}` does not describe itself", f"it must serve {DESCRIPTION_PATH}")
    if texts["did"] != document.id or texts["role"] not in WITNESSED_BY:
        raise InvalidInput(
            f"`{document.id}` describes somebody else, or a role that is none of {', '.join(WITNESSED_BY)}"
        )
    if document.aggregate is None:
        raise InvalidInput(f"`{document.id}` publishes no aggregate key")
    return Member(
        did=document.id,
        name=str(texts["name"]),
        role=str(texts["role"]),
        region=str(texts["region"]),
        url=base_url(document),
        address=document.require("agreement"),
        log_key=document.require("log"),
        delivery=document.require("delivery"),
        aggregate=document.aggregate[0],
        possession=document.aggregate[1],
    )


def refuse_double(member: Member, known: Iterable[Member]) -> None:
    """Raise InvalidInput for a key or URL of another member: a space with two of one kind is relied on by nobody."""
    for other in known:
        if other.did != member.did and (name := other.shares(member)):
            raise InvalidInput(f"`{member.did}` has the {name} of the member `{other.did}`", "give it keys of its own")


def admit(tx: Tx, evidence: Evidence, member: Member, by: str, now: datetime) -> dict[str, str]:
    """Keep `member` and record the move; admitting the same documents again changes nothing.

    Raises Conflict for a member that says something else of itself now: `connector.exchange.rereading` decides on that.
    """
    document = member.json()
    known = tx.get("members", did=member.did)
    if known is not None and known["document"] == document:
        return document
    if known is not None and known["state"] != ADMITTED:
        raise Conflict(
            f"the member `{member.did}` is {known['state']}", "a suspended one is resumed, an expelled one not"
        )
    if known is not None:
        text = f"`{member.did}` is a member, and says something else of itself now"
        raise Conflict(text, "penstock exchange member reread")
    tx.put(
        "members",
        did=member.did,
        name=member.name,
        role=member.role,
        region=member.region,
        url=member.url,
        state=ADMITTED,
        document=document,
        created=now,
        updated=now,
    )
    application = tx.get("applications", did=member.did)
    before = application or {"state": "unknown"}
    if application is not None:
        tx.update("applications", {"did": member.did}, state=ADMITTED, reason="", updated=now)
    fields = {"from": before["state"], "to": ADMITTED, "by": by, "reason": "", "digest": sha(document).hex()}
    evidence.record(tx, "member.moved", part=member.did, fields=fields, now=now)
    return document
