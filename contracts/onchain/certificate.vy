# pragma version ==0.4.3
# pragma evm-version paris
"""
@title A certificate that wallets and explorers understand: ERC-721, made by its program and never destroyed
@license Apache-2.0
@notice Law of this file. Every certificate has one holder, and a holder's balance is the number of those it holds. Only
        the holder or whom the holder approved moves one, and nobody moves one that is held fast.
"""
from ethereum.ercs import IERC165
from ethereum.ercs import IERC721

implements: IERC165

MAX_DATA_BYTES: constant(uint256) = 1024

_ERC165: constant(bytes4) = 0x01ffc9a7
_ERC721: constant(bytes4) = 0x80ac58cd
_ERC721_METADATA: constant(bytes4) = 0x5b5e139f

interface Receiver:
    def onERC721Received(operator: address, sender: address, tokenId: uint256, data: Bytes[MAX_DATA_BYTES]) -> bytes4: nonpayable

_RECEIVED: constant(bytes4) = 0x150b7a02

# bytes of 01, and every second run of 1, 2, 4 or 8 bytes set: masks that spread the nibbles of a word
_ONES: constant(uint256) = max_value(uint256) // 255
_SPREAD_1: constant(uint256) = max_value(uint256) // (2**8 + 1)
_SPREAD_2: constant(uint256) = max_value(uint256) // (2**16 + 1)
_SPREAD_4: constant(uint256) = max_value(uint256) // (2**32 + 1)
_SPREAD_8: constant(uint256) = max_value(uint256) // (2**64 + 1)

balances: HashMap[address, uint256]
holders: HashMap[uint256, address]
_held: HashMap[uint256, bool]
_approved: HashMap[uint256, address]
_operators: HashMap[address, HashMap[address, bool]]


@external
@view
def supportsInterface(interfaceId: bytes4) -> bool:
    return interfaceId in [_ERC165, _ERC721, _ERC721_METADATA]


@external
@view
def balanceOf(holder: address) -> uint256:
    assert holder != empty(address), "certificate: zero address"
    return self.balances[holder]


@external
@view
def ownerOf(tokenId: uint256) -> address:
    return self._holder(tokenId)


@external
@view
def getApproved(tokenId: uint256) -> address:
    assert self._holder(tokenId) != empty(address)
    return self._approved[tokenId]


@external
@view
def isApprovedForAll(holder: address, operator: address) -> bool:
    return self._operators[holder][operator]


@external
def approve(approved: address, tokenId: uint256):
    holder: address = self._holder(tokenId)
    assert holder == msg.sender or self._operators[holder][msg.sender], "certificate: not the holder"
    self._approved[tokenId] = approved
    log IERC721.Approval(owner=holder, approved=approved, token_id=tokenId)


@external
def setApprovalForAll(operator: address, approved: bool):
    self._operators[msg.sender][operator] = approved
    log IERC721.ApprovalForAll(owner=msg.sender, operator=operator, approved=approved)


@external
def transferFrom(sender: address, receiver: address, tokenId: uint256):
    self._move(sender, receiver, tokenId)


@external
def safeTransferFrom(sender: address, receiver: address, tokenId: uint256, data: Bytes[MAX_DATA_BYTES] = b""):
    self._move(sender, receiver, tokenId)
    if receiver.is_contract:
        answer: bytes4 = extcall Receiver(receiver).onERC721Received(msg.sender, sender, tokenId, data)
        assert answer == _RECEIVED, "certificate: receiver takes none"


@internal
def _make(holder: address, tokenId: uint256):
    self.holders[tokenId] = holder
    self.balances[holder] += 1
    log IERC721.Transfer(sender=empty(address), receiver=holder, token_id=tokenId)


@internal
def _hold(tokenId: uint256, fast: bool):
    self._held[tokenId] = fast


@internal
def _move(sender: address, receiver: address, tokenId: uint256):
    holder: address = self._holder(tokenId)
    assert holder == sender, "certificate: not the holder"
    assert receiver != empty(address), "certificate: zero address"
    assert msg.sender in [holder, self._approved[tokenId]] or self._operators[holder][msg.sender], "certificate: not approved"
    assert not self._held[tokenId], "certificate: pledged"
    # INVARIANT number: what leaves one holder enters another
    self.balances[sender] -= 1
    self.balances[receiver] += 1
    self.holders[tokenId] = receiver
    self._approved[tokenId] = empty(address)
    log IERC721.Transfer(sender=sender, receiver=receiver, token_id=tokenId)


@internal
@view
def _holder(tokenId: uint256) -> address:
    holder: address = self.holders[tokenId]
    assert holder != empty(address), "certificate: unknown"
    return holder


@internal
@pure
def _hex(word: bytes32) -> String[64]:
    number: uint256 = convert(word, uint256)
    low: uint256 = number & convert(max_value(uint128), uint256)
    return convert(concat(self._hex_half(number >> 128), self._hex_half(low)), String[64])


@internal
@pure
def _hex_half(number: uint256) -> bytes32:
    # sixteen bytes spread to thirty-two nibbles, then each nibble to its digit, all at once
    x: uint256 = number
    x = (x | (x << 64)) & _SPREAD_8
    x = (x | (x << 32)) & _SPREAD_4
    x = (x | (x << 16)) & _SPREAD_2
    x = (x | (x << 8)) & _SPREAD_1
    x = (x | (x << 4)) & (_ONES * 15)
    letters: uint256 = ((x + _ONES * 6) >> 4) & _ONES
    return convert(x + _ONES * 48 + letters * 39, bytes32)
