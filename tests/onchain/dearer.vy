# pragma version ==0.4.3
# pragma evm-version paris
"""
@title What an anchor could do besides: keep every head, or check that the log only grew (RFC 9162, 2.1.4.2)
"""
MAX_NODES: constant(uint256) = 63

heads: HashMap[bytes32, HashMap[uint64, bytes32]]


@external
def keep(origin: bytes32, size: uint64, root: bytes32, isKept: bool):
    if isKept:
        self.heads[origin][size] = root


@external
def grow(oldSize: uint256, oldRoot: bytes32, size: uint256, root: bytes32, nodes: DynArray[bytes32, MAX_NODES]):
    if len(nodes) == 0:
        return
    fn: uint256 = oldSize - 1
    sn: uint256 = size - 1
    for _: uint256 in range(64):
        if fn & 1 == 0:
            break
        fn >>= 1
        sn >>= 1
    # the subtree of the old log that both begin with, which is all of it if its size is a power of two
    isWhole: bool = oldSize & (oldSize - 1) == 0
    old: bytes32 = oldRoot if isWhole else nodes[0]
    new: bytes32 = old
    for at: uint256 in range(len(nodes), bound=MAX_NODES):
        if at == 0 and not isWhole:
            continue
        assert sn != 0
        if fn & 1 == 1 or fn == sn:
            old = sha256(concat(x"01", nodes[at], old))
            new = sha256(concat(x"01", nodes[at], new))
            for _: uint256 in range(64):
                if fn & 1 == 1 or fn == 0:
                    break
                fn >>= 1
                sn >>= 1
        else:
            new = sha256(concat(x"01", new, nodes[at]))
        fn >>= 1
        sn >>= 1
    assert sn == 0 and old == oldRoot and new == root
