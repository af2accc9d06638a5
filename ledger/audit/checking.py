# ruff: noqa: RUF001 (Chinese is written with full-width marks)
"""What a finding rests on, and how anybody checks it without this program: a row a record, a row a code.

Law: a finding without a row here is none. A record is named by who keeps it, because that is what makes it count: what
the accused keeps proves nothing in its favour. `$LOG` is a member's log, `$RPC` the chain, `$SPACE` the exchange.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# record → English, Chinese, how to check it yourself in English and in Chinese
RECORDS: Mapping[str, tuple[str, str, str, str]] = {
    "log": (
        "its own log",
        "其自身日志",
        "read $LOG/checkpoint and $LOG/tile/entries/… with any tlog tool; open the disclosure and hash each field",
        "用任意 tlog 工具读取 $LOG/checkpoint 与 $LOG/tile/entries/…；打开该条目的披露并逐字段计算摘要",
    ),
    "counterparty": (
        "the other side's log",
        "对方日志",
        "read the same window in both logs (part = channel, link = accountHash, seq) and compare the disclosed fields",
        "在双方日志中读取同一窗口（part=通道，link=accountHash、seq），比较已披露字段",
    ),
    "chain": (
        "the chain's events",
        "链上事件",
        "ask $RPC for eth_getLogs of the program that $SPACE/space names, and decode it with the published ABI",
        "向 $RPC 查询 $SPACE/space 所列程序的 eth_getLogs，并用公开的 ABI 解码",
    ),
    "block": (
        "the chain's blocks",
        "链上区块",
        "ask $RPC for eth_getBlockByNumber and compare hash and time with the entry's `block`",
        "向 $RPC 查询 eth_getBlockByNumber，与条目的 block 比较哈希和时间",
    ),
    "witness": (
        "the witnesses' signatures",
        "见证人签名",
        "verify the lines below $LOG/checkpoint with the keys in each witness's DID document",
        "用各见证人 DID 文档中的公钥验证 $LOG/checkpoint 下方的签名行",
    ),
    "holders": (
        "heads that others hold",
        "他方持有的检查点",
        "take the note from the holder's $LOG/peers and prove consistency with $LOG/checkpoint from the tiles",
        "从持有方的 $LOG/peers 取得检查点，用瓦片证明其与 $LOG/checkpoint 一致",
    ),
    "identity": (
        "its own DID document",
        "其自身 DID 文档",
        "resolve the did:web and compare its keys with the member's row in $SPACE/space",
        "解析 did:web，将其密钥与 $SPACE/space 中该成员的行比较",
    ),
    "space": (
        "the space's document",
        "空间文档",
        "read $SPACE/space and derive the witnesses of each role from the published table",
        "读取 $SPACE/space，按公开的表由角色推导见证人",
    ),
    "terms": (
        "the signed terms",
        "已签署的条款",
        "hash the disclosed terms (RFC 8785, SHA-256), compare with termsDigest, recover both EIP-712 signers",
        "对已披露条款计算摘要（RFC 8785、SHA-256），与 termsDigest 比较，并恢复双方 EIP-712 签名者",
    ),
    "edition": (
        "the edition's public rows",
        "版本的公开行表",
        "read header and rows below the provider's /sealed/EDITION, and hash them to the edition's id",
        "读取提供方 /sealed/EDITION 下的 header 与 rows，并计算版本标识",
    ),
    "attestation": (
        "the witnesses' joint signature",
        "见证人聚合签名",
        "read $SPACE/space/attestation and verify the BLS signature with the keys of $SPACE/space",
        "读取 $SPACE/space/attestation，用 $SPACE/space 中的公钥验证 BLS 签名",
    ),
}

# code → the records it rests on, the most telling first
RESTS_ON: Mapping[str, tuple[str, ...]] = {
    "member-keys-differ": ("identity", "space"),
    "member-unidentified": ("identity",),
    "member-unreachable": ("identity",),
    "witnesses-differ": ("space",),
    "quorum-differs": ("space",),
    "log-unreadable": ("log",),
    "peers-unreadable": ("holders",),
    "entry-malformed": ("log",),
    "entry-of-another-party": ("log",),
    "disclosure-missing": ("log",),
    "disclosure-false": ("log",),
    "field-undisclosed": ("log",),
    "field-malformed": ("log",),
    "time-went-back": ("log",),
    "block-contradicted": ("block", "log"),
    "chain-rewritten": ("block",),
    "head-not-witnessed": ("witness",),
    "no-independent-witness": ("space", "terms"),
    "log-not-anchored": ("chain",),
    "log-not-registered": ("chain",),
    "anchor-owner-differs": ("chain", "identity"),
    "anchor-witnesses-differ": ("chain", "space"),
    "log-shrank-below-anchor": ("chain", "log"),
    "log-forked-from-anchor": ("chain", "log"),
    "log-forked-on-chain": ("chain",),
    "log-forked-proven": ("holders",),
    "witness-key-differs": ("chain", "identity"),
    "peer-saw-other-log": ("holders", "log"),
    "mark-contradicts-log": ("holders", "log"),
    "attestation-missing": ("attestation",),
    "attestation-invalid": ("attestation",),
    "attestation-unsigned": ("attestation",),
    "attested-head-differs": ("attestation", "log"),
    "agreement-invalid": ("terms",),
    "agreement-unsigned": ("terms",),
    "agreement-missing": ("counterparty", "log"),
    "agreement-of-strangers": ("terms", "space"),
    "counterparty-differs": ("counterparty", "log"),
    "message-unsent": ("counterparty", "log"),
    "outcome-differs": ("counterparty", "log"),
    "licence-missing": ("chain", "terms"),
    "licence-differs": ("chain", "terms"),
    "licence-without-agreement": ("chain", "log"),
    "sublicence-orphaned": ("log", "terms"),
    "sublicence-exceeds": ("terms",),
    "edition-unregistered": ("chain", "terms"),
    "edition-unavailable": ("edition",),
    "channel-unknown": ("chain", "log"),
    "release-without-voucher": ("counterparty", "log"),
    "receipt-without-release": ("counterparty", "log"),
    "release-repeated": ("log",),
    "release-out-of-order": ("log",),
    "cumulative-broken": ("log",),
    "amount-differs-from-tariff": ("terms", "edition"),
    "copy-differs-from-tariff": ("terms", "edition"),
    "voucher-mismatch": ("log",),
    "receipt-mismatch": ("counterparty", "log"),
    "rows-paid-twice": ("log", "edition"),
    "over-price-cap": ("terms", "log"),
    "keys-from-chain": ("counterparty", "chain"),
    "trade-unknown": ("log", "counterparty", "chain"),
    "trade-differs": ("log", "terms", "chain"),
    "key-faulted": ("counterparty",),
    "settlement-differs": ("chain", "log"),
    "release-not-settled": ("chain", "log"),
    "claim-unknown": ("chain", "log"),
    "settlement-log-differs": ("chain", "log"),
    "split-differs": ("chain", "terms"),
    "released-over-deposit": ("chain", "log"),
    "account-hash-differs": ("log",),
    "entry-late": ("counterparty", "log"),
    "dated-before-block": ("block", "log"),
    "used-after-expiry": ("terms", "log"),
    "used-after-end": ("chain", "log"),
    "used-while-suspended": ("chain", "log"),
    "disposal-overdue": ("terms", "log"),
    "decision-not-reproduced": ("log", "terms"),
    "decision-of-another-policy": ("terms", "log"),
    "decision-too-narrow": ("log",),
    "decision-misinformed": ("space", "log"),
    "decisions-untold": ("log",),
    "release-not-permitted": ("log",),
    "opening-not-permitted": ("log",),
    "openings-over-limit": ("log", "terms"),
    "opening-without-release": ("counterparty", "log"),
    "opening-undecided": ("log",),
    "opening-unlogged": ("counterparty", "log"),
    "dispute-suppressed": ("counterparty", "log"),
    "dispute-not-ruled": ("log",),
    "ruling-without-dispute": ("log",),
    "ruling-by-another": ("chain", "log"),
    "ruling-unfounded": ("counterparty", "log"),
    "ruling-not-executed": ("chain", "log"),
    "ruling-executed-otherwise": ("chain", "log"),
    "ruling-beyond-window": ("chain", "log"),
    "division-without-ruling": ("chain", "log"),
    "division-by-unnamed": ("chain",),
    "registration-unfounded": ("log", "chain"),
    "edition-registered-twice": ("chain", "terms", "log"),
    "licence-without-rights": ("chain",),
    "licence-of-withdrawn": ("chain",),
    "pledge-broken": ("chain",),
    "sublicence-unrecorded": ("chain", "terms"),
    "sublicence-misplaced": ("chain", "terms"),
    "space-unregistered": ("chain",),
    "member-unregistered": ("chain", "space"),
    "member-registered-otherwise": ("chain", "space"),
    "member-revoked": ("chain", "space"),
    "released-to-suspended": ("chain", "log"),
    "exchange-unlisted": ("chain", "space"),
    "act-after-revocation": ("chain",),
    "signed-after-revocation": ("chain", "log"),
}


def evidence(code: str, lang: str = "en") -> tuple[str, ...]:
    """Return the records that a finding rests on, in words, English or Chinese (`zh`)."""
    return tuple(RECORDS[record][0 if lang == "en" else 1] for record in RESTS_ON[code])


def how(code: str, lang: str = "en") -> tuple[str, ...]:
    """Return what to do to check a finding without this program, a sentence a record."""
    return tuple(RECORDS[record][2 if lang == "en" else 3] for record in RESTS_ON[code])
