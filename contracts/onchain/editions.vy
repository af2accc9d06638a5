# pragma version ==0.4.3
# pragma evm-version paris
"""
@title Editions: who sealed what, in which series (spec 1.5)
@license Apache-2.0
@notice Law of this file. An edition is registered once, by the signature of its provider, whoever brings it. A series
        belongs to whoever first registered in it, and its numbers only grow. A withdrawn edition stays readable: it
        was sold. An id taken by a stranger costs the provider one re-sealing, for the header holds `sealedAt`.
"""
from contracts.onchain import typed

initializes: typed
exports: typed.DOMAIN_SEPARATOR

_EDITION_TYPE: constant(bytes32) = keccak256("Edition(bytes32 editionId,bytes32 series,uint64 number)")

struct Registration:
    provider: address
    series: bytes32
    number: uint64
    registeredAt: uint64
    withdrawnAt: uint64

struct Series:
    provider: address
    newest: uint64

event EditionRegistered:
    editionId: indexed(bytes32)
    provider: indexed(address)
    series: indexed(bytes32)
    number: uint64

event EditionWithdrawn:
    editionId: indexed(bytes32)
    provider: indexed(address)

_registrations: HashMap[bytes32, Registration]
_series: HashMap[bytes32, Series]


@deploy
def __init__(salt: bytes32):
    typed.__init__(salt)


@external
def register(editionId: bytes32, series: bytes32, number: uint64, signature: Bytes[65]):
    provider: address = typed._signer(
        typed._digest(keccak256(abi_encode(_EDITION_TYPE, editionId, series, number))), signature
    )
    owned: Series = self._series[series]
    assert editionId != empty(bytes32), "editions: empty id"
    assert self._registrations[editionId].provider == empty(address), "editions: already registered"
    assert owned.provider in [empty(address), provider], "editions: foreign series"
    # INVARIANT series: one owner, growing numbers
    assert owned.provider == empty(address) or number > owned.newest, "editions: stale number"
    self._series[series] = Series(provider=provider, newest=number)
    self._registrations[editionId] = Registration(
        provider=provider, series=series, number=number, registeredAt=typed._now(), withdrawnAt=0
    )
    log EditionRegistered(editionId=editionId, provider=provider, series=series, number=number)


@external
def withdraw(editionId: bytes32):
    assert self._registrations[editionId].provider == msg.sender, "editions: not the provider"
    assert self._registrations[editionId].withdrawnAt == 0, "editions: already withdrawn"
    self._registrations[editionId].withdrawnAt = typed._now()
    log EditionWithdrawn(editionId=editionId, provider=msg.sender)


@external
@view
def registration(editionId: bytes32) -> Registration:
    return self._registrations[editionId]


@external
@view
def series(series: bytes32) -> Series:
    return self._series[series]
