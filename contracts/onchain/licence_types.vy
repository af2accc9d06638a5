# pragma version ==0.4.3
# pragma evm-version paris
"""
@title What the licences program reads, keeps and tells
@license Apache-2.0
@notice The structs of signed types have the fields of spec 2 in their order: their encoding is what is hashed. Four
        times of 64 bits share one word, because a grant costs by the word it keeps.
"""

MAX_LINKS: constant(uint256) = 8
TIME_MASK: constant(uint256) = 2**64 - 1
# of one call: what it holds in memory, and a transaction's gas, have an end
MAX_GRANTS: constant(uint256) = 256
MAX_KINDS: constant(uint256) = 64

# What many agreements of one call have in common. What is an agreement's own are eight words: buyer, termsDigest,
# summaryHash; then priceCap 128, notAfter 64, empty 32, the number of its kind 16, `v` of the provider 8, `v` of the
# buyer 8 bits, the first in the highest; then `r` and `s` of the provider, `r` and `s` of the buyer.
struct Kind:
    provider: address
    product: bytes32
    editionId: bytes32
    token: address
    splitHash: bytes32

# The summary is here by its hash, as EIP-712 hashes it.
struct Agreement:
    provider: address
    buyer: address
    product: bytes32
    editionId: bytes32
    termsDigest: bytes32
    token: address
    priceCap: uint128
    notAfter: uint64
    splitHash: bytes32
    summaryHash: bytes32

struct SubLicence:
    parent: bytes32
    holder: address
    child: address
    termsDigest: bytes32
    drawsOn: bytes32
    notAfter: uint64

# `times`: notAfter, grantedAt, revokedAt, suspendedAt, the first in the highest 64 bits
struct Stored:
    provider: address
    buyer: address
    times: uint256

struct Licence:
    provider: address
    buyer: address
    parent: bytes32
    notAfter: uint64
    grantedAt: uint64
    revokedAt: uint64
    suspendedAt: uint64

struct Pledge:
    creditor: address
    terms: bytes32

event LicenceGranted:
    agreementDigest: indexed(bytes32)
    provider: indexed(address)
    buyer: indexed(address)
    product: bytes32
    editionId: bytes32
    termsDigest: bytes32
    token: address
    priceCap: uint128
    notAfter: uint64
    splitHash: bytes32

event SubLicenceGranted:
    agreementDigest: indexed(bytes32)
    parent: indexed(bytes32)
    holder: indexed(address)
    child: address

event LicenceSuspended:
    agreementDigest: indexed(bytes32)
    provider: indexed(address)
    cause: bytes32

event LicenceResumed:
    agreementDigest: indexed(bytes32)
    provider: indexed(address)

event LicenceRevoked:
    agreementDigest: indexed(bytes32)
    by: indexed(address)
    cause: bytes32

event LicencePledged:
    agreementDigest: indexed(bytes32)
    buyer: indexed(address)
    creditor: indexed(address)
    terms: bytes32

event LicenceReleased:
    agreementDigest: indexed(bytes32)
    creditor: indexed(address)
