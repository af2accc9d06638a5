"""Delivery between two connectors: the catalogue, how a transport is agreed, and what a transfer says of itself.

Designed after NDI-TR-2025-05 (7.3, annexes A and B). The text names no paths, so these are ours; what it puts into
headers is read from headers, and from the body where there is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from contracts.ndi.fields import ANY, LIST, NAMED, NODE_CHARACTERS, OBJECT, TEXT, TIME, Code, Field, FieldError, read
from contracts.ndi.interfaces import CONNECTOR, PRODUCT_CHARACTERS, Interface

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PULL, PUSH = "pull", "push"
CALL_PATH: Final = "/apiCall"
PUSH_PATH: Final = "/bulkPush"
SEQUENCE_CHARACTERS = 32
KEYWORDS_CHARACTERS_MAX, ROWS_MAX = 128, 100
DSC, ASC = "dsc", "asc"
HTTPS: Final = "HTTPS"
# what a whole answer has before what is asked for
_CODE = (Field("code", TEXT, 5), Field("message", TEXT, 512))
_SEQUENCE = Field("sequenceNum", TEXT, SEQUENCE_CHARACTERS)
_PRODUCT = Field("productId", NAMED, PRODUCT_CHARACTERS)
_INSTRUCTION = Field("ctrlInstructiontId", TEXT, 32, also=("ctrlInstructionId",))
_ADDRESS = (
    Field("transferprotocolType", TEXT, 32, required=False),
    Field("transferreceiveaddrUrl", TEXT, 4096, required=False),
    Field(
        "transferFormat",
        LIST,
        64,
        required=False,
        of=(Field("name", TEXT, 128, required=False), Field("value", ANY, required=False)),
    ),
)

SEARCH = Interface(
    "catalogSearch",
    "A.1",
    (CONNECTOR,),
    (CONNECTOR,),
    (
        Field("keywords", TEXT, KEYWORDS_CHARACTERS_MAX, required=False),
        Field("order", TEXT, 4, required=False, values=(DSC, ASC)),
        Field("offset", TEXT, 64),
        Field("limit", TEXT, 64),
    ),
    (*_CODE, Field("data", OBJECT, required=False)),
    "code",
    Code.SUCCESS,
)
DETAIL = Interface(
    "catalogDetail",
    "A.3",
    (CONNECTOR,),
    (CONNECTOR,),
    (_PRODUCT, Field("productName", TEXT, 128, required=False)),
    (*_CODE, Field("product", OBJECT, required=False)),
    "code",
    Code.SUCCESS,
)
TRANSPORT = Interface(
    "transferNegotiate",
    "B.7",
    (CONNECTOR,),
    (CONNECTOR,),
    (
        _SEQUENCE,
        Field("targetConnectorId", NAMED, NODE_CHARACTERS),
        Field("issuerConnectorId", NAMED, NODE_CHARACTERS),
        Field("issuedTime", TIME, 40),
        _PRODUCT,
        _INSTRUCTION,
        Field("transferMode", TEXT, 32, values=(PULL, PUSH)),
        Field("receiveAddr", OBJECT, required=False, of=_ADDRESS),
    ),
    (
        *_CODE,
        Field("connectorId", NAMED, NODE_CHARACTERS, required=False),
        Field("productId", NAMED, PRODUCT_CHARACTERS, required=False),
        Field("dataSize", TEXT, 16, required=False),
        Field("transferMode", TEXT, 32, required=False),
        Field("dataacquiAddr", OBJECT, required=False, of=_ADDRESS),
    ),
    "code",
    Code.SUCCESS,
)
DIGEST_CHARACTERS = 64
_MORE = (
    Field("connectorProof", TEXT, 4096, required=False),
    Field("bodyHash", TEXT, DIGEST_CHARACTERS, required=False),
)
_ENDS = (
    Field("sourceConnectorId", NAMED, NODE_CHARACTERS),
    Field("targetConnectorId", NAMED, NODE_CHARACTERS),
)
_BULK = (_SEQUENCE, _PRODUCT, _INSTRUCTION, *_ENDS, *_MORE, Field("traceId", TEXT, 64, required=False))
# what the header of a pull says (B.5)
PULLED: Final = (
    *_BULK,
    Field("techProviderCode", TEXT, 64, required=False),
    Field("shardingInfo", TEXT, 128, required=False),
)
# what the header of a push says; one of several files of a push is told apart by its stream
PUSHED: Final = (*_BULK, Field("streamId", TEXT, 64, required=False))
# what the header of a call of an interface says
CALLED: Final = (
    _SEQUENCE,
    _PRODUCT,
    _INSTRUCTION,
    Field("targetConnectorId", NAMED, NODE_CHARACTERS),
    Field("issuerConnectorId", NAMED, NODE_CHARACTERS),
    *_MORE,
    Field("X-Forwarded-For", TEXT, 512, required=False),
)
DELIVERY: Final = (SEARCH, DETAIL, TRANSPORT)


def require_body(said: Mapping[str, Any], digest: str) -> None:
    """Raise FieldError for a body that is not the one that a header tells of; `digest` is its SHA-256 in hex."""
    if said.get("bodyHash", "").lower() not in {"", digest}:
        raise FieldError(Code.FORM, "bodyHash", "is not the SHA-256 of the body, in hex")


def headed(fields: tuple[Field, ...], every: Callable[[str], list[str]]) -> dict[str, Any]:
    """Return what headers say, by documented names; raises FieldError, also for one that is said twice or not plainly.

    `every` returns all values of a header.
    """
    said: dict[str, str] = {}
    for one in fields:
        told = [value for name in dict.fromkeys((one.name, *one.also)) for value in every(name)]
        if len(told) > 1:
            raise FieldError(Code.FORM, one.name, "is said more than once")
        if told and not (told[0].isascii() and told[0].isprintable()):
            raise FieldError(Code.FORM, one.name, "has characters that no header has")
        said |= {one.name: told[0]} if told else {}
    return read(fields, said)
