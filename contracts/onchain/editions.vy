# pragma version ==0.4.3
# pragma evm-version paris
"""
@title Editions: who sealed what, in which series, and who holds the rights (spec 1.5)
@license Apache-2.0
@notice Law of this file. An edition is registered once, by the signature of its provider, whoever brings it. The rights
        are a certificate (ERC-721, whose token id is the edition's) that its holder passes on; who holds the newest of
        a series continues it, with growing numbers. A pledged certificate stays where it is until its creditor lets go;
        the pledge is of that edition, not of those after it. A withdrawn edition stays readable: it was sold. An id
        taken by a stranger costs the provider one re-sealing, for the header holds `sealedAt`; an unlisted product's id
        is blind (`H("edition-blind", editionId || salt)`) and says nothing to who lacks the salt.
"""
from contracts.onchain import certificate
from contracts.onchain import typed

initializes: typed
initializes: certificate
exports: (
    typed.DOMAIN_SEPARATOR,
    certificate.supportsInterface,
    certificate.balanceOf,
    certificate.ownerOf,
    certificate.getApproved,
    certificate.isApprovedForAll,
    certificate.approve,
    certificate.setApprovalForAll,
    certificate.transferFrom,
    certificate.safeTransferFrom,
)

_EDITION_TYPE: constant(bytes32) = keccak256("Edition(bytes32 editionId,bytes32 series,uint64 number)")

struct Registration:
    provider: address
    series: bytes32
    number: uint64
    registeredAt: uint64
    withdrawnAt: uint64

struct Pledge:
    creditor: address
    terms: bytes32

event EditionRegistered:
    editionId: indexed(bytes32)
    provider: indexed(address)
    series: indexed(bytes32)
    number: uint64

event EditionWithdrawn:
    editionId: indexed(bytes32)
    holder: indexed(address)

event EditionPledged:
    editionId: indexed(bytes32)
    holder: indexed(address)
    creditor: indexed(address)
    terms: bytes32

event EditionReleased:
    editionId: indexed(bytes32)
    creditor: indexed(address)

name: public(constant(String[32])) = "Penstock edition"
symbol: public(constant(String[8])) = "EDITION"

_registrations: HashMap[bytes32, Registration]
# a series' newest edition
_newest: HashMap[bytes32, bytes32]
_pledges: HashMap[bytes32, Pledge]


@deploy
def __init__(salt: bytes32):
    typed.__init__(salt)


@external
def register(editionId: bytes32, series: bytes32, number: uint64, signature: Bytes[65]):
    provider: address = typed._signer(
        typed._digest(keccak256(abi_encode(_EDITION_TYPE, editionId, series, number))), signature
    )
    newest: bytes32 = self._newest[series]
    assert editionId != empty(bytes32), "editions: empty id"
    assert self._registrations[editionId].provider == empty(address), "editions: already registered"
    # INVARIANT series: one holder continues it, numbers grow
    if newest != empty(bytes32):
        assert certificate.holders[convert(newest, uint256)] == provider, "editions: foreign series"
        assert number > self._registrations[newest].number, "editions: stale number"
    self._newest[series] = editionId
    self._registrations[editionId] = Registration(
        provider=provider, series=series, number=number, registeredAt=typed._now(), withdrawnAt=0
    )
    certificate._make(provider, convert(editionId, uint256))
    log EditionRegistered(editionId=editionId, provider=provider, series=series, number=number)


@external
def withdraw(editionId: bytes32):
    self._assert_free(editionId)
    self._registrations[editionId].withdrawnAt = typed._now()
    log EditionWithdrawn(editionId=editionId, holder=msg.sender)


@external
def pledge(editionId: bytes32, creditor: address, terms: bytes32):
    self._assert_free(editionId)
    assert creditor != empty(address), "editions: zero address"
    self._pledges[editionId] = Pledge(creditor=creditor, terms=terms)
    certificate._hold(convert(editionId, uint256), True)
    log EditionPledged(editionId=editionId, holder=msg.sender, creditor=creditor, terms=terms)


@external
def release(editionId: bytes32):
    assert self._pledges[editionId].creditor == msg.sender, "editions: not the creditor"
    self._pledges[editionId] = empty(Pledge)
    certificate._hold(convert(editionId, uint256), False)
    log EditionReleased(editionId=editionId, creditor=msg.sender)


# --- reading -------------------------------------------------------------------------------------------------------


@external
@view
def registration(editionId: bytes32) -> Registration:
    return self._registrations[editionId]


@external
@view
def series(series: bytes32) -> (address, uint64):
    newest: bytes32 = self._newest[series]
    return certificate.holders[convert(newest, uint256)], self._registrations[newest].number


@external
@view
def pledgeOf(editionId: bytes32) -> Pledge:
    return self._pledges[editionId]


@external
@view
def tokenURI(tokenId: uint256) -> String[512]:
    found: Registration = self._registrations[convert(tokenId, bytes32)]
    assert found.provider != empty(address), "editions: unknown"
    return concat(
        "data:application/json;utf8,",
        '{"name":"Penstock edition ',
        uint2str(convert(found.number, uint256)),
        '","description":"Rights in a sealed edition of a data product","edition":"0x',
        certificate._hex(convert(tokenId, bytes32)),
        '","series":"0x',
        certificate._hex(found.series),
        '"}',
    )


@internal
@view
def _assert_free(editionId: bytes32):
    assert certificate.holders[convert(editionId, uint256)] == msg.sender, "editions: not the holder"
    assert self._registrations[editionId].withdrawnAt == 0, "editions: already withdrawn"
    assert self._pledges[editionId].creditor == empty(address), "editions: pledged"
