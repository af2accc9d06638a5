"""What a JSON-RPC caller can be told, as numbers that stock clients know.

RpcError                      -32603  our fault; the log says why
├── ParseError                -32700  the body is not JSON
├── InvalidRequestError       -32600  JSON, but no request
├── UnknownMethodError        -32601  not in the table of methods
├── InvalidParamsError        -32602  the caller's arguments
├── OverLimitError            -32005  a named limit was met; ask for less
├── RejectedError             -32000  a transaction that cannot be mined
└── RevertedError                  3  the program refused; `data` carries its words
"""

from __future__ import annotations

from typing import Any, ClassVar

from ledger.chain.abi import decode_reason


class RpcError(Exception):
    """An answer that is an error; `code` is the JSON-RPC number."""

    code: ClassVar[int] = -32603
    data: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the JSON-RPC error object."""
        shown: dict[str, Any] = {"code": self.code, "message": str(self)}
        if self.data is not None:
            shown["data"] = self.data
        return shown


class ParseError(RpcError):
    """The body is not JSON."""

    code = -32700


class InvalidRequestError(RpcError):
    """The body is JSON but no request."""

    code = -32600


class UnknownMethodError(RpcError):
    """The method is not in the table."""

    code = -32601


class InvalidParamsError(RpcError):
    """The arguments do not fit the method."""

    code = -32602


class OverLimitError(RpcError):
    """The request asks for more than a named limit."""

    code = -32005


class RejectedError(RpcError):
    """The transaction cannot be mined as it is; nothing changed."""

    code = -32000


class RevertedError(RpcError):
    """The program refused; `output` is its ABI-encoded reason, which clients expect in words and in `data`."""

    code = 3

    def __init__(self, output: bytes) -> None:
        reason = decode_reason(output)
        super().__init__("execution reverted" if reason is None else f"execution reverted: {reason}")
        self.data = "0x" + output.hex()
