# ruff: noqa: RUF001 (Chinese is written with full-width marks)
"""The words of findings about disputes and what the programs record of rights and members: rows of `words.WORDS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# code → English, Chinese
REGISTRY: Mapping[str, tuple[str, str]] = {
    "dispute-suppressed": (
        "{event} filed bundle {bundle}, of which the exchange's log knows nothing",
        "{event} 提交了证据包 {bundle}，而交易所日志中没有记录",
    ),
    "dispute-not-ruled": (
        "{event} filed bundle {bundle}, on which nobody has ruled",
        "{event} 提交的证据包 {bundle} 尚无裁决",
    ),
    "ruling-without-dispute": (
        "{event} rules on bundle {bundle}, which no party filed",
        "{event} 裁决的证据包 {bundle} 未由任何一方提交",
    ),
    "ruling-by-another": (
        "{event} rules on channel {channel}, which names another arbitrator",
        "{event} 裁决通道 {channel}，而该通道指定的仲裁人另有其人",
    ),
    "ruling-unfounded": (
        "{event} finds `{finding}` in a window for which the payer's log has no keys.faulted",
        "{event} 认定 {finding}，但付款方日志中该窗口没有 keys.faulted",
    ),
    "ruling-not-executed": (
        "{event} divides channel {channel}, and the chain shows no division by that ruling",
        "{event} 裁决分割通道 {channel}，而链上没有依该裁决的分割",
    ),
    "ruling-executed-otherwise": (
        "{event} gives the payees {mine}, the chain gave them {theirs}",
        "{event} 裁定收款方得 {mine}，链上给付 {theirs}",
    ),
    "ruling-beyond-window": (
        "{event} gives the payees {mine} of the rest, where the disputed window permits {least} to {most}",
        "{event} 裁定收款方从余额中得 {mine}，而争议窗口允许的范围是 {least} 至 {most}",
    ),
    "division-without-ruling": (
        "channel {channel} was divided on chain by ruling {ruling}, which no dispute.ruled of its arbitrator tells",
        "链上依裁决 {ruling} 分割了通道 {channel}，而仲裁人日志中没有相应的 dispute.ruled",
    ),
    "division-by-unnamed": (
        "channel {channel} was divided by an account that the space's registry does not name as an arbitrator",
        "通道 {channel} 由空间登记簿未列为仲裁人的账户分割",
    ),
    "hosted-beyond": (
        "agreement {agreement} was sold for {provider} otherwise than it delegated: {reason}",
        "合约 {agreement} 代 {provider} 出售，但超出其委托：{reason}",
    ),
    "hosted-undelegated": (
        "agreement {agreement} was sold for {provider}, and the chain knows no delegation by it",
        "合约 {agreement} 代 {provider} 出售，而链上没有其委托",
    ),
    "hosted-after-revocation": (
        "agreement {agreement} was sold for {provider} after it had revoked its delegation",
        "合约 {agreement} 在 {provider} 撤销委托之后代其出售",
    ),
    "registration-unfounded": (
        "{event} says that edition {edition} was registered, and the chain knows no edition {known}",
        "{event} 称版本 {edition} 已登记，而链上没有版本 {known}",
    ),
    "edition-registered-twice": (
        "edition {edition} is registered on chain under {count} blind ids, so its rights could be sold as often",
        "版本 {edition} 在链上以 {count} 个盲标识登记，其权利可能被重复出售",
    ),
    "licence-without-rights": (
        "licence {agreement} was granted in block {block} by an account that held no rights in edition {edition} then",
        "许可 {agreement} 于区块 {block} 授予，而授予者当时并不持有版本 {edition} 的权利",
    ),
    "licence-of-withdrawn": (
        "licence {agreement} was granted in block {block}, after edition {edition} had been withdrawn",
        "许可 {agreement} 于区块 {block} 授予，而版本 {edition} 此前已撤回",
    ),
    "pledge-broken": (
        "{subject} was {what} while it was pledged, which its program does not permit",
        "{subject} 在质押期间被处分（{what}），而其程序并不允许",
    ),
    "sublicence-unrecorded": (
        "sub-licence {agreement} stands on chain as a licence of its own: what ends its parent {parent} leaves it",
        "{parent} 之下的分许可 {agreement} 在链上为独立许可：上级终止时不随之终止",
    ),
    "sublicence-misplaced": (
        "sub-licence {agreement} names {parent} as its parent, the chain another parent, holder or child",
        "分许可 {agreement} 的上级为 {parent}，而链上的上级、持有人或被许可人不符",
    ),
    "gathered-head-false": (
        "what it shows of a head that the exchange anchored with others proves nothing: {reason}",
        "其出示的由交易所合并锚定的日志头不能成立：{reason}",
    ),
    "log-forked-proven": (
        "it signed a head of size {size} whose first {old} entries are others than it signed before; {peer} proves it",
        "其签署的大小为 {size} 的检查点，前 {old} 条与其此前签署的不同；{peer} 持有证明",
    ),
    "witness-key-differs": (
        "it proved another BLS key to the chain than the one it publishes: what it signs in aggregates is not its own",
        "其在链上证明持有的 BLS 公钥与其公布的不同：聚合签名所用并非其自身密钥",
    ),
    "space-unregistered": (
        "the space is in no registry on chain, so nobody but the exchange says who was its member and when",
        "该空间未在链上登记，成员及其时间仅凭交易所之言",
    ),
    "member-unregistered": (
        "the space's document lists it, the registry on chain does not know its account",
        "空间文档列有该成员，而链上登记簿没有其账户",
    ),
    "member-registered-otherwise": (
        "the registry on chain has another {fields} for it than the space's document",
        "链上登记簿中其 {fields} 与空间文档不符",
    ),
    "member-revoked": (
        "the space's document lists it, the registry revoked it in block {block}",
        "空间文档仍列有该成员，而登记簿已于区块 {block} 将其除名",
    ),
    "released-to-suspended": (
        "{event} gives keys on channel {channel} to a member that the registry had suspended in block {block}",
        "{event} 在通道 {channel} 上向登记簿于区块 {block} 已暂停的成员释放密钥",
    ),
    "exchange-unlisted": (
        "the registry lets account {account} run the space, which is no member of it",
        "登记簿允许账户 {account} 管理该空间，而该账户不是其成员",
    ),
    "act-after-revocation": (
        "{act} in block {block} names it as {as}, after the registry had revoked it",
        "区块 {block} 的 {act} 以其为 {as}，而登记簿此前已将其除名",
    ),
    "signed-after-revocation": (
        "{event} was written after the registry had revoked its party in block {block}",
        "{event} 写于登记簿在区块 {block} 将其除名之后",
    ),
    "contract-unsigned": (
        "{event}: the contract {agreement} is not signed by both of the parties that it names, or is none of its log's",
        "{event}：合约 {agreement} 未由所列双方签署，或该日志所有者并非其一方",
    ),
    "contract-consent-missing": (
        "{event}: the contract {agreement} is in force without the signature of its service party {party}",
        "{event}：合约 {agreement} 已生效，而日志中没有服务方 {party} 的签名",
    ),
    "contract-round-forged": (
        "{event}: proposal {number} of the contract {contract} does not bear the signature of whom it names",
        "{event}：合约 {contract} 的第 {number} 次提案所附签名并非其所称提案方所签",
    ),
    "contract-round-missing": (
        "{event}: its log does not have proposal {number} of the contract {contract}, or has another one",
        "{event}：该方日志中没有合约 {contract} 的第 {number} 次提案，或所记与之不同",
    ),
    "instruction-unfounded": (
        "{event}: the exchange's log does not say that it filed the contract {agreement} and instructed this party",
        "{event}：平台日志中没有合约 {agreement} 的备案及向该方下发控制指令的记录",
    ),
}
