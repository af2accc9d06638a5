# ruff: noqa: RUF001 (Chinese is written with full-width marks)
"""The words of the audit's findings: a row a code, in English and Chinese, with its severity.

Law: a finding is a row of `CODES`: an `error`, for records contradict each other or a rule, unless its code is one of
`WARNINGS`; what accuses nobody is in `unseen_words`. The names in braces are the facts of the finding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.audit.computed_words import COMPUTED
from ledger.audit.registry_words import REGISTRY
from ledger.audit.relation_words import RELATIONS
from ledger.audit.severity import ERROR, WARNING
from ledger.audit.shared_words import SHARED
from ledger.audit.unseen_words import UNSEEN

if TYPE_CHECKING:
    from collections.abc import Mapping

# of the codes below those that say no more than that something could not be shown
WARNINGS = frozenset({
    "member-unreachable", "peers-unreadable", "attestation-missing", "agreement-unsigned", "edition-unavailable",
    "keys-from-chain", "key-faulted", "release-not-settled", "decisions-untold", "dispute-not-ruled",
    "space-unregistered", "member-unregistered", "exchange-unlisted", "share-absent", "stop-unconfirmed",
})  # fmt: skip
# code → English, Chinese
WORDS: Mapping[str, tuple[str, str]] = {
    "member-keys-differ": (
        "the space's document lists another {fields} for it than its own DID document",
        "空间文档所列 {fields} 与其自身 DID 文档不符",
    ),
    "member-unidentified": (
        "what it serves as its DID document is not its own or cannot be read",
        "其提供的 DID 文档不属于该成员或无法读取",
    ),
    "member-unreachable": (
        "its DID document cannot be had, so its keys rest on the exchange's word alone: {reason}",
        "无法取得其 DID 文档，其密钥仅凭交易所之言：{reason}",
    ),
    "witnesses-differ": (
        "the space's document names {mine} as witnesses of this log, the table gives {theirs}",
        "空间文档称该日志的见证人为 {mine}，按规则应为 {theirs}",
    ),
    "quorum-differs": (
        "the space's document asks for a quorum of {mine}, the table for {theirs}",
        "空间文档的见证法定数为 {mine}，按规则应为 {theirs}",
    ),
    "space-head-false": ("the head of its space is false: {reason}", "其空间摘要不实：{reason}"),
    "space-head-unlogged": ("its log lacks head {number} of its space", "其日志缺少第{number}号空间摘要"),
    "members-unheaded": ("it lists members ({mine}) by no head in its log", "其成员名录（{mine}）无日志摘要"),
    "log-unreadable": ("the log cannot be read, or does not verify: {reason}", "日志无法读取或无法验证：{reason}"),
    "peers-unreadable": ("its list of peers' heads cannot be read: {reason}", "其对等方检查点列表无法读取：{reason}"),
    "entry-malformed": ("entry {index} is not a log entry: {reason}", "第{index}条不是日志条目：{reason}"),
    "entry-of-another-party": ("entry {index} is signed for `{other}`", "第{index}条属于另一方 {other}"),
    "disclosure-missing": ("{event} discloses nothing to the supervisor", "{event} 未向监管方披露"),
    "disclosure-false": ("the disclosure of {event} is false: {reason}", "{event} 的披露不实：{reason}"),
    "field-undisclosed": ("{event} does not disclose {fields}", "{event} 未披露字段 {fields}"),
    "field-malformed": ("the fields of {event} cannot be read: {reason}", "{event} 的字段无法读取：{reason}"),
    "time-went-back": ("{event} bears a time before its predecessor's", "{event} 的时间早于前一条"),
    "block-contradicted": (
        "{event} cites block {number}, which the chain has not",
        "{event} 引用的区块 {number} 与链不符",
    ),
    "chain-rewritten": (
        "the chain has another block {block} than at the last audit: its history was rewritten",
        "链上区块 {block} 与上次审计时不同：历史被改写",
    ),
    "log-rewritten": (
        "the log does not extend the {size} entries that your last audit proved: its history was rewritten",
        "该日志未延续上次审计已验证的 {size} 条记录：历史被改写",
    ),
    "head-not-witnessed": (
        "the newest head (size {size}) is not cosigned by the quorum of its witnesses: {reason}",
        "最新检查点（大小 {size}）未获见证人法定数共签：{reason}",
    ),
    "no-independent-witness": (
        "no witness of this log is neither its owner, nor the chain's operator, nor a payee",
        "该日志没有独立见证人（非所有者、非链运营方、非收款方）",
    ),
    "log-not-anchored": ("no head of this log is anchored on chain", "该日志没有任何上链锚定"),
    "log-not-registered": ("the log is not registered on chain", "该日志未在链上登记"),
    "anchor-owner-differs": (
        "the log was registered on chain by another owner in block {block}",
        "区块 {block} 中登记的日志所有者不符",
    ),
    "anchor-witnesses-differ": (
        "the registration of the log in block {block} names other witnesses or a smaller quorum than the table",
        "区块 {block} 中登记的见证人与规则不符，或法定数过低",
    ),
    "log-shrank-below-anchor": (
        "the log has {size} entries, but {anchored} were anchored in block {block}: {missing} are gone",
        "日志只有 {size} 条，而区块 {block} 锚定了 {anchored} 条：缺少 {missing} 条",
    ),
    "log-forked-from-anchor": (
        "the first {anchored} entries are not those anchored in block {block}: the past was rewritten",
        "前 {anchored} 条与区块 {block} 锚定的内容不同：历史被改写",
    ),
    "anchor-without-checkpoint": (
        (
            "it is one of {of} witnesses of `{log}`, of whom {quorum} signed {count} heads on chain that the log lacks "
            "(size {size}, block {block}), and it shows none that the log signed: its key was stolen, or it hides one"
        ),
        (
            "它是 {log} 的 {of} 个见证人之一，其中 {quorum} 个在链上签署了该日志没有的 {count} 个检查点"
            "（大小 {size}，区块 {block}），而它未能出示由该日志签名的检查点：其密钥被盗，或它有所隐瞒"
        ),
    ),
    "anchor-unexplained": (
        (
            "the chain has {count} heads of `{log}` that this log does not have (size {size}, block {block}), and what "
            "{witnesses} cosigned is not known: the log had them, or keys of its witnesses signed what it never had"
        ),
        (
            "链上有 {log} 的 {count} 个检查点（大小 {size}，区块 {block}）是该日志没有的，且不知 {witnesses} "
            "共签了什么：或该日志曾有这些检查点，或其见证人的密钥签署了它从未有过的检查点"
        ),
    ),
    "log-forked-on-chain": ("the chain holds proof that this log was forked", "链上有该日志分叉的证明"),
    "peer-saw-other-log": (
        "`{peer}` holds a signed head of size {size} that this log does not extend",
        "{peer} 持有大小为 {size} 的已签名检查点，与该日志不一致",
    ),
    "mark-contradicts-log": (
        "{event} of `{peer}` saw a head of size {size} that this log does not extend",
        "{peer} 的 {event} 记录的检查点（大小 {size}）与该日志不一致",
    ),
    "attestation-missing": ("no aggregate attestation of the witnesses was found", "未找到见证人聚合证明"),
    "attestation-invalid": (
        "the witnesses' aggregate attestation is invalid: {reason}",
        "见证人聚合证明无效：{reason}",
    ),
    "attestation-unsigned": ("this witness did not sign the aggregate attestation", "该见证人未签署聚合证明"),
    "attested-head-differs": (
        "the attested head of size {size} is not a prefix of this log",
        "被聚合证明的检查点（大小 {size}）不是该日志的前缀",
    ),
    "agreement-invalid": ("agreement {agreement} does not verify: {reason}", "协议 {agreement} 无法验证：{reason}"),
    "agreement-unsigned": (
        "{event} bears no typed signatures: a plain copy to a foreign connector, metered by the provider alone",
        "{event} 没有类型化签名：向外部连接器提供的明文副本，仅由提供方计量",
    ),
    "agreement-missing": (
        "agreement.signed of {agreement} is missing from this log",
        "该日志缺少协议 {agreement} 的 agreement.signed",
    ),
    "agreement-of-strangers": (
        "agreement {agreement} is signed by accounts that are no members",
        "协议 {agreement} 的签署账户不是成员",
    ),
    "counterparty-differs": (
        "{event} says {field} is `{mine}`, the counterparty's {other} says `{theirs}`",
        "{event} 的 {field} 为 {mine}，而对方的 {other} 为 {theirs}",
    ),
    "message-unsent": (
        "{event} is about a message of `{other}`, whose log knows of no such message",
        "{event} 所涉消息称由 {other} 发出，而其日志中没有该消息",
    ),
    "outcome-differs": (
        "{event} says the negotiation came to `{mine}`, the sender's {other} says `{theirs}`",
        "{event} 称协商结果为 {mine}，而发送方的 {other} 称为 {theirs}",
    ),
    "licence-missing": ("agreement {agreement} has no licence on chain", "协议 {agreement} 在链上没有许可"),
    "licence-differs": (
        "the licence of {agreement} on chain differs in {field}",
        "协议 {agreement} 的链上许可在 {field} 上不符",
    ),
    "licence-without-agreement": (
        "the licence {agreement} on chain has no agreement.signed in the log of either side",
        "链上许可 {agreement} 在双方日志中都没有 agreement.signed",
    ),
    "edition-unregistered": (
        "the edition {edition} of an agreement is not registered on chain",
        "协议所涉版本 {edition} 未在链上登记",
    ),
    "edition-unavailable": (
        "the pieces of edition {edition} could not be looked up: {reason}",
        "无法取得版本 {edition} 的分片表：{reason}",
    ),
    "channel-unknown": (
        "{event} is about channel {channel}, which the chain does not know",
        "{event} 所涉通道 {channel} 在链上不存在",
    ),
    "release-without-voucher": (
        "{event} (seq {seq}): the payer's log knows of no such voucher or keys",
        "{event}（序号 {seq}）：付款方日志中没有对应的凭证或密钥",
    ),
    "receipt-without-release": (
        "keys.released (seq {seq}) is missing from this log; the payer's {event} proves that there was one",
        "该日志缺少 keys.released（序号 {seq}）；付款方的 {event} 证明其存在过",
    ),
    "release-repeated": ("{event} repeats seq {seq} of its channel", "{event} 重复了通道的序号 {seq}"),
    "release-out-of-order": (
        "{event} (seq {seq}) is logged before an earlier seq",
        "{event}（序号 {seq}）早于前序号被记录",
    ),
    "cumulative-broken": (
        "{event} (seq {seq}): cumulative {mine!m} is not the amounts so far, {theirs!m}",
        "{event}（序号 {seq}）：累计额 {mine!m} 不等于此前金额之和 {theirs!m}",
    ),
    "amount-differs-from-tariff": (
        "{event} (seq {seq}) charges {mine!m}, the agreed tariff gives {theirs!m}",
        "{event}（序号 {seq}）收费 {mine!m}，按约定价格应为 {theirs!m}",
    ),
    "copy-differs-from-tariff": (
        "{event} bills {mine!m} for a plain copy of {bytes} bytes; its pieces have {plain} and come to {theirs!m}",
        "{event} 对 {bytes} 字节的明文副本收费 {mine!m}；其分片共 {plain} 字节，按约定价格应为 {theirs!m}",
    ),
    "refund-not-on-chain": (
        "{event} claims a refund of {amount!m} under agreement {agreement}; the chain has no such transfer",
        "{event} 称已就合约 {agreement} 退款 {amount!m}，链上没有相应转账",
    ),
    "order-unpaid": (
        "{event}: the complaint {complaint} orders {amount!m} given back until {due}; the chain has {given!m}",
        "{event}：投诉 {complaint} 裁定于 {due} 前退还 {amount!m}，链上仅见 {given!m}",
    ),
    "order-over-paid": (
        "{event}: the complaint {complaint} orders {amount!m} to be given back; the two settled {theirs!m}",
        "{event}：投诉 {complaint} 裁定退还 {amount!m}，而双方仅结算 {theirs!m}",
    ),
    "order-not-on-chain": (
        "{event} says that {amount!m} were given back by the complaint {complaint}; the chain has {given!m}",
        "{event} 称投诉 {complaint} 裁定的 {amount!m}已退还，链上仅见 {given!m}",
    ),
    "voucher-mismatch": (
        "{event} (seq {seq}): its voucher digest is not that of its own values",
        "{event}（序号 {seq}）：凭证摘要与其字段不符",
    ),
    "receipt-mismatch": (
        "{event} (seq {seq}) is not the entry that the payer's receipt names: it was altered afterwards",
        "{event}（序号 {seq}）不是付款方收据所指的条目：事后被篡改",
    ),
    "rows-paid-twice": (
        "{event} (seq {seq}) charges {bytes} bytes that were paid before",
        "{event}（序号 {seq}）对已付费的 {bytes} 字节重复收费",
    ),
    "over-price-cap": (
        "agreement {agreement} was charged {mine!m}, over its cap of {theirs!m}",
        "协议 {agreement} 收费 {mine!m}，超过上限 {theirs!m}",
    ),
    "trade-unknown": (
        "{event} records a trade of the agreement {agreement}, which no log or channel knows",
        "{event} 记录了合同 {agreement} 的交易，但没有日志或通道知晓该合同",
    ),
    "trade-differs": (
        "{event} records {mine}; agreement and chain say {theirs}",
        "{event} 记录为 {mine}；合同与链上为 {theirs}",
    ),
    "keys-from-chain": (
        "{event} (seq {seq}): the payer had no answer to its voucher and read the keys off the chain",
        "{event}（序号 {seq}）：付款方的凭证未获答复，密钥系从链上读取",
    ),
    "key-faulted": ("{event} (seq {seq}): the buyer found the keys faulty", "{event}（序号 {seq}）：买方发现密钥有误"),
    "settlement-differs": (
        "channel {channel} was settled at {mine!m}, but keys for {theirs!m} were released",
        "通道 {channel} 结算 {mine!m}，而释放的密钥价值 {theirs!m}",
    ),
    "release-not-settled": (
        "channel {channel} is open: {mine!m} claimed of {theirs!m} released",
        "通道 {channel} 未关闭：已索取 {mine!m}，已释放 {theirs!m}",
    ),
    "claim-unknown": (
        "the chain paid {mine!m} on channel {channel} for a batch that no keys.released records",
        "链上在通道 {channel} 支付了 {mine!m}，但没有对应的 keys.released",
    ),
    "settlement-log-differs": (
        "{event} says {mine!m}, the chain paid {theirs!m}",
        "{event} 记录 {mine!m}，链上支付 {theirs!m}",
    ),
    "split-differs": ("channel {channel} did not pay the shares agreed", "通道 {channel} 未按约定分账"),
    "released-over-deposit": (
        "keys for {mine!m} were released on channel {channel}, whose deposit is {theirs!m}: nothing covered the rest",
        "通道 {channel} 释放的密钥价值 {mine!m}，而押金仅 {theirs!m}：其余没有保障",
    ),
    "account-hash-differs": (
        "{event} (seq {seq}): its pieces are not those that its voucher's account hash commits to",
        "{event}（序号 {seq}）：其分片与凭证的 accountHash 所承诺的不符",
    ),
    "entry-late": (
        "{event} (seq {seq}) was written {seconds} seconds after {bound}: within 60 is in time",
        "{event}（序号 {seq}）在 {bound} 之后 {seconds} 秒才记录：60 秒内为及时",
    ),
    "receipt-postdated": (
        "{event} (seq {seq}) gave a receipt dated {seconds} seconds after the payer had the keys",
        "{event}（序号 {seq}）的收据日期比付款方取得密钥的时间晚 {seconds} 秒",
    ),
    "dated-before-block": (
        "{event} bears a time before that of block {number}, which it cites",
        "{event} 的时间早于其引用的区块 {number}",
    ),
    "used-after-expiry": (
        "{event} uses agreement {agreement} after its end at {end}",
        "{event} 在协议 {agreement} 于 {end} 到期后仍使用",
    ),
    "used-after-end": (
        "{event} uses agreement {agreement} after it was ended or revoked",
        "{event} 在协议 {agreement} 终止或撤销后仍使用",
    ),
    "used-while-suspended": (
        "{event} uses agreement {agreement} while the chain shows its licence as suspended",
        "{event} 在协议 {agreement} 的许可被暂停期间仍使用",
    ),
    "used-while-stopped": (
        "{event} uses agreement {agreement}, whose use it had stopped at {since} by the exchange's word",
        "{event} 使用了协议 {agreement}，而它已于 {since} 按平台要求停止使用",
    ),
    "stop-unconfirmed": (
        "the exchange stopped uses under {agreement} at {since} ({state}), and this log goes on without an entry of it",
        "平台于 {since} 要求停止使用协议 {agreement}（{state}），其日志此后继续，却没有相应记录",
    ),
    "used-after-deletion": (
        "{event} uses what was got under agreement {agreement}, and entry {deleted} says that it was destroyed",
        "{event} 使用了依据协议 {agreement} 取得的数据，而第 {deleted} 条记录称其已销毁",
    ),
    "disposal-overdue": (
        "{event} of {agreement}, which ended at {end} and obliges to delete, has no replica.deleted",
        "{event}：协议 {agreement} 已于 {end} 结束且要求删除，但没有 replica.deleted",
    ),
    "decision-not-reproduced": (
        "{event} says `{mine}`; made again from its policy, request and world it comes out otherwise: `{theirs}`",
        "{event} 的结果为 {mine}；按其策略、请求与环境重新判定的结果不同：{theirs}",
    ),
    "decision-of-another-policy": (
        "{event} was made by another policy than the one agreed",
        "{event} 所依据的策略与约定的不同",
    ),
    "decision-too-narrow": (
        "{event} permits a use and was asked of part of the policy only: `{scope}`",
        "{event} 允许使用，却只按策略的一部分（{scope}）判定",
    ),
    "decision-misinformed": ("{event} was asked with a false `{field}`", "{event} 判定时所用的 {field} 不实"),
    "decisions-untold": (
        "{count} decisions do not disclose what was asked, so they cannot be made again",
        "{count} 个判定未披露所问内容，无法重新判定",
    ),
    "release-not-permitted": (
        "{event} (seq {seq}) has no allowing decision.made before it",
        "{event}（序号 {seq}）之前没有允许的 decision.made",
    ),
    "opening-not-permitted": (
        "{event} (seq {seq}) opens under {agreement} without an allowing decision.made before it",
        "{event}（序号 {seq}）在协议 {agreement} 下打开，但之前没有允许的 decision.made",
    ),
    "openings-over-limit": (
        "{event} is opening {mine} of agreement {agreement}, which permits {theirs}",
        "{event} 是协议 {agreement} 的第 {mine} 次打开，许可上限为 {theirs}",
    ),
    "opening-without-release": (
        "{event} has no keys.released for it in the key holder's log",
        "{event} 在密钥持有方日志中没有对应的 keys.released",
    ),
    "opening-undecided": (
        "{event} has no allowing decision.made of its own before it",
        "{event} 之前没有与之对应的允许的 decision.made",
    ),
    "code-unfounded": (
        "{event} assigns the code {code}: its log is no node's, or the code fails its check character",
        "{event} 分配标识 {code}：该日志不属于功能节点，或标识校验码不符",
    ),
    "code-assigned-twice": (
        "{event} assigns the code {code}, which was given already, or a second one to the same thing",
        "{event} 分配标识 {code}：该标识已分配，或同一对象获得第二个标识",
    ),
    "filing-unfounded": (
        "{event} files a contract of agreement {agreement}, which its parties' logs do not say was signed and filed",
        "{event}：所备案的合约 {agreement} 在双方日志中没有签署和备案依据",
    ),
    "filing-differs": (
        "the register's log has no such filing as {event} of agreement {agreement} saw there",
        "平台日志中没有 {event} 所见的合约 {agreement} 备案记录",
    ),
    "opening-unlogged": (
        "{event} (seq {seq}) released keys for an opening that neither log records as opening.started",
        "{event}（序号 {seq}）为一次打开释放了密钥，但双方日志均无 opening.started",
    ),
    **COMPUTED,
    **RELATIONS,
    **REGISTRY,
    **SHARED,
}
# code → severity, English, Chinese
CODES: Mapping[str, tuple[str, str, str]] = {
    **{code: (WARNING if code in WARNINGS else ERROR, *said) for code, said in WORDS.items()},
    **UNSEEN,
}
