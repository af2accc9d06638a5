"""A template for each kind of contract that has an official model, in our own words, ready for an exchange to add.

Law: (1) each is a template like any other: its rules are rows of `policy.templates`, kept by technique or watched as
those are, and its clauses are words that are only promised. (2) Nothing of the official texts is copied: they are
longer, and their use is not mandatory. What a clause says is for the parties' lawyers to judge.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from catalog.contract_template import ContractTemplate, Kind, from_json
from catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWN: Final = (
    ("The data, and their rights, stay with who provides them; nobody else gains more than what is granted here.",
     "数据及其持有权仍归提供方,其他各方仅取得本合约明确授予的权利。"),
    ("Each side tells the other of an incident at once, with what it has done about it.",
     "发生数据安全事件时,知悉方应立即告知另一方,并说明已采取的措施。"),
    ("Neither side assigns this contract without the other's consent in writing.",
     "未经另一方书面同意,任何一方不得转让本合约。"),
)  # fmt: skip


def _made(kind: Kind, name: tuple[str, str], abstract: tuple[str, str], rules: str, clauses: Any) -> dict[str, Any]:
    def both(told: tuple[str, str]) -> dict[str, str]:
        return dict(zip(("en", "zh"), told, strict=True))

    return {
        "kind": kind.value,
        "name": both(name),
        "abstract": both(abstract),
        "rules": rules.split(),
        "clauses": [both(one) for one in (*clauses, *_OWN)],
    }


_PROVISION = _made(
    Kind.PROVISION,
    ("Provision of data", "数据提供"),
    ("Data are given for a purpose and a time, are not passed on, and are deleted afterwards.",
     "按约定用途与期限提供数据,不得转让,到期删除。"),
    "purpose region until not-passed-on delete",
    (
        ("The provider has the right to provide the data, and says where they come from.",
         "提供方保证其有权提供数据,并说明数据来源。"),
        (("The receiver inspects the data within ten days; what it uses before counts as accepted, "
         "unless use alone can show the fault."),
         "接收方应在十日内检验,提前使用视为接受,但须经使用方能发现的缺陷除外。"),
        ("What does not fit its description is mended within ten days, or its price is lowered.",
         "与描述不符的数据,提供方应在十日内补正,或相应减少价款。"),
        ("What the receiver makes of the data is its own, as far as the data cannot be told from it.",
         "接收方由数据形成且无法还原原始数据的成果,归接收方。"),
    ),
)  # fmt: skip
_PROCESSING = _made(
    Kind.PROCESSING,
    ("Processing on behalf of another", "数据委托处理"),
    ("Data are processed for who gives them, within its purpose and by the agreed means alone.",
     "受托方仅在委托目的与约定方式之内处理数据。"),
    "purpose environment until not-passed-on log delete",
    (
        ("What the processing gives belongs to the principal, and so does what comes about on the way.",
         "处理结果归委托方,过程中产生的数据亦归委托方。"),
        (("The processor lets nobody else process without the principal's consent in writing, "
         "and never further than it may itself."),
         "未经委托方书面同意,受托方不得转委托,且转委托范围不得超出本合约。"),
        ("A third party's request for the data is told to the principal and not answered alone.",
         "第三方要求提供数据时,受托方应告知委托方,不得擅自答复。"),
        ("At its end the processor keeps no copy, and helps to hand over.",
         "合约终止时,受托方不得留存副本,并应协助交接。"),
    ),
)  # fmt: skip
_JOINT = _made(
    Kind.JOINT_DEVELOPMENT,
    ("Joint development", "数据融合开发"),
    ("Parties bring data together, make something of them, and share what it earns.",
     "各方投入数据共同开发,并按约定分享收益。"),
    "purpose until not-passed-on log",
    (
        ("What each party brings and its share stand in a project that all have signed (penstock project).",
         "各方的投入与分成比例载于各方签署的项目(penstock project)。"),
        ("Results go to nobody outside without the consent of all parties.",
         "未经各方同意,不得向第三方提供成果。"),
        ("A party whose data stay away or do not fit for thirty days has no share of what is earned meanwhile.",
         "一方的数据缺失或不合格持续三十日的,该期间不参与收益分配。"),
        ("The rules of each source hold for what is made of it; where they differ, the narrower ones.",
         "各来源数据的使用规则适用于由其形成的成果,规则不一致的,从严适用。"),
    ),
)  # fmt: skip
_BROKERAGE = _made(
    Kind.BROKERAGE,
    ("Brokerage", "数据中介服务"),
    ("A broker brings provider and buyer together for a share of the price.",
     "中介方促成供需双方交易,并按价款比例取得报酬。"),
    "purpose until not-passed-on",
    (
        (("The broker signs the contract that it has brought about as its service party, with its share "
         "(penstock ndi party set, --role broker)."),
         "中介方以服务方身份签署其促成的合约,报酬比例载于合约(penstock ndi party set)。"),
        (("The broker has the provider say where the data come from, checks who both sides are, "
         "and keeps its records of the trade."),
         "中介方应要求提供方说明数据来源,审核交易双方身份,并留存审核与交易记录。"),
        ("Its share is due, too, where the two trade past the broker within six months of being brought together.",
         "双方在中介促成后六个月内绕开中介方成交的,仍应支付报酬。"),
        ("The broker itself uses none of the data.",
         "中介方自身不使用数据。"),
    ),
)  # fmt: skip
MODELS: Final[Mapping[Kind, Mapping[str, Any]]] = MappingProxyType({
    Kind.PROVISION: _PROVISION,
    Kind.PROCESSING: _PROCESSING,
    Kind.JOINT_DEVELOPMENT: _JOINT,
    Kind.BROKERAGE: _BROKERAGE,
})  # fmt: skip


def model(kind: str) -> ContractTemplate:
    """Return the template for a kind of contract; raises CatalogError for a kind that there is not."""
    if kind not in set(Kind):
        raise CatalogError(f"there is no model for `{kind[:40]}`", path="kind", hint=f"one of {', '.join(Kind)}")
    return from_json(dict(MODELS[Kind(kind)]))
