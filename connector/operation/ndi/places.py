"""Where data are fetched from or sent to, as a transport has it (B.7), and as the engine's data address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.negotiation.protocol import data_address
from contracts.ndi.delivery import HTTPS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.negotiation.protocol.messages import Document


def written(address: Mapping[str, Any]) -> Document:
    """Return a data address as a transport has it."""
    listed = [{"name": name, "value": value} for name, value in data_address.properties(address).items()]
    return {
        "transferprotocolType": HTTPS,
        "transferreceiveaddrUrl": data_address.endpoint(address),
        "transferFormat": listed,
    }


def read(told: Mapping[str, Any], usual: Mapping[str, str] | None = None) -> Document:
    """Return the data address of a transport; `usual` has what counts where it says nothing else.

    What is no text with a name is left out; the endpoint is empty where there is none.
    """
    listed = told.get("transferFormat", [])
    known = {str(one.get("name")): one.get("value") for one in listed if isinstance(one, dict)}
    texts = {name: value for name, value in known.items() if isinstance(value, str)}
    return data_address.write(str(told.get("transferreceiveaddrUrl", "")), {**(usual or {}), **texts})
