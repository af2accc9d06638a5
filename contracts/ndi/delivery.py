"""Delivery between two connectors: the catalogue, how a transport is agreed, and what a transfer says of itself.

Designed after NDI-TR-2025-05 (7.3, annexes A and B). The text names no paths, so these are ours; what it puts into
headers is read from headers, and from the body where there is one.
"""

from __future__ import annotations

from typing import Final

from contracts.ndi.fields import ANY, LIST, NAMED, NODE_CHARACTERS, OBJECT, TEXT, TIME, Code, Field
from contracts.ndi.interfaces import CONNECTOR, PRODUCT_CHARACTERS, Interface

PULL, PUSH = "pull", "push"
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
# what the header of a pull says (B.5)
PULLED: Final = (
    _SEQUENCE,
    _PRODUCT,
    _INSTRUCTION,
    Field("sourceConnectorId", NAMED, NODE_CHARACTERS),
    Field("targetConnectorId", NAMED, NODE_CHARACTERS),
    Field("connectorProof", TEXT, 4096, required=False),
    Field("bodyHash", TEXT, 64, required=False),
    Field("techProviderCode", TEXT, 64, required=False),
    Field("traceId", TEXT, 64, required=False),
    Field("shardingInfo", TEXT, 128, required=False),
)
DELIVERY: Final = (SEARCH, DETAIL, TRANSPORT)
