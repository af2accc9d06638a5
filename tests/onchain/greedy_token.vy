# pragma version ==0.4.3
# pragma evm-version paris
"""
@title A token that keeps a fee and pays its own way into channels twice, takes no certificates, for the tests
"""
struct Opening:
    signer: address
    payees: DynArray[address, 8]
    bps: DynArray[uint16, 8]
    token: address
    arbitrator: address
    freezePeriod: uint64
    salt: bytes32
    expiry: uint64

interface Channels:
    def open(opening: Opening, deposit: uint128) -> bytes32: nonpayable

balanceOf: public(HashMap[address, uint256])
again: Opening
reenters: bool
FEE_PERCENT: constant(uint256) = 10
# it says no to this amount, instead of failing
UNLUCKY: constant(uint256) = 13


@external
def mint(to: address, amount: uint256):
    self.balanceOf[to] += amount


@external
def reenter(channels: address, opening: Opening, deposit: uint128):
    self.again = opening
    self.again.salt = keccak256("the second")
    self.reenters = True
    extcall Channels(channels).open(opening, deposit)


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    if self.reenters:
        self.reenters = False
        extcall Channels(to).open(self.again, convert(amount, uint128))
    if amount == UNLUCKY:
        return False
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount - amount * FEE_PERCENT // 100
    return True


@external
def onERC721Received(operator: address, sender: address, tokenId: uint256, data: Bytes[64]) -> bytes4:
    return empty(bytes4)
