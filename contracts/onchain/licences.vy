# pragma version ==0.4.3
# pragma evm-version paris
"""
@title Licences: agreements that both parties signed (spec 2), and sub-licences within them (spec 5)
@license Apache-2.0
@notice Law of this file. A licence exists if and only if provider and buyer signed the same agreement; anyone may bring
        the two signatures. It is known by the agreement's digest alone: terms and words stay off the chain. It holds
        from its grant to `notAfter`, unless the provider suspends or revokes it. A sub-licence is such an agreement
        that the holder above also signed for, is nowhere wider than the one above, and holds only while every one above
        it does. A pledged licence gives no sub-licences until its creditor lets go.
        Many that wait together are granted together, by the same rules and with the same events; all of them or none.
"""
from contracts.onchain import licence_types as types
from contracts.onchain import typed

initializes: typed
exports: typed.DOMAIN_SEPARATOR

_AGREEMENT_TYPE: constant(bytes32) = keccak256(
    "Agreement(address provider,address buyer,bytes32 product,bytes32 editionId,bytes32 termsDigest,address token,uint128 priceCap,uint64 notAfter,bytes32 splitHash,string summary)"
)
_SUB_LICENCE_TYPE: constant(bytes32) = keccak256(
    "SubLicence(bytes32 parent,address holder,address child,bytes32 termsDigest,bytes32 drawsOn,uint64 notAfter)"
)

_licences: HashMap[bytes32, types.Stored]
_parents: HashMap[bytes32, bytes32]
_pledges: HashMap[bytes32, types.Pledge]


@deploy
def __init__(salt: bytes32):
    typed.__init__(salt)


# --- granting ------------------------------------------------------------------------------------------------------


@external
def grant(agreement: types.Agreement, providerSignature: Bytes[65], buyerSignature: Bytes[65]) -> bytes32:
    return self._grant(agreement, providerSignature, buyerSignature)


@external
def grantBelow(
    agreement: types.Agreement,
    providerSignature: Bytes[65],
    buyerSignature: Bytes[65],
    sub: types.SubLicence,
    holderSignature: Bytes[65],
    above: types.Agreement,
) -> bytes32:
    parent: bytes32 = self._agreement_digest(above)
    self._assert_within(agreement, sub, above, parent)
    signed: bytes32 = typed._digest(keccak256(abi_encode(_SUB_LICENCE_TYPE, sub)))
    # INVARIANT consent: who holds the licence above signed for the one below
    assert typed._signer(signed, holderSignature) == above.buyer, "licences: not the holder's signature"
    assert self._root(parent) == sub.drawsOn, "licences: draws on another"
    assert self._pledges[parent].creditor == empty(address), "licences: pledged"
    digest: bytes32 = self._grant(agreement, providerSignature, buyerSignature)
    self._parents[digest] = parent
    log types.SubLicenceGranted(agreementDigest=digest, parent=parent, holder=above.buyer, child=agreement.buyer)
    return digest


@external
def grantMany(kinds: DynArray[types.Kind, types.MAX_KINDS], grants: DynArray[uint256[8], types.MAX_GRANTS]):
    separator: bytes32 = typed._separator()
    for words: uint256[8] in grants:
        kind: types.Kind = kinds[(words[3] >> 16) & 65535]
        agreement: types.Agreement = types.Agreement(
            provider=kind.provider,
            buyer=convert(convert(words[0], uint160), address),
            product=kind.product,
            editionId=kind.editionId,
            termsDigest=convert(words[1], bytes32),
            token=kind.token,
            priceCap=convert(words[3] >> 128, uint128),
            notAfter=convert((words[3] >> 64) & types.TIME_MASK, uint64),
            splitHash=kind.splitHash,
            summaryHash=convert(words[2], bytes32),
        )
        digest: bytes32 = typed._digest_under(separator, keccak256(abi_encode(_AGREEMENT_TYPE, agreement)))
        self._assert_new(digest)
        self._keep(
            digest,
            agreement,
            typed._recover(digest, (words[3] >> 8) & 255, words[4], words[5]),
            typed._recover(digest, words[3] & 255, words[6], words[7]),
        )


# --- holding still and ending --------------------------------------------------------------------------------------


@external
def suspend(agreementDigest: bytes32, cause: bytes32):
    found: types.Licence = self._of_provider(agreementDigest)
    assert found.suspendedAt == 0, "licences: already suspended"
    found.suspendedAt = typed._now()
    self._licences[agreementDigest].times = self._packed(found)
    log types.LicenceSuspended(agreementDigest=agreementDigest, provider=msg.sender, cause=cause)


@external
def resume(agreementDigest: bytes32):
    found: types.Licence = self._of_provider(agreementDigest)
    assert found.suspendedAt != 0, "licences: not suspended"
    # the time it stood still is not given back: the agreement says until when it holds
    found.suspendedAt = 0
    self._licences[agreementDigest].times = self._packed(found)
    log types.LicenceResumed(agreementDigest=agreementDigest, provider=msg.sender)


@external
def revoke(agreementDigest: bytes32, cause: bytes32):
    found: types.Licence = self._licence(agreementDigest)
    holder: address = empty(address)
    if found.parent != empty(bytes32):
        holder = self._licences[found.parent].buyer
    assert msg.sender in [found.provider, holder] and found.grantedAt != 0, "licences: not the provider"
    assert found.revokedAt == 0, "licences: already revoked"
    found.revokedAt = typed._now()
    self._licences[agreementDigest].times = self._packed(found)
    log types.LicenceRevoked(agreementDigest=agreementDigest, by=msg.sender, cause=cause)


@external
def pledge(agreementDigest: bytes32, creditor: address, terms: bytes32):
    assert self._licences[agreementDigest].buyer == msg.sender, "licences: not the buyer"
    assert self._holds(self._licence(agreementDigest)), "licences: not in force"
    assert creditor != empty(address), "licences: zero address"
    assert self._pledges[agreementDigest].creditor == empty(address), "licences: pledged"
    self._pledges[agreementDigest] = types.Pledge(creditor=creditor, terms=terms)
    log types.LicencePledged(agreementDigest=agreementDigest, buyer=msg.sender, creditor=creditor, terms=terms)


@external
def release(agreementDigest: bytes32):
    assert self._pledges[agreementDigest].creditor == msg.sender, "licences: not the creditor"
    self._pledges[agreementDigest] = empty(types.Pledge)
    log types.LicenceReleased(agreementDigest=agreementDigest, creditor=msg.sender)


# --- reading -------------------------------------------------------------------------------------------------------


@external
@view
def licence(agreementDigest: bytes32) -> types.Licence:
    return self._licence(agreementDigest)


@external
@view
def inForce(agreementDigest: bytes32) -> bool:
    at: bytes32 = agreementDigest
    for _: uint256 in range(types.MAX_LINKS + 1):
        if not self._holds(self._licence(at)):
            return False
        at = self._parents[at]
        if at == empty(bytes32):
            return True
    return False


@external
@pure
def maxGrants() -> uint256:
    return types.MAX_GRANTS


@external
@view
def pledgeOf(agreementDigest: bytes32) -> types.Pledge:
    return self._pledges[agreementDigest]


# --- inside --------------------------------------------------------------------------------------------------------


@internal
def _grant(agreement: types.Agreement, providerSignature: Bytes[65], buyerSignature: Bytes[65]) -> bytes32:
    digest: bytes32 = self._agreement_digest(agreement)
    self._assert_new(digest)
    self._keep(
        digest, agreement, typed._signer(digest, providerSignature), typed._signer(digest, buyerSignature)
    )
    return digest


@internal
@view
def _assert_new(digest: bytes32):
    assert self._licences[digest].times == 0, "licences: already granted"


@internal
def _keep(digest: bytes32, agreement: types.Agreement, byProvider: address, byBuyer: address):
    # INVARIANT consent: both parties signed this very agreement
    assert byProvider == agreement.provider, "licences: not the provider's signature"
    assert byBuyer == agreement.buyer, "licences: not the buyer's signature"
    assert typed._now() <= agreement.notAfter, "licences: past its end"
    granted: types.Licence = types.Licence(
        provider=agreement.provider,
        buyer=agreement.buyer,
        parent=empty(bytes32),
        notAfter=agreement.notAfter,
        grantedAt=typed._now(),
        revokedAt=0,
        suspendedAt=0,
    )
    self._licences[digest] = types.Stored(
        provider=granted.provider, buyer=granted.buyer, times=self._packed(granted)
    )
    log types.LicenceGranted(
        agreementDigest=digest,
        provider=agreement.provider,
        buyer=agreement.buyer,
        product=agreement.product,
        editionId=agreement.editionId,
        termsDigest=agreement.termsDigest,
        token=agreement.token,
        priceCap=agreement.priceCap,
        notAfter=agreement.notAfter,
        splitHash=agreement.splitHash,
    )


@internal
@view
def _assert_within(agreement: types.Agreement, sub: types.SubLicence, above: types.Agreement, parent: bytes32):
    assert sub.parent == parent and sub.holder == above.buyer, "licences: another parent"
    assert sub.child == agreement.buyer and sub.termsDigest == agreement.termsDigest, "licences: another sub-licence"
    assert (
        agreement.provider == above.provider
        and agreement.product == above.product
        and agreement.editionId == above.editionId
        and agreement.token == above.token
        and agreement.splitHash == above.splitHash
    ), "licences: of something else"
    # INVARIANT bounds: nowhere wider than the one above
    assert agreement.notAfter <= sub.notAfter and sub.notAfter <= above.notAfter, "licences: beyond its parent"
    assert agreement.priceCap <= above.priceCap, "licences: beyond its parent"


@internal
@view
def _root(parent: bytes32) -> bytes32:
    at: bytes32 = parent
    for _: uint256 in range(types.MAX_LINKS):
        assert self._holds(self._licence(at)), "licences: not in force"
        if self._parents[at] == empty(bytes32):
            return at
        at = self._parents[at]
    raise "licences: too many links"


@internal
@view
def _of_provider(agreementDigest: bytes32) -> types.Licence:
    found: types.Licence = self._licence(agreementDigest)
    assert found.provider == msg.sender, "licences: not the provider"
    assert found.revokedAt == 0, "licences: already revoked"
    return found


@internal
@view
def _holds(found: types.Licence) -> bool:
    return (
        found.grantedAt != 0
        and found.revokedAt == 0
        and found.suspendedAt == 0
        and typed._now() <= found.notAfter
    )


@internal
@view
def _licence(agreementDigest: bytes32) -> types.Licence:
    stored: types.Stored = self._licences[agreementDigest]
    return types.Licence(
        provider=stored.provider,
        buyer=stored.buyer,
        parent=self._parents[agreementDigest],
        notAfter=convert(stored.times >> 192, uint64),
        grantedAt=convert((stored.times >> 128) & types.TIME_MASK, uint64),
        revokedAt=convert((stored.times >> 64) & types.TIME_MASK, uint64),
        suspendedAt=convert(stored.times & types.TIME_MASK, uint64),
    )


@internal
@pure
def _packed(found: types.Licence) -> uint256:
    return (
        (convert(found.notAfter, uint256) << 192)
        | (convert(found.grantedAt, uint256) << 128)
        | (convert(found.revokedAt, uint256) << 64)
        | convert(found.suspendedAt, uint256)
    )


@internal
@view
def _agreement_digest(agreement: types.Agreement) -> bytes32:
    return typed._digest(keccak256(abi_encode(_AGREEMENT_TYPE, agreement)))
