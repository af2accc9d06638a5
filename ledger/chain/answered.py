"""What a node answers, or why it does not: refused for good, or out of reach now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from web3.exceptions import BlockNotFound, ContractLogicError, TransactionNotFound, Web3Exception, Web3RPCError

from ledger.chain import abi
from ledger.chain.errors import ChainRefused, ChainUnreachable

if TYPE_CHECKING:
    from collections.abc import Awaitable

# what nodes say that are busy, or behind, or have forgotten: another one, or this one later, would answer
NOT_NOW = (
    "rate limit", "request limit", "too many requests", "header not found", "missing trie node", "state not available",
    "state is not available", "required historical state unavailable", "the chain is busy", "request timed out",
    "transaction indexing is in progress",
)  # fmt: skip

T = TypeVar("T")


async def answered(question: Awaitable[T]) -> T:
    """Return the chain's answer; its refusals become `ChainRefused` with the program's words if it gave any.

    A node that answers null where there is always something lies or is broken: nothing is known then.
    """
    try:
        answer = await question
    except ContractLogicError as error:
        data = error.data if isinstance(error.data, str) else ""
        reason = abi.decode_reason(bytes.fromhex(data.removeprefix("0x"))) if data.startswith("0x") else None
        raise ChainRefused(reason or str(error.message)) from error
    except Web3RPCError as error:
        if isinstance(error, (TransactionNotFound, BlockNotFound)):
            raise
        words = _words(error)
        if any(each in words.lower() for each in NOT_NOW):
            raise ChainUnreachable(f"the node cannot answer now: {words}") from error
        raise ChainRefused(words) from error
    except (Web3Exception, TypeError, ValueError) as error:
        raise ChainUnreachable(f"what answers is no chain: {error}") from error
    if answer is None:
        raise ChainUnreachable("the node answers with nothing")
    return answer


def _words(error: Web3RPCError) -> str:
    """Return what the chain said, without web3's wrapping."""
    answer: Any = error.rpc_response or {}
    said = answer.get("error")
    return str(said["message"] if isinstance(said, dict) and "message" in said else error.message)
