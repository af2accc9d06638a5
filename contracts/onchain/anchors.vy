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
        What an anchor reads and writes is laid out for it: one word with the newest head's size and block and the
        address of the log's table, one word with the root, and the table (`tables`), which never changes. A changed
        log is a new table that names when it counts and the one that counts before.
        Where the chain has BLS12-381, large quorums sign with one aggregate: witnesses prove that they possess their
        keys, anybody brings the keys of a log's witnesses together, and a bitmap says who signed.
"""
from contracts.onchain import bls
from contracts.onchain import tables
from contracts.onchain import typed

initializes: typed
exports: typed.DOMAIN_SEPARATOR

MAX_WITNESSES: constant(uint256) = 64
# C2SP logs count in 63 bits
MAX_SIZE: constant(uint64) = 2**63 - 1

# a place's first word, from the lowest bit: table 160, size 63, forked 1, block 32
_TABLE: constant(uint256) = 2**160 - 1
_SIZE_AT: constant(uint256) = 160
_FORKED: constant(uint256) = 2**223
_BLOCK_AT: constant(uint256) = 224

# where a log's table, which is the ABI encoding of `Log`, holds what each anchor asks of it
_LOG_BYTES: constant(uint256) = 224 + 32 * MAX_WITNESSES
_LOG_LEAD_BYTES: constant(uint256) = 160
_QUORUM_AT: constant(uint256) = 64
_EFFECTIVE_AT: constant(uint256) = 96
_BEFORE_AT: constant(uint256) = 128
_WITNESSES_AT: constant(uint256) = 224

_HEAD_TYPE: constant(bytes32) = keccak256("Head(bytes32 origin,uint64 size,bytes32 root,uint64 time)")

struct Head:
    origin: bytes32
    size: uint64
    root: bytes32
    time: uint64

struct Log:
    owner: address
    quorum: uint8
    effectiveAt: uint64
    before: address
    witnesses: DynArray[address, MAX_WITNESSES]

interface KeyTable:
    def content() -> DynArray[bls.Key, MAX_WITNESSES]: view

struct Place:
    word: uint256
    root: bytes32

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

event KeyProven:
    witness: indexed(address)
    key: bls.Key

event KeysBrought:
    origin: indexed(bytes32)
    logTable: indexed(address)
    keyTable: address

event Forked:
    origin: indexed(bytes32)
    size: uint64
    rootA: bytes32
    rootB: bytes32

delay: public(immutable(uint64))
keyDigest: public(HashMap[address, bytes32])
# a log's table → the table of its witnesses' keys, in their order
keysOf: public(HashMap[address, address])
_places: HashMap[bytes32, Place]


@deploy
def __init__(salt: bytes32, delaySeconds: uint64):
    typed.__init__(salt)
    delay = delaySeconds


@external
def registerLog(origin: bytes32, owner: address, witnesses: DynArray[address, MAX_WITNESSES], quorum: uint8):
    word: uint256 = self._places[origin].word
    assert word & _FORKED == 0, "anchors: forked"
    assert owner != empty(address), "anchors: zero address"
    assert 0 < quorum and convert(quorum, uint256) <= len(witnesses), "anchors: quorum out of range"
    self._assert_ascending(witnesses)
    wanted: Log = Log(owner=owner, quorum=quorum, effectiveAt=typed._now(), before=empty(address), witnesses=witnesses)
    if word & _TABLE == 0:
        assert owner == msg.sender, "anchors: not the owner"
    else:
        wanted.before = self._effective(word)
        wanted.effectiveAt += delay
        assert self._log(wanted.before).owner == msg.sender, "anchors: not the owner"
    table: address = tables._write(abi_encode(wanted))
    self._places[origin].word = word & ~_TABLE | convert(convert(table, uint160), uint256)
    log LogRegistered(
        origin=origin, owner=owner, witnesses=witnesses, quorum=quorum, effectiveAt=wanted.effectiveAt
    )


@external
def anchor(head: Head, noteHash: bytes32, signatures: DynArray[Bytes[65], MAX_WITNESSES]):
    place: Place = self._places[head.origin]
    table: address = self._effective(place.word)
    current: Bytes[_LOG_BYTES] = raw_call(table, b"", max_outsize=_LOG_BYTES, is_static_call=True)
    assert len(signatures) >= extract32(current, _QUORUM_AT, output_type=uint256), "anchors: quorum missed"
    digest: bytes32 = self._head_digest(head)
    seen: uint256 = _WITNESSES_AT
    # written out, as a call for each signature would cost more than reading the witness it is compared with
    for signature: Bytes[65] in signatures:
        assert len(signature) == 65, "typed: wrong length"
        signer: address = typed._recover(
            digest,
            extract32(signature, 33, output_type=uint256) & 255,
            extract32(signature, 0, output_type=uint256),
            extract32(signature, 32, output_type=uint256),
        )
        # witnesses and signers ascend, so one walk over the witnesses finds all signers, and nobody twice
        for _: uint256 in range(MAX_WITNESSES):
            assert seen < len(current), "anchors: no further witness"
            seen += 32
            if extract32(current, unsafe_sub(seen, 32), output_type=address) == signer:
                break
    self._advance(place, head, noteHash)


@external
def anchorAggregate(head: Head, noteHash: bytes32, signers: uint256, signature: Bytes[bls.SIGNATURE_BYTES]):
    place: Place = self._places[head.origin]
    table: address = self._effective(place.word)
    lead: Bytes[_LOG_LEAD_BYTES] = raw_call(table, b"", max_outsize=_LOG_LEAD_BYTES, is_static_call=True)
    assert self.keysOf[table] != empty(address), "anchors: no keys"
    keys: DynArray[bls.Key, MAX_WITNESSES] = staticcall KeyTable(self.keysOf[table]).content()
    assert signers >> len(keys) == 0, "anchors: no further witness"
    sum: bls.Key = empty(bls.Key)
    count: uint256 = 0
    for at: uint256 in range(len(keys), bound=MAX_WITNESSES):
        if signers >> at & 1 == 1:
            sum = bls._sum(sum, keys[at])
            count += 1
    assert count >= extract32(lead, _QUORUM_AT, output_type=uint256), "anchors: quorum missed"
    bls._assert_signed(sum, abi_encode(self._head_digest(head)), bls._SIGN, signature)
    self._advance(place, head, noteHash)


@external
def proveKey(key: bls.Key, possession: Bytes[bls.SIGNATURE_BYTES]):
    # the account is in the message, so nobody proves with the words of another
    stated: Bytes[bls.MAX_MESSAGE_BYTES] = concat(abi_encode(key), convert(msg.sender, bytes20))
    bls._assert_signed(key, stated, bls._POSSESS, possession)
    self.keyDigest[msg.sender] = keccak256(abi_encode(key))
    log KeyProven(witness=msg.sender, key=key)


@external
def bringKeys(origin: bytes32, keys: DynArray[bls.Key, MAX_WITNESSES]):
    table: address = self._effective(self._places[origin].word)
    witnesses: DynArray[address, MAX_WITNESSES] = self._log(table).witnesses
    assert len(keys) == len(witnesses), "anchors: not a key a witness"
    for at: uint256 in range(len(witnesses), bound=MAX_WITNESSES):
        assert self.keyDigest[witnesses[at]] == keccak256(abi_encode(keys[at])), "anchors: key not proven"
    self.keysOf[table] = tables._write(abi_encode(keys))
    log KeysBrought(origin=origin, logTable=table, keyTable=self.keysOf[table])


@external
def reportFork(
    a: Head,
    signaturesA: DynArray[Bytes[65], MAX_WITNESSES],
    b: Head,
    signaturesB: DynArray[Bytes[65], MAX_WITNESSES],
):
    word: uint256 = self._places[a.origin].word
    assert a.origin == b.origin and a.size == b.size and a.root != b.root, "anchors: no fork"
    assert word & _FORKED == 0, "anchors: forked"
    current: Log = self._log(self._effective(word))
    self._assert_attested(current, a, signaturesA)
    self._assert_attested(current, b, signaturesB)
    self._places[a.origin].word = word | _FORKED
    log Forked(origin=a.origin, size=a.size, rootA=a.root, rootB=b.root)


@external
@view
def head(origin: bytes32) -> (uint64, bytes32, uint256):
    place: Place = self._places[origin]
    return self._size(place.word), place.root, place.word >> _BLOCK_AT


@external
@view
def forked(origin: bytes32) -> bool:
    return self._places[origin].word & _FORKED != 0


@external
@view
def registeredLog(origin: bytes32) -> Log:
    word: uint256 = self._places[origin].word
    if word & _TABLE == 0:
        return empty(Log)
    return self._log(self._effective(word))


@internal
def _advance(place: Place, head: Head, noteHash: bytes32):
    known: uint64 = self._size(place.word)
    isFirst: bool = place.word >> _BLOCK_AT == 0
    assert place.word & _FORKED == 0, "anchors: forked"
    if not isFirst and head.size == known and head.root == place.root:
        return
    # INVARIANT history: an anchored head is only ever followed by a larger one
    assert isFirst or head.size > known, "anchors: head going backwards"
    assert head.size <= MAX_SIZE, "anchors: size out of range"
    size: uint256 = convert(head.size, uint256)
    blockNumber: uint256 = convert(convert(block.number, uint32), uint256)
    self._places[head.origin] = Place(
        word=place.word & _TABLE | size << _SIZE_AT | blockNumber << _BLOCK_AT, root=head.root
    )
    log Anchored(origin=head.origin, size=head.size, root=head.root, noteHash=noteHash)


@internal
@pure
def _size(word: uint256) -> uint64:
    return convert(word >> _SIZE_AT & convert(MAX_SIZE, uint256), uint64)


@internal
@view
def _effective(word: uint256) -> address:
    assert word & _TABLE != 0, "anchors: unknown log"
    newest: address = convert(convert(word & _TABLE, uint160), address)
    lead: Bytes[_LOG_LEAD_BYTES] = raw_call(newest, b"", max_outsize=_LOG_LEAD_BYTES, is_static_call=True)
    if extract32(lead, _EFFECTIVE_AT, output_type=uint256) <= convert(typed._now(), uint256):
        return newest
    return extract32(lead, _BEFORE_AT, output_type=address)


@internal
@view
def _log(table: address) -> Log:
    return abi_decode(raw_call(table, b"", max_outsize=_LOG_BYTES, is_static_call=True), Log)


@internal
@view
def _head_digest(head: Head) -> bytes32:
    return typed._digest(keccak256(abi_encode(_HEAD_TYPE, head)))


@internal
@view
def _assert_attested(current: Log, head: Head, signatures: DynArray[Bytes[65], MAX_WITNESSES]):
    digest: bytes32 = self._head_digest(head)
    # the owner's one signature is proof enough against the owner
    if len(signatures) == 1 and typed._signer(digest, signatures[0]) == current.owner:
        return
    assert len(signatures) >= convert(current.quorum, uint256), "anchors: quorum missed"
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
