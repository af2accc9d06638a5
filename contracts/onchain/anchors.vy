# pragma version ==0.4.3
# pragma evm-version paris
"""
@title Anchors: the witnessed heads of logs, in block order (spec 8)
@license Apache-2.0
@notice Law of this file. A head enters with the signatures of a quorum of its log's witnesses, and only ever grows. Who
        witnesses changes with a delay, so that a stolen owner key is seen before it counts. Two heads of one size and
        two roots, both signed, freeze the log for good: its owner starts a new origin and says why.
        An origin is the SHA-256 of a public line, so anyone could take it first: readers take the owner's address from
        the space's document and never from here alone.
"""
from contracts.onchain import typed

initializes: typed
exports: typed.DOMAIN_SEPARATOR

MAX_WITNESSES: constant(uint256) = 16

_HEAD_TYPE: constant(bytes32) = keccak256("Head(bytes32 origin,uint64 size,bytes32 root,uint64 time)")

struct Head:
    origin: bytes32
    size: uint64
    root: bytes32
    time: uint64

struct Log:
    owner: address
    quorum: uint8
    witnesses: DynArray[address, MAX_WITNESSES]

struct Anchor:
    size: uint64
    root: bytes32
    blockNumber: uint256

event LogRegistered:
    origin: indexed(bytes32)
    owner: indexed(address)
    witnesses: DynArray[address, MAX_WITNESSES]
    quorum: uint8
    effectiveAt: uint64

event Anchored:
    origin: indexed(bytes32)
    size: uint64
    root: bytes32
    noteHash: bytes32

event Forked:
    origin: indexed(bytes32)
    size: uint64
    rootA: bytes32
    rootB: bytes32

delay: public(immutable(uint64))
forked: public(HashMap[bytes32, bool])
_settled: HashMap[bytes32, Log]
_changed: HashMap[bytes32, Log]
_changesAt: HashMap[bytes32, uint64]
_anchors: HashMap[bytes32, Anchor]


@deploy
def __init__(salt: bytes32, delaySeconds: uint64):
    typed.__init__(salt)
    delay = delaySeconds


@external
def registerLog(origin: bytes32, owner: address, witnesses: DynArray[address, MAX_WITNESSES], quorum: uint8):
    current: Log = self._log(origin)
    assert not self.forked[origin], "anchors: forked"
    assert owner != empty(address), "anchors: zero address"
    assert 0 < quorum and convert(quorum, uint256) <= len(witnesses), "anchors: quorum out of range"
    self._assert_ascending(witnesses)
    wanted: Log = Log(owner=owner, quorum=quorum, witnesses=witnesses)
    if current.owner == empty(address):
        assert owner == msg.sender, "anchors: not the owner"
        self._settled[origin] = wanted
        log LogRegistered(
            origin=origin, owner=owner, witnesses=witnesses, quorum=quorum, effectiveAt=typed._now()
        )
        return
    assert current.owner == msg.sender, "anchors: not the owner"
    self._settled[origin] = current
    self._changed[origin] = wanted
    self._changesAt[origin] = typed._now() + delay
    log LogRegistered(
        origin=origin, owner=owner, witnesses=witnesses, quorum=quorum, effectiveAt=typed._now() + delay
    )


@external
def anchor(head: Head, noteHash: bytes32, signatures: DynArray[Bytes[65], MAX_WITNESSES]):
    known: Anchor = self._anchors[head.origin]
    assert not self.forked[head.origin], "anchors: forked"
    self._assert_quorum(self._log(head.origin), head, signatures)
    if head.size == known.size and head.root == known.root and known.blockNumber != 0:
        return
    # INVARIANT history: an anchored head is only ever followed by a larger one
    assert head.size > known.size or known.blockNumber == 0, "anchors: head going backwards"
    self._anchors[head.origin] = Anchor(size=head.size, root=head.root, blockNumber=block.number)
    log Anchored(origin=head.origin, size=head.size, root=head.root, noteHash=noteHash)


@external
def reportFork(
    a: Head,
    signaturesA: DynArray[Bytes[65], MAX_WITNESSES],
    b: Head,
    signaturesB: DynArray[Bytes[65], MAX_WITNESSES],
):
    assert a.origin == b.origin and a.size == b.size and a.root != b.root, "anchors: no fork"
    assert not self.forked[a.origin], "anchors: forked"
    current: Log = self._log(a.origin)
    self._assert_attested(current, a, signaturesA)
    self._assert_attested(current, b, signaturesB)
    self.forked[a.origin] = True
    log Forked(origin=a.origin, size=a.size, rootA=a.root, rootB=b.root)


@external
@view
def head(origin: bytes32) -> (uint64, bytes32, uint256):
    known: Anchor = self._anchors[origin]
    return known.size, known.root, known.blockNumber


@external
@view
def registeredLog(origin: bytes32) -> Log:
    return self._log(origin)


@internal
@view
def _log(origin: bytes32) -> Log:
    changesAt: uint64 = self._changesAt[origin]
    if changesAt != 0 and changesAt <= typed._now():
        return self._changed[origin]
    return self._settled[origin]


@internal
@view
def _head_digest(head: Head) -> bytes32:
    return typed._digest(keccak256(abi_encode(_HEAD_TYPE, head)))


@internal
@view
def _assert_attested(current: Log, head: Head, signatures: DynArray[Bytes[65], MAX_WITNESSES]):
    # the owner's one signature is proof enough against the owner
    if len(signatures) == 1:
        if typed._signer(self._head_digest(head), signatures[0]) == current.owner:
            return
    self._assert_quorum(current, head, signatures)


@internal
@view
def _assert_quorum(current: Log, head: Head, signatures: DynArray[Bytes[65], MAX_WITNESSES]):
    assert current.quorum != 0, "anchors: unknown log"
    assert len(signatures) >= convert(current.quorum, uint256), "anchors: quorum missed"
    digest: bytes32 = self._head_digest(head)
    signers: DynArray[address, MAX_WITNESSES] = []
    for signature: Bytes[65] in signatures:
        signer: address = typed._signer(digest, signature)
        assert signer in current.witnesses, "anchors: foreign witness"
        signers.append(signer)
    self._assert_ascending(signers)


@internal
@pure
def _assert_ascending(addresses: DynArray[address, MAX_WITNESSES]):
    # an ascending list holds nobody twice, and not the zero address
    last: uint160 = 0
    for each: address in addresses:
        assert convert(each, uint160) > last, "anchors: not ascending"
        last = convert(each, uint160)
