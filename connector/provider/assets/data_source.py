"""What an asset's data address means here: the place that a plain copy is made of.

Law: of a kind that is not served, and with a credential in it, an address is refused when it is written. What is asked
for besides the copy's own bytes (`proxyPath` and its like) selects among its files, and never reaches the source.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from connector.custody.errors import VaultError
from connector.custody.sources import check_address
from connector.operation.management.release_4 import SIGNALED
from connector.operation.management.shape import Violation, Violations

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# members with which a source is asked by name, or by a secret that would be stored and shown
CREDENTIALS: Final = frozenset({"authKey", "authCode", "secretName", "accessKeyId", "secretAccessKey"})
ASKING: Final = ("header:", "oauth2:")
GET: Final = "GET"


def place(address: Mapping[str, Any]) -> str:
    """Return the address as a place of a product's brief; raises Violations for one that is not served."""
    kind = str(address.get("type", ""))
    if kind not in KINDS:
        text = f"data of the type `{kind[:100]}` are not served here; it is {', '.join(KINDS)}"
        raise Violations([Violation(text, "dataAddress/type", kind[:100])])
    if told := next((name for name in address if name in CREDENTIALS or name.startswith(ASKING)), None):
        text = f"`{told}` would be stored and shown: give the server its credentials by its environment"
        raise Violations([Violation(text, f"dataAddress/{told}")])
    found = KINDS[kind](address)
    if kind == SIGNALED:
        return found
    try:
        check_address(found)
    except VaultError as fault:
        raise Violations([Violation(str(fault), "dataAddress")]) from fault
    return found


def labels_of(address: Mapping[str, Any]) -> list[Any]:
    """Return the labels of data planes that an address names; JSON-LD has a list of one as that one."""
    told = address.get("labels") or []
    return told if isinstance(told, list) else [told]


def _steered(address: Mapping[str, Any]) -> str:
    labels, told = labels_of(address), address.get("metadata", {})
    if not labels or not all(isinstance(one, str) and one for one in labels):
        raise Violations(
            [Violation("`labels` must be a list of texts: those of the data planes that may serve it", "labels")]
        )
    if not isinstance(told, dict):
        raise Violations([Violation("what a data plane is told must be an object", "dataplaneMetadata/properties")])
    return "/"


def _web(address: Mapping[str, Any]) -> str:
    base, path, asked = (address.get(name) or "" for name in ("baseUrl", "path", "queryParams"))
    if not isinstance(base, str) or not base.startswith(("http://", "https://")):
        raise Violations([Violation("`baseUrl` must be an http(s) address", "dataAddress/baseUrl", str(base)[:200])])
    if str(address.get("method") or GET).upper() != GET:
        raise Violations([Violation("what is offered is read by GET", "dataAddress/method", address.get("method"))])
    joined = f"{base.rstrip('/')}/{str(path).lstrip('/')}" if path else base
    return f"{joined}?{asked}" if asked else joined


def _bucket(address: Mapping[str, Any]) -> str:
    bucket = address.get("bucketName")
    name = address.get("objectName") or address.get("objectPrefix") or address.get("keyName") or ""
    if not isinstance(bucket, str) or not bucket:
        raise Violations([Violation("`bucketName` is absent", "dataAddress/bucketName")])
    return f"s3://{bucket}/{quote(str(name))}"


# the type of an address → what names its place
KINDS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = MappingProxyType({
    "HttpData": _web,
    "HttpProxy": _web,
    "AmazonS3": _bucket,
    SIGNALED: _steered,
})  # fmt: skip
