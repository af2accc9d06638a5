# pragma version ==0.4.3
# pragma evm-version paris
"""
@title What the channels program reads, keeps and tells
@license Apache-2.0
@notice The structs of signed types have the fields of spec 2 in their order: their encoding is what is hashed. Limits
        are here because they bound the lists.
"""

MAX_PAYEES: constant(uint256) = 8
MAX_TERM_SECONDS: constant(uint64) = 10 * 365 * 86400
MAX_FREEZE_SECONDS: constant(uint64) = 90 * 86400

struct Opening:
    signer: address
    payees: DynArray[address, MAX_PAYEES]
    bps: DynArray[uint16, MAX_PAYEES]
    token: address
    arbitrator: address
    freezePeriod: uint64
    salt: bytes32
    expiry: uint64

struct Voucher:
    channelId: bytes32
    seq: uint64
    cumulativeAmount: uint128
    accountHash: bytes32
    lock: bytes32
    validUntil: uint64

struct Final:
    channelId: bytes32
    finalAmount: uint128
    accountHash: bytes32
    validUntil: uint64

struct Channel:
    payer: address
    signer: address
    payee: address
    token: address
    arbitrator: address
    splitHash: bytes32
    deposit: uint128
    claimed: uint128
    expiry: uint64
    freezePeriod: uint64
    frozenAt: uint64
    frozenFor: uint64
    closed: bool

event Opened:
    channelId: indexed(bytes32)
    payer: indexed(address)
    payee: indexed(address)
    signer: address
    token: address
    arbitrator: address
    splitHash: bytes32
    payees: DynArray[address, MAX_PAYEES]
    bps: DynArray[uint16, MAX_PAYEES]
    freezePeriod: uint64
    salt: bytes32
    expiry: uint64
    deposit: uint128

event ToppedUp:
    channelId: indexed(bytes32)
    deposit: uint128

event Extended:
    channelId: indexed(bytes32)
    expiry: uint64

event Claimed:
    channelId: indexed(bytes32)
    cumulativeAmount: uint128
    accountHash: bytes32
    preimage: bytes32

event Credited:
    channelId: indexed(bytes32)
    account: indexed(address)
    amount: uint256

event Frozen:
    channelId: indexed(bytes32)
    until: uint64
    expiry: uint64

event Divided:
    channelId: indexed(bytes32)
    toPayees: uint128
    toPayer: uint128
    ruling: bytes32

event Closed:
    channelId: indexed(bytes32)
    claimed: uint128
    returned: uint128

event Withdrawn:
    token: indexed(address)
    account: indexed(address)
    amount: uint256
