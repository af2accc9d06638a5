# pragma version ==0.4.3
# pragma evm-version paris
"""
@title Channels: one deposit, cumulative vouchers, several payees (spec 3)
@license Apache-2.0
@notice Law of this file. Everything but deposit, expiry and claimed amount is fixed at opening, and those three only
        grow. Money leaves the deposit by a voucher, by both signatures, by the payee's or the arbitrator's close, or,
        from `expiry` on, by the payer's refund; each of them credits balances, and each owner withdraws its own, so no
        receiver can hold up another. A channel id is burnt for ever.
        A freeze stands still for everybody but the arbitrator and both parties together; the time it took is given back
        to the expiry and to the vouchers that were alive when it began, or freezing would be a way to let them lapse.
"""
from ethereum.ercs import IERC20

from contracts.onchain import channel_types as types
from contracts.onchain import typed

initializes: typed
exports: typed.DOMAIN_SEPARATOR

_WHOLE_BPS: constant(uint256) = 10000

_VOUCHER_TYPE: constant(bytes32) = keccak256(
    "Voucher(bytes32 channelId,uint64 seq,uint128 cumulativeAmount,bytes32 accountHash,bytes32 lock,uint64 validUntil)"
)
_FINAL_TYPE: constant(bytes32) = keccak256(
    "Final(bytes32 channelId,uint128 finalAmount,bytes32 accountHash,uint64 validUntil)"
)

balances: public(HashMap[address, HashMap[address, uint256]])
_channels: HashMap[bytes32, types.Channel]
_payees: HashMap[bytes32, DynArray[address, types.MAX_PAYEES]]
_bps: HashMap[bytes32, DynArray[uint16, types.MAX_PAYEES]]


@deploy
def __init__(salt: bytes32):
    typed.__init__(salt)


# --- opening and growing -------------------------------------------------------------------------------------------


@external
@nonreentrant
def open(opening: types.Opening, deposit: uint128) -> bytes32:
    return self._open(opening, deposit)


@external
@nonreentrant
def openWithPermit(
    opening: types.Opening, deposit: uint128, deadline: uint256, v: uint8, r: bytes32, s: bytes32
) -> bytes32:
    # A permit that somebody else already brought has done its work: the allowance decides, not this call.
    success: bool = raw_call(
        opening.token,
        abi_encode(
            msg.sender,
            self,
            convert(deposit, uint256),
            deadline,
            v,
            r,
            s,
            method_id=method_id("permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"),
        ),
        revert_on_failure=False,
    )
    return self._open(opening, deposit)


@external
@nonreentrant
def topUp(channelId: bytes32, amount: uint128):
    channel: types.Channel = self._known(channelId)
    assert channel.payer == msg.sender, "channels: not the payer"
    grown: uint128 = channel.deposit + self._collect(channel.token, amount)
    self._channels[channelId].deposit = grown
    log types.ToppedUp(channelId=channelId, deposit=grown)


@external
def extend(channelId: bytes32, expiry: uint64):
    channel: types.Channel = self._known(channelId)
    assert channel.payer == msg.sender, "channels: not the payer"
    assert expiry > channel.expiry, "channels: expiry only grows"
    assert expiry <= typed._now() + types.MAX_TERM_SECONDS, "channels: expiry too far"
    self._channels[channelId].expiry = expiry
    log types.Extended(channelId=channelId, expiry=expiry)


# --- paying --------------------------------------------------------------------------------------------------------


@external
def claim(voucher: types.Voucher, signature: Bytes[65], preimage: bytes32):
    channel: types.Channel = self._known(voucher.channelId)
    assert not self._is_frozen(channel), "channels: frozen"
    assert voucher.cumulativeAmount > channel.claimed, "channels: stale voucher"
    assert self._is_alive(channel, voucher.validUntil), "channels: voucher lapsed"
    if voucher.lock == empty(bytes32):
        assert preimage == empty(bytes32), "channels: preimage without lock"
    else:
        assert sha256(preimage) == voucher.lock, "channels: missing preimage"
    digest: bytes32 = typed._digest(keccak256(abi_encode(_VOUCHER_TYPE, voucher)))
    assert typed._signer(digest, signature) == channel.signer, "channels: foreign signer"
    self._credit_payees(voucher.channelId, voucher.cumulativeAmount)
    log types.Claimed(
        channelId=voucher.channelId,
        cumulativeAmount=voucher.cumulativeAmount,
        accountHash=voucher.accountHash,
        preimage=preimage,
    )


@external
@nonreentrant
def withdraw(token: address) -> uint256:
    amount: uint256 = self.balances[token][msg.sender]
    assert amount > 0, "channels: nothing to withdraw"
    self.balances[token][msg.sender] = 0
    assert extcall IERC20(token).transfer(msg.sender, amount, default_return_value=True), "channels: transfer failed"
    log types.Withdrawn(token=token, account=msg.sender, amount=amount)
    return amount


# --- closing -------------------------------------------------------------------------------------------------------


@external
def close(channelId: bytes32):
    channel: types.Channel = self._known(channelId)
    assert channel.payee == msg.sender, "channels: not the payee"
    assert not self._is_frozen(channel), "channels: frozen"
    self._close(channelId)


@external
def finalise(final: types.Final, signerSignature: Bytes[65], payeeSignature: Bytes[65]):
    channel: types.Channel = self._known(final.channelId)
    assert final.finalAmount >= channel.claimed, "channels: final below claimed"
    assert self._is_alive(channel, final.validUntil), "channels: final lapsed"
    digest: bytes32 = typed._digest(keccak256(abi_encode(_FINAL_TYPE, final)))
    assert typed._signer(digest, signerSignature) == channel.signer, "channels: foreign signer"
    assert typed._signer(digest, payeeSignature) == channel.payee, "channels: not the payee's signature"
    self._credit_payees(final.channelId, final.finalAmount)
    self._close(final.channelId)


@external
def refund(channelId: bytes32):
    channel: types.Channel = self._known(channelId)
    assert channel.payer == msg.sender, "channels: not the payer"
    assert typed._now() >= channel.expiry, "channels: refund too early"
    self._close(channelId)


# --- arbitration ---------------------------------------------------------------------------------------------------


@external
def freeze(channelId: bytes32, period: uint64):
    channel: types.Channel = self._known(channelId)
    now: uint64 = typed._now()
    assert channel.arbitrator == msg.sender, "channels: not the arbitrator"
    assert channel.frozenAt == 0, "channels: frozen once already"
    assert 0 < period and period <= channel.freezePeriod, "channels: freeze over period"
    assert now < channel.expiry, "channels: past expiry"
    self._channels[channelId].frozenAt = now
    self._channels[channelId].frozenFor = period
    self._channels[channelId].expiry = channel.expiry + period
    log types.Frozen(channelId=channelId, until=now + period, expiry=channel.expiry + period)


@external
def divide(channelId: bytes32, toPayees: uint128, ruling: bytes32):
    channel: types.Channel = self._known(channelId)
    assert channel.arbitrator == msg.sender, "channels: not the arbitrator"
    # a ruling that needs no thought is a freeze of no length: one call, where freezing is agreed at all
    unfrozen: bool = channel.frozenAt == 0 and channel.freezePeriod > 0 and typed._now() < channel.expiry
    assert unfrozen or self._is_frozen(channel), "channels: not frozen"
    assert toPayees <= channel.deposit - channel.claimed, "channels: outside the unclaimed rest"
    self._credit_payees(channelId, channel.claimed + toPayees)
    self._close(channelId)
    log types.Divided(
        channelId=channelId,
        toPayees=toPayees,
        toPayer=channel.deposit - channel.claimed - toPayees,
        ruling=ruling,
    )


# --- reading -------------------------------------------------------------------------------------------------------


@external
@view
def channel(channelId: bytes32) -> types.Channel:
    return self._channels[channelId]


@external
@view
def split(channelId: bytes32) -> (DynArray[address, types.MAX_PAYEES], DynArray[uint16, types.MAX_PAYEES]):
    return self._payees[channelId], self._bps[channelId]


# --- inside --------------------------------------------------------------------------------------------------------


@internal
@view
def _known(channelId: bytes32) -> types.Channel:
    channel: types.Channel = self._channels[channelId]
    assert channel.payer != empty(address), "channels: unknown"
    assert not channel.closed, "channels: closed"
    return channel


@internal
@view
def _is_frozen(channel: types.Channel) -> bool:
    return typed._now() < channel.frozenAt + channel.frozenFor


@internal
@view
def _is_alive(channel: types.Channel, validUntil: uint64) -> bool:
    if validUntil == 0:
        return True
    if validUntil < channel.frozenAt:
        return typed._now() <= validUntil
    return typed._now() - channel.frozenFor <= validUntil


@internal
def _open(opening: types.Opening, deposit: uint128) -> bytes32:
    self._assert_split(opening.payees, opening.bps)
    assert opening.signer != empty(address), "channels: zero address"
    assert opening.token.is_contract, "channels: no token"
    assert opening.freezePeriod <= types.MAX_FREEZE_SECONDS, "channels: freeze period too long"
    assert opening.expiry > typed._now(), "channels: past expiry"
    assert opening.expiry <= typed._now() + types.MAX_TERM_SECONDS, "channels: expiry too far"
    splitHash: bytes32 = keccak256(abi_encode(opening.payees, opening.bps))
    channelId: bytes32 = self._channel_id(opening, splitHash)
    assert self._channels[channelId].payer == empty(address), "channels: id already used"
    measured: uint128 = self._collect(opening.token, deposit)
    self._channels[channelId] = types.Channel(
        payer=msg.sender,
        signer=opening.signer,
        payee=opening.payees[0],
        token=opening.token,
        arbitrator=opening.arbitrator,
        splitHash=splitHash,
        deposit=measured,
        claimed=0,
        expiry=opening.expiry,
        freezePeriod=opening.freezePeriod,
        frozenAt=0,
        frozenFor=0,
        closed=False,
    )
    self._payees[channelId] = opening.payees
    self._bps[channelId] = opening.bps
    log types.Opened(
        channelId=channelId,
        payer=msg.sender,
        payee=opening.payees[0],
        signer=opening.signer,
        token=opening.token,
        arbitrator=opening.arbitrator,
        splitHash=splitHash,
        payees=opening.payees,
        bps=opening.bps,
        freezePeriod=opening.freezePeriod,
        salt=opening.salt,
        expiry=opening.expiry,
        deposit=measured,
    )
    return channelId


@internal
@view
def _channel_id(opening: types.Opening, splitHash: bytes32) -> bytes32:
    return keccak256(
        abi_encode(
            chain.id,
            self,
            msg.sender,
            opening.signer,
            opening.payees[0],
            opening.token,
            splitHash,
            opening.arbitrator,
            opening.salt,
        )
    )


@internal
@pure
def _assert_split(payees: DynArray[address, types.MAX_PAYEES], bps: DynArray[uint16, types.MAX_PAYEES]):
    assert len(payees) > 0 and len(payees) == len(bps), "channels: split of unequal length"
    whole: uint256 = 0
    for i: uint256 in range(len(payees), bound=types.MAX_PAYEES):
        assert payees[i] != empty(address), "channels: zero address"
        whole += convert(bps[i], uint256)
    assert whole == _WHOLE_BPS, "channels: split is not whole"


@internal
def _collect(token: address, amount: uint128) -> uint128:
    # what arrived counts, not what was asked for: tokens may keep a fee
    before: uint256 = staticcall IERC20(token).balanceOf(self)
    assert extcall IERC20(token).transferFrom(
        msg.sender, self, convert(amount, uint256), default_return_value=True
    ), "channels: transfer failed"
    measured: uint256 = staticcall IERC20(token).balanceOf(self) - before
    assert measured > 0, "channels: empty deposit"
    return convert(measured, uint128)


@internal
def _credit_payees(channelId: bytes32, cumulative: uint128):
    channel: types.Channel = self._channels[channelId]
    # INVARIANT solvency: claimed <= deposit, and claimed never shrinks
    assert channel.claimed <= cumulative and cumulative <= channel.deposit, "channels: over deposit"
    payees: DynArray[address, types.MAX_PAYEES] = self._payees[channelId]
    for i: uint256 in range(len(payees), bound=types.MAX_PAYEES):
        share: uint256 = self._share(channelId, i, cumulative) - self._share(channelId, i, channel.claimed)
        self._credit(channelId, channel.token, payees[i], share)
    self._channels[channelId].claimed = cumulative


@internal
def _close(channelId: bytes32):
    channel: types.Channel = self._channels[channelId]
    # What rounding left over is less than one unit a payee. It waits for the close, because among three payees the
    # remainder alone can shrink while the amount grows, and a credit is never taken back.
    remainder: uint256 = convert(channel.claimed, uint256)
    for i: uint256 in range(len(self._payees[channelId]), bound=types.MAX_PAYEES):
        remainder -= self._share(channelId, i, channel.claimed)
    returned: uint128 = channel.deposit - channel.claimed
    self._channels[channelId].closed = True
    # INVARIANT conservation: shares + remainder + returned == deposit
    self._credit(channelId, channel.token, channel.payee, remainder)
    self._credit(channelId, channel.token, channel.payer, convert(returned, uint256))
    log types.Closed(channelId=channelId, claimed=channel.claimed, returned=returned)


@internal
@view
def _share(channelId: bytes32, index: uint256, cumulative: uint128) -> uint256:
    return convert(cumulative, uint256) * convert(self._bps[channelId][index], uint256) // _WHOLE_BPS


@internal
def _credit(channelId: bytes32, token: address, account: address, amount: uint256):
    if amount == 0:
        return
    self.balances[token][account] += amount
    log types.Credited(channelId=channelId, account=account, amount=amount)
