# pragma version ==0.4.3
# pragma evm-version paris
"""
@title The settlement token of a space: ERC-20 with permit (EIP-2612), made out by one issuer
@license Apache-2.0
@notice Law of this file. One unit is a hundredth of the currency; the issuer makes units against money it holds off
        the chain, and nobody else makes any. The permit is signed under the deployment's salted domain, so that equal
        addresses on two chains share no permits.
"""
from ethereum.ercs import IERC20

from contracts.onchain import typed

implements: IERC20
initializes: typed
exports: typed.DOMAIN_SEPARATOR

_PERMIT_TYPE: constant(bytes32) = keccak256(
    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256

event Approval:
    owner: indexed(address)
    spender: indexed(address)
    value: uint256

decimals: public(constant(uint8)) = 2
name: public(String[64])
symbol: public(String[16])
issuer: public(immutable(address))
totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
nonces: public(HashMap[address, uint256])


@deploy
def __init__(salt: bytes32, fullName: String[64], shortName: String[16]):
    typed.__init__(salt)
    issuer = msg.sender
    self.name = fullName
    self.symbol = shortName


@external
def mint(to: address, amount: uint256):
    assert msg.sender == issuer, "token: not the issuer"
    assert to != empty(address), "token: zero address"
    self.totalSupply += amount
    self.balanceOf[to] += amount
    log Transfer(sender=empty(address), receiver=to, value=amount)


@external
def transfer(to: address, amount: uint256) -> bool:
    self._move(msg.sender, to, amount)
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    allowed: uint256 = self.allowance[owner][msg.sender]
    assert allowed >= amount, "token: over allowance"
    if allowed != max_value(uint256):
        self.allowance[owner][msg.sender] = allowed - amount
    self._move(owner, to, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    self._approve(msg.sender, spender, amount)
    return True


@external
def permit(owner: address, spender: address, amount: uint256, deadline: uint256, v: uint8, r: bytes32, s: bytes32):
    assert convert(typed._now(), uint256) <= deadline, "token: permit lapsed"
    nonce: uint256 = self.nonces[owner]
    digest: bytes32 = typed._digest(keccak256(abi_encode(_PERMIT_TYPE, owner, spender, amount, nonce, deadline)))
    signer: address = typed._recover(digest, convert(v, uint256), convert(r, uint256), convert(s, uint256))
    assert signer == owner, "token: not the owner's permit"
    self.nonces[owner] = nonce + 1
    self._approve(owner, spender, amount)


@internal
def _approve(owner: address, spender: address, amount: uint256):
    assert spender != empty(address), "token: zero address"
    self.allowance[owner][spender] = amount
    log Approval(owner=owner, spender=spender, value=amount)


@internal
def _move(owner: address, to: address, amount: uint256):
    assert to != empty(address), "token: zero address"
    assert self.balanceOf[owner] >= amount, "token: over balance"
    # INVARIANT supply: what leaves one balance enters another
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount
    log Transfer(sender=owner, receiver=to, value=amount)
