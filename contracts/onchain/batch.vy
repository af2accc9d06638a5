# pragma version ==0.4.3
# pragma evm-version paris
"""
@title Batch: several acts that anybody may bring, brought in one transaction
@license Apache-2.0
@notice Law of this file. All of them happen or none, and a refusal is told in the words of the program that refused.
        What it calls sees this program as the sender, so it carries only acts whose authority is a signature; it owns
        nothing and is allowed nothing.
"""
from contracts.onchain import typed

initializes: typed
exports: typed.DOMAIN_SEPARATOR

MAX_CALLS: constant(uint256) = 32
MAX_CALL_BYTES: constant(uint256) = 1536

struct Call:
    program: address
    data: Bytes[MAX_CALL_BYTES]


@deploy
def __init__(salt: bytes32):
    typed.__init__(salt)


@external
def carry(calls: DynArray[Call, MAX_CALLS]):
    for call: Call in calls:
        assert call.program.is_contract, "batch: no program"
        raw_call(call.program, call.data)
