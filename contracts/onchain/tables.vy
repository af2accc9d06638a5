# pragma version ==0.4.3
# pragma evm-version paris
"""
@title Tables: bytes kept as code, where a long list costs one cold read instead of one a word
@license Apache-2.0
@notice Law of this file. A table is written once and never changes: who has its address has its content. It answers
        every call with all it holds, so it is read through an interface of one function, whatever its name.
"""

MAX_TABLE_BYTES: constant(uint256) = 8256

# A lead copies the given number of bytes behind itself into memory and returns them. The first lead of the creation
# returns the second with the content, which then stays and returns the content:
#     PUSH2 size, DUP1, PUSH1 10, RETURNDATASIZE (zero here), CODECOPY, RETURNDATASIZE, RETURN
_LEAD_BYTES: constant(uint256) = 10


@internal
def _write(content: Bytes[MAX_TABLE_BYTES]) -> address:
    size: uint256 = len(content)
    return raw_create(concat(self._lead(size + _LEAD_BYTES), self._lead(size), content))


@internal
@pure
def _lead(size: uint256) -> Bytes[10]:
    return concat(x"61", convert(convert(size, uint16), bytes2), x"80600a3d393df3")
