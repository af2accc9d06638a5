# pragma version ==0.4.3
# pragma evm-version paris
"""
@title BLS12-381 by the precompiles of EIP-2537: one signature of many over one message
@license Apache-2.0
@notice Law of this file. Ciphersuite BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_ (IRTF CFRG BLS signature, RFC 9380):
        keys on G1, signatures on G2, points as EIP-2537 writes them, 64 bytes a coordinate. Keys may be added up only
        after each was proven to be possessed, else a key made of the others' could sign alone. The pairing refuses
        points outside the subgroup. A chain without these precompiles answers nothing, and is told so in words.
"""

SIGNATURE_BYTES: constant(uint256) = 256
MAX_MESSAGE_BYTES: constant(uint256) = 148

_MODEXP: constant(address) = 0x0000000000000000000000000000000000000005
_G1ADD: constant(address) = 0x000000000000000000000000000000000000000b
_G2ADD: constant(address) = 0x000000000000000000000000000000000000000d
_PAIRING: constant(address) = 0x000000000000000000000000000000000000000F
_MAP_TO_G2: constant(address) = 0x0000000000000000000000000000000000000011

# what separates a signature from a proof of possession; 43 bytes each, as `_TAG_LENGTH` says
_SIGN: constant(Bytes[43]) = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
_POSSESS: constant(Bytes[43]) = b"BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
_TAG_LENGTH: constant(Bytes[1]) = x"2b"

_PRIME: constant(Bytes[64]) = x"000000000000000000000000000000001a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab"
_NEGATED_GENERATOR: constant(Bytes[128]) = x"0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb00000000000000000000000000000000114d1d6855d545a8aa7d76c8cf2e21f267816aef1db507c96655b9d5caac42364e6f38ba0ecb751bad54dcd6b939c2ca"


struct Key:
    xHigh: bytes32
    xLow: bytes32
    yHigh: bytes32
    yLow: bytes32


@internal
@view
def _sum(a: Key, b: Key) -> Key:
    # both were proven to be points, so the chain has the precompile and takes them
    return abi_decode(raw_call(_G1ADD, abi_encode(a, b), max_outsize=128, is_static_call=True), Key)


@internal
@view
def _assert_signed(key: Key, message: Bytes[MAX_MESSAGE_BYTES], tag: Bytes[43], signature: Bytes[SIGNATURE_BYTES]):
    assert len(signature) == SIGNATURE_BYTES, "bls: wrong length"
    # the point at infinity is in every subgroup, and signs everything with itself
    assert key.xLow != empty(bytes32) or key.yLow != empty(bytes32), "bls: no key"
    # INVARIANT pairing: e(key, H(message)) * e(-generator, signature) is one
    paired: Bytes[SIGNATURE_BYTES] = self._ask(
        _PAIRING, concat(abi_encode(key), self._hash_to_curve(message, tag), _NEGATED_GENERATOR, signature)
    )
    assert extract32(paired, 0, output_type=uint256) == 1, "bls: not signed"


@internal
@view
def _hash_to_curve(message: Bytes[MAX_MESSAGE_BYTES], tag: Bytes[43]) -> Bytes[SIGNATURE_BYTES]:
    """RFC 9380: expand_message_xmd to 256 bytes, four elements of the field, two points, their sum."""
    ending: Bytes[44] = concat(tag, _TAG_LENGTH)
    seed: bytes32 = sha256(concat(empty(bytes32), empty(bytes32), message, x"010000", ending))
    part: bytes32[8] = empty(bytes32[8])
    last: uint256 = 0
    for at: uint256 in range(8):
        mixed: bytes32 = convert(convert(seed, uint256) ^ last, bytes32)
        part[at] = sha256(concat(mixed, convert(convert(at + 1, uint8), bytes1), ending))
        last = convert(part[at], uint256)
    first: Bytes[256] = self._mapped(part[0], part[1], part[2], part[3])
    second: Bytes[256] = self._mapped(part[4], part[5], part[6], part[7])
    return self._ask(_G2ADD, concat(first, second))


@internal
@view
def _mapped(realHigh: bytes32, realLow: bytes32, otherHigh: bytes32, otherLow: bytes32) -> Bytes[256]:
    return self._ask(_MAP_TO_G2, concat(self._reduced(realHigh, realLow), self._reduced(otherHigh, otherLow)))


@internal
@view
def _reduced(high: bytes32, low: bytes32) -> Bytes[64]:
    # x ** 1 modulo the prime; the lengths of x, exponent and prime come first
    sizes: bytes32[3] = [convert(64, bytes32), convert(1, bytes32), convert(64, bytes32)]
    question: Bytes[225] = concat(abi_encode(sizes, high, low), x"01", _PRIME)
    return raw_call(_MODEXP, question, max_outsize=64, is_static_call=True)


@internal
@view
def _ask(precompile: address, question: Bytes[768]) -> Bytes[256]:
    ok: bool = False
    answer: Bytes[256] = b""
    ok, answer = raw_call(precompile, question, max_outsize=256, is_static_call=True, revert_on_failure=False)
    assert ok, "bls: not a point"
    assert len(answer) != 0, "bls: not on this chain"
    return answer
