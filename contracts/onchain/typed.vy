# pragma version ==0.4.3
# pragma evm-version paris
"""
@title The one door for signatures: domain, digest, recovery, and the reading of time
@license Apache-2.0
@notice Law of this file. A signature counts for one chain, one program and one deployment (spec 2): the domain holds
        chain id, program and salt, and is computed at each use, so a chain that splits splits its signatures too.
        Only the low half of `s` is taken, so nobody can make a second valid signature out of a first.
"""

_DOMAIN_TYPE: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
)
_NAME: constant(bytes32) = keccak256("Penstock")
_VERSION: constant(bytes32) = keccak256("1")

# half the order of secp256k1, rounded down
_MAX_S: constant(uint256) = 57896044618658097711785492504343953926418782139537452191302581570759080747168

# Beyond it a time stamp can only be in milliseconds: as seconds it lies in the year 5138, as milliseconds in 1973.
_FIRST_MILLISECOND_STAMP: constant(uint256) = 10**11

_SALT: immutable(bytes32)


@deploy
def __init__(salt: bytes32):
    assert salt != empty(bytes32), "typed: empty salt"
    _SALT = salt


@external
@view
def DOMAIN_SEPARATOR() -> bytes32:
    return self._separator()


@internal
@view
def _separator() -> bytes32:
    return keccak256(abi_encode(_DOMAIN_TYPE, _NAME, _VERSION, chain.id, self, _SALT))


@internal
@view
def _digest(structHash: bytes32) -> bytes32:
    return keccak256(concat(x"1901", self._separator(), structHash))


@internal
@pure
def _digest_under(separator: bytes32, structHash: bytes32) -> bytes32:
    # for many digests under one separator; written out above, where a call for each signature would cost more
    return keccak256(concat(x"1901", separator, structHash))


@internal
@pure
def _recover(digest: bytes32, v: uint256, r: uint256, s: uint256) -> address:
    assert s <= _MAX_S, "typed: high s"
    signer: address = ecrecover(digest, v, r, s)
    assert signer != empty(address), "typed: no signature"
    return signer


@internal
@pure
def _signer(digest: bytes32, signature: Bytes[65]) -> address:
    assert len(signature) == 65, "typed: wrong length"
    # the word that ends with the last byte costs less than that byte alone
    v: uint256 = extract32(signature, 33, output_type=uint256) & 255
    return self._recover(
        digest, v, extract32(signature, 0, output_type=uint256), extract32(signature, 32, output_type=uint256)
    )


@internal
@view
def _now() -> uint64:
    # FISCO BCOS counts milliseconds unless `feature_evm_timestamp` is on; everything signed counts seconds.
    if block.timestamp < _FIRST_MILLISECOND_STAMP:
        return convert(block.timestamp, uint64)
    return convert(block.timestamp // 1000, uint64)
