"""Where data is fetched from or sent to (DSP 2025-1, "Data Address"), as the protocol and as Eclipse EDC write it.

Law: an address is read by its properties' local names, whether they stand bare or in EDC's namespace. EDC reads no
other member than `endpointProperties`, and of those none that is bare: what any connector shall find stands in both.

    {"@type": "DataAddress", "endpointType": …, "endpoint": "https://…", "endpointProperties":
     [{"@type": "EndpointProperty", "name": "authorization", "value": "…"}, {"name": "authType", "value": "bearer"}]}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.protocol.query_spec import EDC

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.negotiation.protocol.messages import Document

TYPE_HTTP: Final = "https://w3id.org/idsa/v4.1/HTTP"
ENDPOINT: Final = "endpoint"
# what EDC calls the parts of an HTTP address
BASE, PATH = "baseUrl", "path"


def write(endpoint: str, properties: Mapping[str, str], *, foreign: bool = False) -> Document:
    """Return where and how to pull; well-known properties are `authorization` and `authType`.

    One for connectors of other makes, too, says everything a second time in EDC's namespace.
    """
    again = {EDC + name: value for name, value in {ENDPOINT: endpoint, **properties}.items()} if foreign else {}
    listed = [
        {"@type": "EndpointProperty", "name": name, "value": value} for name, value in {**properties, **again}.items()
    ]
    found: Document = {"@type": "DataAddress", "endpointType": TYPE_HTTP, ENDPOINT: endpoint}
    return found | ({"endpointProperties": listed} if listed else {})


def destination(properties: Mapping[str, str], kind: str) -> Document:
    """Return where a provider is to push to, by the properties of an address of EDC's."""
    told = {**properties, **{EDC + name: value for name, value in properties.items()}}
    listed = [{"@type": "EndpointProperty", "name": name, "value": value} for name, value in told.items()]
    place = {"endpointProperties": listed}
    return {"@type": "DataAddress", "endpointType": kind, ENDPOINT: endpoint(place)} | place


def properties(address: Mapping[str, Any]) -> dict[str, str]:
    """Return the properties of an address by their local names; those that are no texts are left out."""
    listed = address.get("endpointProperties", ())
    return {
        local(one["name"]): one["value"]
        for one in (listed if isinstance(listed, list) else [listed])
        if isinstance(one, dict) and isinstance(one.get("name"), str) and isinstance(one.get("value"), str)
    }


def local(name: Any) -> str:
    """Return the local name of a property, empty for what is no name."""
    return name.removeprefix(EDC) if isinstance(name, str) else ""


def endpoint(address: Mapping[str, Any]) -> str:
    """Return the URL of an address, empty where it has none."""
    if isinstance(told := address.get(ENDPOINT), str) and told:
        return told
    said = properties(address)
    if ENDPOINT in said:
        return said[ENDPOINT]
    base, path = said.get(BASE, ""), said.get(PATH, "")
    return f"{base.rstrip('/')}/{path.lstrip('/')}" if base and path else base
