# pragma version ==0.4.3
# pragma evm-version paris
"""
@title Licences: agreements that both parties signed (spec 2)
@license Apache-2.0
@notice Law of this file. A licence exists if and only if provider and buyer signed the same agreement; anyone may bring
        the two signatures. It is granted once, ends with `notAfter` or with the provider's revocation, and is known by
        the agreement's digest alone: terms and words stay off the chain.
"""
from contracts.onchain import typed

initializes: typed
exports: typed.DOMAIN_SEPARATOR

_AGREEMENT_TYPE: constant(bytes32) = keccak256(
    "Agreement(address provider,address buyer,bytes32 product,bytes32 editionId,bytes32 termsDigest,address token,uint128 priceCap,uint64 notAfter,bytes32 splitHash,string summary)"
)

# The fields in the order of the signed type; the summary is here by its hash, as EIP-712 hashes it.
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

struct Licence:
    provider: address
    buyer: address
    editionId: bytes32
    termsDigest: bytes32
    notAfter: uint64
    grantedAt: uint64
    revokedAt: uint64

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

event LicenceRevoked:
    agreementDigest: indexed(bytes32)
    provider: indexed(address)
    cause: bytes32

_licences: HashMap[bytes32, Licence]


@deploy
def __init__(salt: bytes32):
    typed.__init__(salt)


@external
def grant(agreement: Agreement, providerSignature: Bytes[65], buyerSignature: Bytes[65]) -> bytes32:
    digest: bytes32 = typed._digest(keccak256(abi_encode(_AGREEMENT_TYPE, agreement)))
    assert self._licences[digest].provider == empty(address), "licences: already granted"
    # INVARIANT consent: both parties signed this very agreement
    assert typed._signer(digest, providerSignature) == agreement.provider, "licences: not the provider's signature"
    assert typed._signer(digest, buyerSignature) == agreement.buyer, "licences: not the buyer's signature"
    assert typed._now() <= agreement.notAfter, "licences: past its end"
    self._licences[digest] = Licence(
        provider=agreement.provider,
        buyer=agreement.buyer,
        editionId=agreement.editionId,
        termsDigest=agreement.termsDigest,
        notAfter=agreement.notAfter,
        grantedAt=typed._now(),
        revokedAt=0,
    )
    log LicenceGranted(
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
    return digest


@external
def revoke(agreementDigest: bytes32, cause: bytes32):
    assert self._licences[agreementDigest].provider == msg.sender, "licences: not the provider"
    assert self._licences[agreementDigest].revokedAt == 0, "licences: already revoked"
    self._licences[agreementDigest].revokedAt = typed._now()
    log LicenceRevoked(agreementDigest=agreementDigest, provider=msg.sender, cause=cause)


@external
@view
def licence(agreementDigest: bytes32) -> Licence:
    return self._licences[agreementDigest]
