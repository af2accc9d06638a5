# pragma version ==0.4.3
# pragma evm-version paris
"""
@title Spaces: who runs a data space, who is in it with which keys and role, who may judge, what was revoked
@license Apache-2.0
@notice Law of this file. Who founds a space is its first exchange. Exchanges name each other, members and arbitrators;
        one always remains. A member's keys are changed by itself alone, its role by an exchange alone. Who is suspended
        stays a member, that others are to give nothing until it is resumed. Who leaves or is expelled stays readable,
        with the time and the cause, and does not come back under the same account. Names stay off the chain: a member
        is an account and the SHA-256 of its DID.
"""
from contracts.onchain import typed

initializes: typed
exports: typed.DOMAIN_SEPARATOR

# Ed25519 of its log, X25519 of its deliveries, BLS12-381 G1 as a witness
struct Keys:
    logKey: bytes32
    deliveryKey: bytes32
    aggregateKey: Bytes[48]

struct Member:
    did: bytes32
    role: uint8
    keysDigest: bytes32
    admittedAt: uint64
    suspendedAt: uint64
    revokedAt: uint64

event SpaceFounded:
    space: indexed(bytes32)
    exchange: indexed(address)

event ExchangeNamed:
    space: indexed(bytes32)
    exchange: indexed(address)
    by: indexed(address)

event ExchangeDismissed:
    space: indexed(bytes32)
    exchange: indexed(address)
    by: indexed(address)

event ArbitratorNamed:
    space: indexed(bytes32)
    arbitrator: indexed(address)
    by: indexed(address)

event ArbitratorDismissed:
    space: indexed(bytes32)
    arbitrator: indexed(address)
    by: indexed(address)

event MemberAdmitted:
    space: indexed(bytes32)
    member: indexed(address)
    did: indexed(bytes32)
    role: uint8
    keys: Keys

event RoleChanged:
    space: indexed(bytes32)
    member: indexed(address)
    role: uint8

event KeysChanged:
    space: indexed(bytes32)
    member: indexed(address)
    keys: Keys

event MemberSuspended:
    space: indexed(bytes32)
    member: indexed(address)
    by: indexed(address)
    cause: bytes32
    at: uint64

event MemberResumed:
    space: indexed(bytes32)
    member: indexed(address)
    by: indexed(address)
    cause: bytes32
    at: uint64

event MemberRevoked:
    space: indexed(bytes32)
    member: indexed(address)
    by: indexed(address)
    cause: bytes32

event Revoked:
    space: indexed(bytes32)
    subject: indexed(bytes32)
    by: indexed(address)
    cause: bytes32

exchangeCount: public(HashMap[bytes32, uint256])
isExchange: public(HashMap[bytes32, HashMap[address, bool]])
isArbitrator: public(HashMap[bytes32, HashMap[address, bool]])
revokedAt: public(HashMap[bytes32, HashMap[bytes32, uint64]])
_members: HashMap[bytes32, HashMap[address, Member]]


@deploy
def __init__(salt: bytes32):
    typed.__init__(salt)


# --- running a space -----------------------------------------------------------------------------------------------


@external
def found(space: bytes32):
    assert space != empty(bytes32), "spaces: empty id"
    assert self.exchangeCount[space] == 0, "spaces: already founded"
    self.exchangeCount[space] = 1
    self.isExchange[space][msg.sender] = True
    log SpaceFounded(space=space, exchange=msg.sender)


@external
def nameExchange(space: bytes32, exchange: address):
    self._assert_exchange(space)
    assert exchange != empty(address), "spaces: zero address"
    assert not self.isExchange[space][exchange], "spaces: already named"
    self.exchangeCount[space] += 1
    self.isExchange[space][exchange] = True
    log ExchangeNamed(space=space, exchange=exchange, by=msg.sender)


@external
def dismissExchange(space: bytes32, exchange: address):
    self._assert_exchange(space)
    assert self.isExchange[space][exchange], "spaces: not named"
    # INVARIANT rule: a space that was founded has an exchange
    assert self.exchangeCount[space] > 1, "spaces: the last exchange"
    self.exchangeCount[space] -= 1
    self.isExchange[space][exchange] = False
    log ExchangeDismissed(space=space, exchange=exchange, by=msg.sender)


@external
def nameArbitrator(space: bytes32, arbitrator: address):
    self._assert_exchange(space)
    assert arbitrator != empty(address), "spaces: zero address"
    assert not self.isArbitrator[space][arbitrator], "spaces: already named"
    self.isArbitrator[space][arbitrator] = True
    log ArbitratorNamed(space=space, arbitrator=arbitrator, by=msg.sender)


@external
def dismissArbitrator(space: bytes32, arbitrator: address):
    self._assert_exchange(space)
    assert self.isArbitrator[space][arbitrator], "spaces: not named"
    self.isArbitrator[space][arbitrator] = False
    log ArbitratorDismissed(space=space, arbitrator=arbitrator, by=msg.sender)


@external
def revoke(space: bytes32, subject: bytes32, cause: bytes32):
    self._assert_exchange(space)
    assert self.revokedAt[space][subject] == 0, "spaces: already revoked"
    self.revokedAt[space][subject] = typed._now()
    log Revoked(space=space, subject=subject, by=msg.sender, cause=cause)


# --- being in it ---------------------------------------------------------------------------------------------------


@external
def admit(space: bytes32, member: address, did: bytes32, role: uint8, keys: Keys):
    self._assert_exchange(space)
    assert member != empty(address), "spaces: zero address"
    assert role != 0, "spaces: no role"
    assert self._members[space][member].admittedAt == 0, "spaces: already admitted"
    self._members[space][member] = Member(
        did=did, role=role, keysDigest=self._keys_digest(keys), admittedAt=typed._now(), suspendedAt=0, revokedAt=0
    )
    log MemberAdmitted(space=space, member=member, did=did, role=role, keys=keys)


@external
def changeRole(space: bytes32, member: address, role: uint8):
    self._assert_exchange(space)
    self._assert_member(space, member)
    assert role != 0, "spaces: no role"
    self._members[space][member].role = role
    log RoleChanged(space=space, member=member, role=role)


@external
def changeKeys(space: bytes32, keys: Keys):
    self._assert_member(space, msg.sender)
    self._members[space][msg.sender].keysDigest = self._keys_digest(keys)
    log KeysChanged(space=space, member=msg.sender, keys=keys)


@external
def suspendMember(space: bytes32, member: address, cause: bytes32):
    self._assert_exchange(space)
    self._assert_member(space, member)
    assert self._members[space][member].suspendedAt == 0, "spaces: suspended"
    self._members[space][member].suspendedAt = typed._now()
    log MemberSuspended(space=space, member=member, by=msg.sender, cause=cause, at=typed._now())


@external
def resumeMember(space: bytes32, member: address, cause: bytes32):
    self._assert_exchange(space)
    self._assert_member(space, member)
    assert self._members[space][member].suspendedAt != 0, "spaces: not suspended"
    self._members[space][member].suspendedAt = 0
    log MemberResumed(space=space, member=member, by=msg.sender, cause=cause, at=typed._now())


@external
def revokeMember(space: bytes32, member: address, cause: bytes32):
    assert msg.sender == member or self.isExchange[space][msg.sender], "spaces: not an exchange"
    self._assert_member(space, member)
    self._members[space][member].revokedAt = typed._now()
    log MemberRevoked(space=space, member=member, by=msg.sender, cause=cause)


@external
@view
def member(space: bytes32, account: address) -> Member:
    return self._members[space][account]


@internal
@view
def _assert_exchange(space: bytes32):
    assert self.isExchange[space][msg.sender], "spaces: not an exchange"


@internal
@view
def _assert_member(space: bytes32, account: address):
    found: Member = self._members[space][account]
    assert found.admittedAt != 0 and found.revokedAt == 0, "spaces: not a member"


@internal
@pure
def _keys_digest(keys: Keys) -> bytes32:
    return keccak256(abi_encode(keys))
