"""Two faces of one listed product: DCAT-AP as JSON-LD, and the registration of the national catalogue with its codes.

Both are made from what the exchange shows of a listing, so that neither says what the other does not. Of the national
registration the names `productId`, `productName`, `dscription` (so spelled) are the standard's; its annex with the rest
is not public, so the rest are ours, and their values its codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog import csvw, identifiers
from catalog.about import LANGUAGES, UNDETERMINED, WEB
from catalog.classes import DIMENSIONS
from catalog.codes import DELIVERY_FORMS, FREQUENCIES, ORIGINS, QUALITY_GRADES, SECURITY_GRADES, SERVICE_TYPES
from catalog.dataset import DCAT, DCT, EU_FREQUENCIES, EU_FREQUENCY, dataset_from_json
from catalog.errors import CatalogError
from contracts.namespace import NS
from policy.vocabulary.names import ODRL, XSD

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from catalog.about import About
    from catalog.codes import Code
    from catalog.dataset import Dataset

    View = Mapping[str, Any]

FOAF = "http://xmlns.com/foaf/0.1/"
ADMS = "http://www.w3.org/ns/adms#"
PROV = "http://www.w3.org/ns/prov#"
VCARD = "http://www.w3.org/2006/vcard/ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
IANA = "http://www.iana.org/assignments/media-types/"
PREFIXES: Mapping[str, str] = {
    "dcat": DCAT, "dct": DCT, "foaf": FOAF, "adms": ADMS, "prov": PROV, "xsd": XSD, "odrl": ODRL, "penstock": NS,
    "vcard": VCARD, "rdfs": RDFS, "csvw": csvw.CSVW,
}  # fmt: skip
# how often data comes, where it is from, in which form: what of a class has a number of the national catalogue
NUMBERED: Mapping[str, Mapping[str, Code]] = {"origin": ORIGINS, "form": DELIVERY_FORMS}


def dcat_ap(view: View) -> dict[str, Any]:
    """Return a listing as a `dcat:Dataset` of DCAT-AP in JSON-LD, with a context of its own."""
    dataset = dataset_from_json(view["dataset"])
    found: dict[str, Any] = {
        "@context": dict(PREFIXES),
        "@id": NS + "product/" + dataset.id,
        "@type": "dcat:Dataset",
        "dct:identifier": view.get("code") or dataset.id,
        "dct:title": tagged(dataset.about.title) or dataset.title,
        "dct:description": tagged(dataset.about.description) or dataset.description or dataset.title,
        "dcat:keyword": list(dataset.keywords),
        "dct:publisher": {"@id": view["provider"], "@type": "foaf:Agent", "foaf:name": view["provider"]},
        "dct:accrualPeriodicity": {"@id": EU_FREQUENCY + EU_FREQUENCIES[dataset.frequency]},
        "dcat:theme": [_theme(name, code) for name, code in dataset.classes.items()],
        "dct:accessRights": {"@id": NS + "grade/" + SECURITY_GRADES[dataset.grade].number},
        "odrl:hasPolicy": {"@type": "odrl:Offer", "@id": NS + "offer/" + str(view["offer"]["id"])},
        "dcat:version": str(view["header"].get("edition", "")),
        "dcat:distribution": [_distribution(view, dataset, file) for file in dataset.files],
    }
    if dataset.region:
        found["dct:spatial"] = {"@type": "dct:Location", "dct:identifier": dataset.region}
    found |= _said(dataset.about)
    if view.get("resource"):
        found["prov:wasDerivedFrom"] = _resource(view["resource"])
    return found


def tagged(told: Mapping[str, str]) -> list[dict[str, str]]:
    """Return words by language as JSON-LD has them; words that tell no language have no tag."""
    return [
        {"@value": said} | ({} if lang == UNDETERMINED else {"@language": lang}) for lang, said in sorted(told.items())
    ]


def _said(about: About) -> dict[str, Any]:
    """Return what a provider says besides, as DCAT-AP has it: an address of a licence is one, its text a document."""
    found: dict[str, Any] = {}
    if about.licence:
        address = about.licence.strip()
        named = address.startswith(WEB) and not any(map(str.isspace, address))
        found["dct:license"] = {"@type": "dct:LicenseDocument"} | (
            {"@id": address} if named else {"rdfs:label": about.licence}
        )
    if about.contact:
        told = about.contact
        found["dcat:contactPoint"] = {"@type": "vcard:Kind"}
        found["dcat:contactPoint"] |= {"vcard:fn": told["name"]} if "name" in told else {}
        found["dcat:contactPoint"] |= {"vcard:hasEmail": {"@id": "mailto:" + told["email"]}} if "email" in told else {}
        found["dcat:contactPoint"] |= {"vcard:hasURL": {"@id": told["url"]}} if "url" in told else {}
    if about.citation:
        found["dct:bibliographicCitation"] = about.citation
    return found


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


def data_service(view: View) -> dict[str, Any]:
    """Return a listed service as a `dcat:DataService` of DCAT-AP in JSON-LD; what it costs and permits by our names."""
    service = view["service"]
    found: dict[str, Any] = {
        "@context": dict(PREFIXES),
        "@id": NS + "service/" + view["id"],
        "@type": "dcat:DataService",
        "dct:identifier": view["id"],
        "dct:title": view["title"],
        "dct:description": service["description"] or view["title"],
        "dcat:keyword": list(service["keywords"]),
        "dct:type": {"@id": f"{NS}service-type/{SERVICE_TYPES[service['type']].number}"},
        "dct:publisher": {"@id": view["provider"], "@type": "foaf:Agent", "foaf:name": view["provider"]},
        "dcat:theme": [_theme(name, code) for name, code in service["classes"].items()],
        "dct:accessRights": {"@id": NS + "grade/" + SECURITY_GRADES[service["grade"]].number},
        "dcat:servesDataset": [{"@id": NS + "product/" + key} for key in service["serves"]],
        NS + "price": view["price"],
    }
    for name, of in (("endpointURL", "endpoint"), ("endpointDescription", "documentation")):
        if service[of]:
            found[f"dcat:{name}"] = {"@id": service[of]}
    if service["region"]:
        found["dct:spatial"] = {"@type": "dct:Location", "dct:identifier": service["region"]}
    return found


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


def _resource(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@type": "dcat:Resource",
        "dct:identifier": resource["code"] or resource["id"],
        "dct:title": resource["title"],
        "dct:rightsHolder": {"@type": "foaf:Agent", "foaf:name": resource["owner"]},
        "dcat:contactPoint": {"@type": "foaf:Agent", "foaf:name": resource["steward"]},
    }


def _distribution(view: View, dataset: Dataset, file: Any) -> dict[str, Any]:
    ways = dict.fromkeys(way.format for way in dataset.distributions)
    return {
        "@type": "dcat:Distribution",
        "dct:title": file.path,
        "dcat:accessURL": {"@id": view["provider"]},
        "dcat:mediaType": {"@id": IANA + file.media_type},
        "dcat:byteSize": {"@value": str(file.size), "@type": "xsd:nonNegativeInteger"},
        "dct:format": [{"@id": way if "://" in way else NS + "format/" + way} for way in ways],
    } | csvw.schema(dataset.about, file, tagged)


def _theme(name: str, code: str) -> dict[str, Any]:
    labels = DIMENSIONS[name].words(code) or (code, code)
    told = [{"@value": label, "@language": language} for label, language in zip(labels, LANGUAGES, strict=True)]
    return {"@id": f"{NS}{name}/{code}", "dct:title": told}


def _number(table: Mapping[str, Code], key: str | None) -> str | None:
    return table[key].number if key is not None and key in table else None


FACES: Mapping[str, Callable[[View], dict[str, Any]]] = {"dcat": dcat_ap, "ndi": registration}
# the annex of the national registration that says how a service is registered is not public
SERVICE_FACES: Mapping[str, Callable[[View], dict[str, Any]]] = {"dcat": data_service}
