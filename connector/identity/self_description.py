"""How a participant describes itself: its DID document has the keys, `/.well-known/penstock.json` the rest.

    {"did", "name", "role", "region"}

Whether that is true is what an operator judges who admits it; the keys come from the DID document alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.identity.did import SERVICES
from connector.runtime.errors import InvalidInput
from contracts.namespace import NS
from ledger.space.document import WITNESSED_BY, Member

if TYPE_CHECKING:
    from connector.identity.did import Document
    from connector.identity.peers import Peers
    from connector.net.outbound import Outbound

DESCRIPTION_PATH = "/.well-known/penstock.json"
DESCRIPTION_BYTES_MAX = 4096
TEXT_CHARACTERS_MAX = 200
LOG_SERVICE = NS + "Log"


async def described(peers: Peers, outbound: Outbound, did: str) -> Member:
    """Return how a participant describes itself now, in its two documents; raises InvalidInput."""
    return member_of(*await documents(peers, outbound, did))


async def documents(peers: Peers, outbound: Outbound, did: str) -> tuple[Document, Any]:
    """Return both documents of a participant as they are now; raises InvalidInput."""
    document = await peers.document(did, fresher_than=0)
    told = await outbound.get(base_url(document) + DESCRIPTION_PATH, limit_bytes=DESCRIPTION_BYTES_MAX)
    return document, told.json()


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
        sm2=document.sm2,
    )
