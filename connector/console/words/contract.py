"""Words of a contract as its parties read it: a heading for each section, a sentence for each clause."""
# ruff: noqa: RUF001 -- Chinese sentences are written with Chinese punctuation

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "contract.title": ("The contract in words", "合同文本"),
    "contract.lead": (
        (
            "Made of what both have signed, and of nothing else. Behind each clause stands how far it is kept, and "
            "the member it is made of. Print the page for a copy on paper."
        ),
        "本文由双方签署的内容生成，别无其他来源。每条之后注明其保障程度及所依据的字段。打印本页即得纸质副本。",
    ),
    "contract.draft": (
        (
            "What would be signed at the asked price, made of the offer. Behind each clause stands how far it is kept, "
            "and the member it is made of."
        ),
        "按报价将要签署的内容，由要约生成。每条之后注明其保障程度及所依据的字段。",
    ),
    "contract.code": ("Contract", "合同编号"),
    "contract.agreement": ("Digest of the agreement", "协议摘要"),
    "contract.state": ("State when this was written", "生成时状态"),
    "contract.offered": ("offered at the asked price; nobody has signed it", "按报价要约，尚无人签署"),
    "contract.from": ("Offered by", "要约方"),
    "contract.unsigned": (
        (
            "The provider offers what follows to whoever may buy it. What is negotiated may differ in price, "
            "columns and term."
        ),
        "提供方以下列内容向可购买者发出要约；经协商，价格、字段与期限可以不同。",
    ),
    "contract.signing": ("Both will sign these words: {summary}", "双方将签署的文字为：{summary}"),
    "contract.parties": ("The parties", "当事人"),
    "contract.provider": (
        "The provider is {did}. It signed with the account {account}; its signature is {signature}.",
        "数据提供方为 {did}，以账户 {account} 签署，签名为 {signature}。",
    ),
    "contract.buyer": (
        "The buyer is {did}. It signed with the account {account}; its signature is {signature}.",
        "数据使用方为 {did}，以账户 {account} 签署，签名为 {signature}。",
    ),
    "contract.words": ("Both signed these words: {summary}", "双方所签文字为：{summary}"),
    "contract.data": ("The data", "数据"),
    "contract.product": ("The product is “{title}” ({product}).", "产品为“{title}”（{product}）。"),
    "contract.edition": (
        (
            "What is delivered is the edition {edition}: each piece is checked against it, and what is not of it "
            "is not taken."
        ),
        "交付内容为版本 {edition}：每一分片均据此校验，不符者不予接收。",
    ),
    "contract.columns": (
        "These columns are licensed, and no others: {columns}.",
        "许可范围仅限下列字段：{columns}。",
    ),
    "contract.whole": ("All of its files and columns are licensed.", "许可范围为其全部文件与字段。"),
    "contract.fact": ("The provider says of it: {operand} {said}.", "提供方声明：{operand} {said}。"),
    "contract.project": ("It is sold under the project {project}.", "本产品在项目 {project} 下出售。"),
    "contract.amends": (
        "It is in place of the agreement {amends}, which ends as it comes into force. Uses are counted on.",
        "本合约替代合约 {amends}，后者自本合约生效时终止；使用次数连续累计。",
    ),
    "contract.contract": (
        "It delivers the contract {contract} of the national interfaces by its price and rules, and ends with it.",
        "本协议按数字合约 {contract} 的价格与规则交付该合约，并随其终止。",
    ),
    "contract.application": (
        "It is the program {program}: it needs {needs}, takes {takes}, and tells {tells}. Each run is a use.",
        "本产品为程序 {program}；所需字段 {needs}，参数 {takes}，输出 {tells}；每次运行计为一次使用。",
    ),
    "contract.question": (
        "It is the question {program}: it needs {needs}, and leaves open {takes}. Each answer is a use.",
        "本产品为查询 {program}；所需字段 {needs}，待填参数 {takes}；每次回答计为一次使用。",
    ),
    "contract.hosted": (
        "It is sold by {host} for {provider}, which delegated it until {until}; the chain says whether it stands.",
        "本产品由 {host} 受 {provider} 委托出售，委托截止 {until}；委托是否有效以链上记录为准。",
    ),
    "contract.delivery": ("How it is used", "使用方式"),
    "contract.tier.plain": (
        "The tier is “{tier}”: it is handed over readable. What is done with it afterwards no connector sees.",
        "方式为“{tier}”：以可读形式交付，交付后的使用情况任何连接器均无法获知。",
    ),
    "contract.tier.kept": (
        (
            "The tier is “{tier}”: it is delivered sealed, and the buyer keeps the keys. Its connector decides "
            "each opening by the rules below, counts it, and writes it into its log."
        ),
        "方式为“{tier}”：以密封形式交付，密钥由使用方保存。每次打开均由其连接器按下列规则裁决、计数并记入日志。",
    ),
    "contract.tier.leased": (
        (
            "The tier is “{tier}”: it is delivered sealed. Keys are lent for each opening by their holder, who "
            "decides and counts it by the rules below."
        ),
        "方式为“{tier}”：以密封形式交付。每次打开由密钥持有方出借密钥，并按下列规则裁决、计数。",
    ),
    "contract.tier.computed": (
        "The tier is “{tier}”: it stays at the provider. What is asked is answered there, and answers alone leave.",
        "方式为“{tier}”：数据留在提供方，所提问题在提供方作答，仅答案离开。",
    ),
    "contract.lease": ("Keys are lent for {seconds} seconds at a time.", "密钥每次出借 {seconds} 秒。"),
    "contract.gate": (
        (
            "What is asked is about these columns: {columns}. A row of an answer is of at least {least} subjects, "
            "none of whom is more than {share} % of it; numbers have {digits} significant digits."
        ),
        (
            "可问字段：{columns}。答案每行至少含 {least} 个主体，任一主体占比不超过 {share}%；数值保留 {digits} 位"
            "有效数字。"
        ),
    ),
    "contract.gate.coverage": (
        "The buyer may try how much of a list of its own is covered: {values}.",
        "使用方可试自有名单的覆盖情况：{values}。",
    ),
    "contract.gate.fresh": (
        (
            "It may try, too, how many of those covered have in {column} a day at most {days} days before that on "
            "which the edition was sealed."
        ),
        "并可试算被覆盖主体中，{column} 在版本封存日前 {days} 天内的有多少。",
    ),
    "contract.gate.noise": (
        "Numbers are told with noise, in place of the share above (ε in hundredths): {values}.",
        "数值加噪后给出，替代上述占比限制（ε 以百分之一计）：{values}。",
    ),
    "contract.gate.lookup": (
        "Rows of subjects that the buyer names are looked up, and nothing is told of groups: {values}.",
        "可查询使用方指定主体的行，不提供分组统计：{values}。",
    ),
    "contract.gate.joint": (
        "Nothing is told of it alone; totals of several providers are: {values}.",
        "不单独答复，仅给出多家提供方的合计：{values}。",
    ),
    "contract.gate.programs": (
        "Programs of the buyer's own are run on it: {values}.",
        "可在其上运行使用方自带程序：{values}。",
    ),
    "contract.gate.reviewer": (
        (
            "A program to which {reviewer} has assented by its signature is run once over all rows that its statement "
            "leaves, and its numbers are told exactly, without noise; no program is told so without that assent."
        ),
        (
            "经 {reviewer} 签名同意的程序，对其语句所留全部行运行一次，结果精确给出、不加噪；"
            "未经该同意的程序不得如此给出结果。"
        ),
    ),
    "contract.gate.engine": (
        "An engine of the provider's is run on it, told with noise: {values}.",
        "可运行提供方的计算引擎，加噪给出：{values}。",
    ),
    "contract.gate.sketch": (
        "Its rows are related to those of others, by sketches with noise: {values}.",
        "其行可与他方数据作带噪草图关联：{values}。",
    ),
    "contract.gate.learning": (
        "Labels of the buyer's own are learned from it, with noise: {values}.",
        "可用使用方自有标签与其行加噪建模：{values}。",
    ),
    "contract.gate.attested": (
        "Each answer comes with evidence of the program that gave it, attested: {label}; {values}.",
        "每项答案附有作答程序的证明，证明方式：{label}；{values}。",
    ),
    "contract.rights": ("What is permitted, owed and forbidden", "许可、义务与禁止"),
    "contract.made": ("What is made of it", "衍生成果"),
    "contract.inherited": (
        "What is made out of the data stays under these terms.",
        "由数据衍生的成果仍受本合同约束。",
    ),
    "contract.owned": (
        "What is made out of the data within these terms belongs to who made it.",
        "在本合同范围内由数据衍生的成果归制作者所有。",
    ),
    "contract.parent": (
        (
            "This is a sub-licence under the agreement {parent}: what is used here is counted there, too, and it "
            "ends with it."
        ),
        "本合同为协议 {parent} 之下的再许可：此处的使用同时计入上级协议，并随其终止而终止。",
    ),
    "contract.money": ("Price and payment", "价款与支付"),
    "contract.price": ("The price: {price}.", "价格：{price}。"),
    "contract.cap": ("All payments come to {cap} at most.", "全部付款合计不超过 {cap}。"),
    "contract.unpaid": (
        (
            "Keys are released against signed vouchers: at most {amount} are promised and not yet released for, "
            "and at most {bytes} sealed bytes of the provider's are sent unpaid."
        ),
        "密钥凭已签凭单释放：已承诺而尚未释放密钥的金额不超过 {amount}，未付款先行发送的密封字节不超过 {bytes}。",
    ),
    "contract.share": (
        "{percent} % of each payment goes to the account {account}.",
        "每笔付款的 {percent}% 归账户 {account}。",
    ),
    "contract.claims": (
        (
            "A voucher's lock lasts {lock} seconds. The provider claims {margin} seconds before it lapses at the "
            "latest, and releases nothing when it last saw the chain {stale} seconds ago or earlier."
        ),
        "凭单锁定 {lock} 秒。提供方最迟在失效前 {margin} 秒主张；距其上次读取链上状态达 {stale} 秒即不再释放密钥。",
    ),
    "contract.token": ("Money is the token {token} on the chain {chain}.", "结算代币为链 {chain} 上的 {token}。"),
    "contract.coin": ("Money is the token {token} on the chain of the space.", "结算代币为空间所用链上的 {token}。"),
    "contract.term": ("Term and end", "期限与终止"),
    "contract.until": ("The contract is good until {end} (Beijing time).", "合同有效期至 {end}（北京时间）。"),
    "contract.ending": (
        (
            "The provider may end it early, for a reason, by revoking the licence on chain. The buyer may stop at any "
            "time and pays for what was released. After the end nothing more is delivered or opened."
        ),
        (
            "提供方可说明理由，在链上撤销许可而提前终止；使用方可随时停止，仅为已释放的部分付款。终止后不再交付，亦不再"
            "打开。"
        ),
    ),
    "contract.disputes": ("Disputes and evidence", "争议与证据"),
    "contract.arbitrator": (
        "The account {account} rules on disputes, and divides what is not claimed of a channel.",
        "争议由账户 {account} 裁决，并由其分配通道中未主张的余额。",
    ),
    "contract.unarbitrated": (
        "Nobody is named to rule on disputes: what messages prove stands, and courts decide the rest.",
        "未约定争议裁决人：以消息所能证明者为准，其余由法院裁判。",
    ),
    "contract.evidence": (
        (
            "Both keep a log of what they did; its heads are signed by witnesses and anchored on chain, and a "
            "regulator audits both."
        ),
        "双方各自记录日志，日志头由见证方联署并锚定上链，监管方对双方日志进行审计。",
    ),
    "contract.form": (
        (
            "This text is made of the signed contract by a program. Where the two differ, what was signed decides. "
            "It is designed after TC609-6-2025-14 in words of its own; it is none of the official model contracts, "
            "and no legal advice."
        ),
        (
            "本文由程序根据已签合同生成；如与所签内容不一致，以所签内容为准。本文按 TC609-6-2025-14 设计，措辞自拟"
            "，并非官方示范合同，亦不构成法律意见。"
        ),
    ),
}
