"""Every way to cheat with a voucher, and what both judges say of it: the provider over HTTP, and the program.

A row holds all that is right but for one thing; the attacker even knows the preimage. `off` is the code of the
provider's refusal, `on` the program's reasons, of which one must come (a changed `r` is nobody's signature, or
another's). `PAYS` says that the program takes it, as it must: those are the signer's own words, and its own money.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from eth_hash.auto import keccak

from contracts import signature
from contracts.typed_data import Final, Receipt, digest, struct_hash

if TYPE_CHECKING:
    from collections.abc import Callable

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
PAYS = "pays"
FOREIGN, UNKNOWN, STALE, OVER = (
    "channels: foreign signer",
    "channels: unknown",
    "channels: stale voucher",
    "channels: over deposit",
)
NOBODYS, HIGH_S, LENGTH = "typed: no signature", "typed: high s", "typed: wrong length"
NO_PREIMAGE, LAPSED, NO_LOCK = (
    "channels: missing preimage",
    "channels: voucher lapsed",
    "channels: preimage without lock",
)
UNREADABLE = ""  # the program cannot read the call at all
NOISE = b"\x5a" * 32


@dataclass(frozen=True)
class Shot:
    """What is sent: to the provider as a message of the kind `what`, to the program with a preimage."""

    voucher: Any
    signature: bytes
    preimage: bytes
    what: str = "voucher"


@dataclass(frozen=True)
class Attack:
    """`forge` makes it out of the honest `Scene`."""

    forge: Callable[[Any], Shot]
    off: str
    on: tuple[str, ...]


def changed(off, *on, preimage=None, **values):
    """The signed voucher with another value, under the honest signature."""

    def forge(scene):
        voucher = replace(scene.honest.voucher, **{name: of(scene) for name, of in values.items()})
        return replace(scene.honest, voucher=voucher, preimage=preimage or scene.honest.preimage)

    return Attack(forge, off, on)


def flipped(name, bit, off, *on):
    """One bit of one field, under the honest signature."""

    def of(scene):
        value = getattr(scene.honest.voucher, name)
        if isinstance(value, int):
            return value ^ 1 << bit
        return (int.from_bytes(value, "big") ^ 1 << bit).to_bytes(len(value), "big")

    return changed(off, *on, **{name: of})


def signed(off, *on, who="buyer", domain=None, preimage=None, what="voucher", **values):
    """Another voucher, or the honest one, signed anew by `who` for `domain`."""

    def forge(scene):
        voucher = replace(scene.honest.voucher, **{name: of(scene) for name, of in values.items()})
        where = scene.stall.domain() if domain is None else domain(scene)
        lock = scene.honest.preimage if preimage is None else preimage(scene)
        return Shot(voucher, scene.stall.sign(voucher, who, where), lock, what)

    return Attack(forge, off, on)


def sealed_with(off, *on, make):
    """The honest voucher with other bytes as its signature."""
    return Attack(lambda scene: replace(scene.honest, signature=make(scene.honest.signature)), off, on)


def over_digest(*on, make):
    """The honest voucher with the signer's signature over other words."""

    def forge(scene):
        return replace(scene.honest, signature=signature.sign(make(scene), scene.stall.key))

    return Attack(forge, "foreign-signer", on)


def half(index, change):
    """Change `r` (0) or `s` (1) of a signature."""

    def make(raw):
        halves = [int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:64], "big")]
        halves[index] = change(halves[index])
        return b"".join(each.to_bytes(32, "big") for each in halves) + raw[64:]

    return make


def high_s(raw, v):
    return half(1, lambda s: ORDER - s)(raw)[:64] + bytes((v,))


def ended(v):
    return lambda raw: raw[:64] + bytes((v,))


def message_of(scene):
    """A wallet's "sign this message" over the digest of the voucher."""
    raw = digest(scene.stall.domain(), scene.honest.voucher)
    return keccak(b"\x19Ethereum Signed Message:\n32" + raw)


def final_of(scene):
    voucher = scene.honest.voucher
    value = Final(voucher.channel_id, voucher.cumulative_amount, voucher.account_hash, voucher.valid_until)
    return digest(scene.stall.domain(), value)


def receipt_of(scene):
    voucher = scene.honest.voucher
    words = (voucher.account_hash, voucher.lock, NOISE, NOISE, voucher.valid_until)
    return digest(scene.stall.domain(), Receipt(voucher.channel_id, voucher.seq, *words))


def of_domain(**values):
    return lambda scene: replace(scene.stall.domain(), **{name: of(scene) for name, of in values.items()})


def at_program(name):
    return lambda scene: scene.stall.deployment.domain(name)


def flipped_v(raw):
    return raw[:64] + bytes((55 - raw[64],))


def known(name):
    return lambda scene: getattr(scene.paid.voucher, name)


ATTACKS: dict[str, Attack] = {
    # a voucher that was paid, shown again
    "replay": Attack(lambda s: Shot(s.paid.voucher, s.paid.signature, s.paid.preimage), "given before", (STALE,)),
    "replay under the next seq": Attack(
        lambda s: Shot(replace(s.paid.voucher, seq=s.honest.voucher.seq), s.paid.signature, s.paid.preimage),
        "amount-under", (STALE,),
    ),
    "replay on another channel": Attack(
        lambda s: Shot(replace(s.paid.voucher, channel_id=s.other), s.paid.signature, s.paid.preimage),
        "foreign-signer", (FOREIGN,),
    ),
    "signature of the window before": Attack(
        lambda s: replace(s.honest, signature=s.paid.signature), "foreign-signer", (FOREIGN,)
    ),
    # less, as much, more
    "lower amount": signed("amount-under", STALE, cumulative_amount=lambda s: s.paid.voucher.cumulative_amount - 1),
    "equal amount": signed("amount-under", STALE, cumulative_amount=known("cumulative_amount")),
    "no amount": signed("amount-under", STALE, cumulative_amount=lambda _: 0),
    "one unit less": signed("amount-under", PAYS, cumulative_amount=lambda s: s.honest.voucher.cumulative_amount - 1),
    "one unit more": signed("amount-over", PAYS, cumulative_amount=lambda s: s.honest.voucher.cumulative_amount + 1),
    "over the deposit": signed("amount-over", OVER, cumulative_amount=lambda s: s.deposit + 1),
    "all there is": signed("amount-over", OVER, cumulative_amount=lambda _: (1 << 128) - 1),
    # one bit of each field, low and high
    "bit of the channel, low": flipped("channel_id", 0, "wrong-channel", UNKNOWN),
    "bit of the channel, high": flipped("channel_id", 255, "wrong-channel", UNKNOWN),
    "bit of the seq, low": flipped("seq", 0, "no-offer", FOREIGN),
    "bit of the seq, middle": flipped("seq", 40, "no-offer", FOREIGN),
    "bit of the seq, high": flipped("seq", 63, "malformed", FOREIGN),
    "bit of the amount, low": flipped("cumulative_amount", 0, "amount-", FOREIGN),
    "bit of the amount, middle": flipped("cumulative_amount", 64, "amount-over", FOREIGN),
    "bit of the amount, high": flipped("cumulative_amount", 127, "amount-over", FOREIGN),
    "bit of the account, low": flipped("account_hash", 0, "wrong-account", FOREIGN),
    "bit of the account, high": flipped("account_hash", 255, "wrong-account", FOREIGN),
    "bit of the lock, low": flipped("lock", 0, "wrong-lock", NO_PREIMAGE),
    "bit of the lock, high": flipped("lock", 255, "wrong-lock", NO_PREIMAGE),
    "bit of the time, low": flipped("valid_until", 0, "foreign-signer", FOREIGN),
    "bit of the time, high": flipped("valid_until", 62, "foreign-signer", FOREIGN),
    # the signature itself
    "bit of r, low": sealed_with("", FOREIGN, NOBODYS, make=half(0, lambda r: r ^ 1)),
    "bit of r, high": sealed_with("", FOREIGN, NOBODYS, make=half(0, lambda r: r ^ 1 << 255)),
    "bit of s, low": sealed_with("foreign-signer", FOREIGN, make=half(1, lambda s: s ^ 1)),
    "bit of s, high": sealed_with("high-s", HIGH_S, make=half(1, lambda s: s | 1 << 255)),
    "the other v": sealed_with("", FOREIGN, NOBODYS, make=flipped_v),
    "v 0": sealed_with("bad-signature", NOBODYS, make=ended(0)),
    "v 1": sealed_with("bad-signature", NOBODYS, make=ended(1)),
    "v 26": sealed_with("bad-signature", NOBODYS, make=ended(26)),
    "v 29": sealed_with("bad-signature", NOBODYS, make=ended(29)),
    "v 255": sealed_with("bad-signature", NOBODYS, make=ended(255)),
    "high s": sealed_with("high-s", HIGH_S, make=lambda raw: high_s(raw, 55 - raw[64])),
    "high s, v as it was": sealed_with("high-s", HIGH_S, make=lambda raw: high_s(raw, raw[64])),
    "r 0": sealed_with("bad-signature", NOBODYS, make=half(0, lambda _: 0)),
    "s 0": sealed_with("bad-signature", NOBODYS, make=half(1, lambda _: 0)),
    "r the order": sealed_with("bad-signature", NOBODYS, make=half(0, lambda _: ORDER)),
    "s the order": sealed_with("high-s", HIGH_S, make=half(1, lambda _: ORDER)),
    "all zero": sealed_with("bad-signature", NOBODYS, make=lambda _: bytes(65)),
    "all ones": sealed_with("bad-signature", HIGH_S, make=lambda _: b"\xff" * 65),
    "r and s swapped": sealed_with("", FOREIGN, NOBODYS, HIGH_S, make=lambda raw: raw[32:64] + raw[:32] + raw[64:]),
    "truncated": sealed_with("malformed", LENGTH, make=lambda raw: raw[:64]),
    "over-long": sealed_with("malformed", UNREADABLE, make=lambda raw: raw + b"\0"),
    "none": sealed_with("malformed", LENGTH, make=lambda _: b""),
    "twice": sealed_with("malformed", UNREADABLE, make=lambda raw: raw + raw),
    # another's signature
    "a stranger's": signed("foreign-signer", FOREIGN, who="stranger"),
    "the payee's own": signed("foreign-signer", FOREIGN, who="provider"),
    "the arbitrator's": signed("foreign-signer", FOREIGN, who="arbitrator"),
    "another payee's": signed("foreign-signer", FOREIGN, who="exchange"),
    # another place
    "another chain": signed("foreign-signer", FOREIGN, domain=of_domain(chain_id=lambda s: s.chain_id + 1)),
    "the public chain": signed("foreign-signer", FOREIGN, domain=of_domain(chain_id=lambda _: 1)),
    "another salt": signed("foreign-signer", FOREIGN, domain=of_domain(salt=lambda _: NOISE)),
    "no salt": signed("foreign-signer", FOREIGN, domain=of_domain(salt=lambda _: bytes(32))),
    "another program's": signed("foreign-signer", FOREIGN, domain=at_program("licences")),
    "the registry's": signed("foreign-signer", FOREIGN, domain=at_program("editions")),
    "the token's": signed("foreign-signer", FOREIGN, domain=at_program("token")),
    "an address nowhere": signed(
        "foreign-signer", FOREIGN, domain=of_domain(verifying_contract=lambda _: b"\x11" * 20)
    ),
    # the signer's signature over other words
    "signed as a final": over_digest(FOREIGN, make=final_of),
    "signed as a receipt": over_digest(FOREIGN, make=receipt_of),
    "signed without a domain": over_digest(FOREIGN, make=lambda s: struct_hash(s.honest.voucher)),
    "signed as a wallet's message": over_digest(FOREIGN, make=message_of),
    # time
    "lapsed": signed("valid-until-past", LAPSED, valid_until=lambda s: s.now - 1),
    "lapsed long ago": signed("valid-until-past", LAPSED, valid_until=lambda _: 1),
    "too near": signed("valid-until-near", PAYS, valid_until=lambda s: s.now + 60),
    "never lapses": signed("valid-until-past", PAYS, valid_until=lambda _: 0),
    # the lock
    "no preimage": signed("", NO_PREIMAGE, preimage=lambda _: bytes(32), what="claim"),
    "wrong preimage": signed("", NO_PREIMAGE, preimage=lambda _: NOISE, what="claim"),
    "preimage of the window before": signed("", NO_PREIMAGE, preimage=lambda s: s.paid.preimage, what="claim"),
    "lock of the window before": signed("wrong-lock", NO_PREIMAGE, lock=known("lock")),
    "lock of the window before, opened": signed(
        "wrong-lock", PAYS, lock=known("lock"), preimage=lambda s: s.paid.preimage
    ),
    "no lock, with a preimage": signed("wrong-lock", NO_LOCK, lock=lambda _: bytes(32)),
    # another account, another seq
    "another account": signed("wrong-account", PAYS, account_hash=lambda _: NOISE),
    "account of the window before": signed("wrong-account", PAYS, account_hash=known("account_hash")),
    "a seq that was never offered": signed("no-offer", PAYS, seq=lambda s: s.honest.voucher.seq + 7),
    "seq 0": signed("no-offer", PAYS, seq=lambda _: 0),
    # acknowledgements, spec 4 message 5
    "acknowledged, unpaid": signed(
        "amount-over", NO_LOCK, what="acknowledge", lock=lambda _: bytes(32), valid_until=lambda _: 0
    ),
    "acknowledged with a lock": signed("wrong-lock", STALE, what="acknowledge", **{
        name: known(name) for name in ("cumulative_amount", "account_hash", "valid_until")
    }),
    "acknowledged with an end": signed("valid-until-set", STALE, what="acknowledge", lock=lambda _: bytes(32), **{
        name: known(name) for name in ("cumulative_amount", "account_hash", "valid_until")
    }),
    "acknowledged less": signed(
        "amount-under", STALE, what="acknowledge", lock=lambda _: bytes(32), valid_until=lambda _: 0,
        account_hash=known("account_hash"), cumulative_amount=lambda s: s.paid.voucher.cumulative_amount - 1,
    ),
    "acknowledged for others": signed(
        "wrong-account", STALE, what="acknowledge", lock=lambda _: bytes(32), valid_until=lambda _: 0,
        cumulative_amount=known("cumulative_amount"),
    ),
    "acknowledged far ahead": signed(
        "wrong-seq", STALE, what="acknowledge", seq=lambda _: 10_000, lock=lambda _: bytes(32),
        valid_until=lambda _: 0, account_hash=known("account_hash"), cumulative_amount=known("cumulative_amount"),
    ),
    "acknowledged by a stranger": signed(
        "foreign-signer", STALE, what="acknowledge", who="stranger", lock=lambda _: bytes(32),
        valid_until=lambda _: 0, account_hash=known("account_hash"), cumulative_amount=known("cumulative_amount"),
    ),
}  # fmt: skip
