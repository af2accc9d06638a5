"""Where somebody goes who finds a page empty: another page of the console, or the command that brings the first row.

Law: a page that can be empty has a row here (a test walks a participant that has nothing); a path is that of a page of
the table, anything else a command, which its own help explains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# page → where its first row comes from
BEGINNINGS: Mapping[str, str] = {
    "search": "penstock demand post",
    "product": "/search",
    "acquisitions": "/search",
    "products": "/publish",
    "versions": "/products",
    "orders": "/products",
    "offered": "/products",
    "agreements": "/search",
    "agreement": "/agreements",
    "negotiations": "/search",
    "flows": "penstock controlplane add",
    "computations": "penstock query",
    "assents": "penstock program assent",
    "replicas": "/search",
    "spending": "/search",
    "wallet": "penstock wallet add",
    "earnings": "/products",
    "listings": "/members",
    "members": "/applications",
    "applications": "penstock join",
    "pending": "/acts",
    "disputes": "penstock dispute file",
    "connectors": "/members",
    "uses": "/members",
    "sources": "penstock exchange source add",
    "source": "penstock exchange source harvest",
    "prices": "/search",
    "spaces": "/acts",
    "space": "/spaces",
    "contracts": "penstock ndi find",
    "digital-contract": "/contracts",
    "projects": "penstock project propose",
    "project": "/projects",
    "deals": "penstock deal file",
    "hosted": "penstock hosting delegate",
    "complaints": "penstock complaint file",
    "bills": "/search",
    "bill": "/bills",
    "statement": "/bills",
    "indicators": "/listings",
    "findings": "penstock audit",
    "timeline": "/lookup",
    "evidence": "/overview",
    "acts": "/account",
}
