"""The faces of what is listed: as DCAT-AP, as Croissant, and as the national catalogue registers it, with its codes.

All are made from what the exchange shows of a listing, so that none says what the others do not. Of the national
registration the names `productId`, `productName`, `dscription` (so spelled) are the standard's; its annex with the rest
is not public, so the rest are ours, and their values its codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog import identifiers
from catalog.codes import DELIVERY_FORMS, FREQUENCIES, ORIGINS, QUALITY_GRADES, SECURITY_GRADES
from catalog.croissant import croissant
from catalog.dataset import dataset_from_json
from catalog.dcat_ap import data_service, dcat_ap
from catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from catalog.codes import Code

    View = Mapping[str, Any]

# how often data comes, where it is from, in which form: what of a class has a number of the national catalogue
NUMBERED: Mapping[str, Mapping[str, Code]] = {"origin": ORIGINS, "form": DELIVERY_FORMS}


def registration(view: View) -> dict[str, Any]:
    """Return a listing as it is registered with the national catalogue: its codes, and which of them are local."""
    dataset, letter = dataset_from_json(view["dataset"]), view["quality"]["letter"]
    resource, form = view.get("resource"), dataset.classes.get("form", "dataset")
    return {
        "productId": view.get("code") or None,
        "productIdState": code_state(view.get("code") or ""),
        "productName": dataset.title,
        "dscription": dataset.description,
        "keywords": list(dataset.keywords),
        **{f"{name}Class": dataset.classes.get(name) for name in ("topic", "industry", "application")},
        "origin": _number(ORIGINS, dataset.classes.get("origin")),
        "deliveryForm": _number(DELIVERY_FORMS, form),
        "updateFrequency": _number(FREQUENCIES, dataset.frequency),
        "quality": _number(QUALITY_GRADES, letter),
        "securityGrade": SECURITY_GRADES[dataset.grade].number,
        "region": dataset.region,
        "provider": view["provider"],
        "dataSize": str(dataset.size),
        "dataRows": str(dataset.rows),
        "resource": None
        if not resource
        else {
            "resourceId": resource["code"] or None,
            "resourceIdState": code_state(resource["code"]),
            "resourceName": resource["title"],
            "owner": resource["owner"],
            "steward": resource["steward"],
            "securityGrade": SECURITY_GRADES[resource["grade"]].number,
        },
    }


def code_state(code: str) -> dict[str, str]:
    """Say what a code is worth: none, made here and not yet assigned by a node, or as its provider says assigned."""
    if not code:
        return {"en": "no code: the provider's subject code is not known", "zh": "无标识: 未提供主体代码"}
    try:
        local = identifiers.read(code).local
    except CatalogError:
        return {"en": "no code of the national form", "zh": "非标准标识"}
    if local:
        return {"en": "local: not yet assigned by a node", "zh": "本地标识: 尚未由功能节点分配"}
    return {"en": "assigned by a node, as its provider says", "zh": "提供方声明已由功能节点分配"}


def _number(table: Mapping[str, Code], key: str | None) -> str | None:
    return table[key].number if key is not None and key in table else None


FACES: Mapping[str, Callable[[View], dict[str, Any]]] = {
    "dcat": dcat_ap,
    "croissant": croissant,
    "ndi": registration,
}
# the annex of the national registration that says how a service is registered is not public
SERVICE_FACES: Mapping[str, Callable[[View], dict[str, Any]]] = {"dcat": data_service}
