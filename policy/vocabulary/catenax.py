"""The left operands of Catena-X's profile (cx-odrl-profile, context 2025/9), by their IRIs.

Their names alone mean something only in a document that names Catena-X's context. What they compare are words that two
companies agree on: a policy with them is decided like any other, by what is told of the use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMESPACE: Final = "https://w3id.org/catenax/2025/9/policy/"
# as the profile's repository has it, and as connectors wrote it before
OTHERS: Final = ("https://w3id.org/catenax/policy/",)
# the last is what Tractus-X named before; its names are these
CONTEXTS: Final = frozenset(
    {NAMESPACE + "context.jsonld", NAMESPACE + "odrl.jsonld", "https://w3id.org/tractusx/policy/v1.0.0"}
)
# as its releases name them
PROFILES: Final = frozenset(OTHERS[0] + name for name in ("profile2405", "profile2506"))
PREFIX: Final = "cx-policy:"
ACCESS: Final = NAMESPACE + "access"
MEMBERSHIP, FRAMEWORK, PURPOSE = (NAMESPACE + name for name in ("Membership", "FrameworkAgreement", "UsagePurpose"))

# name → what it compares, in English and in Chinese
TERMS: Final[Mapping[str, tuple[str, str]]] = {
    "AffiliatesBpnl": ("affiliates, by their partner numbers", "关联企业(业务伙伴编号)"),
    "AffiliatesRegion": ("region of the affiliates", "关联企业所在区域"),
    "BusinessPartnerGroup": ("group of partners", "业务伙伴组"),
    "BusinessPartnerNumber": ("partner number", "业务伙伴编号"),
    "ConfidentialInformationMeasures": ("measures for what is confidential", "保密措施"),
    "ConfidentialInformationSharing": ("with whom what is confidential is shared", "保密信息的共享范围"),
    "ContractReference": ("contract referred to", "所引用的合同"),
    "ContractTermination": ("how the contract is terminated", "合同终止方式"),
    "DataFrequency": ("how often data are provided", "数据提供频次"),
    "DataProvisioningEndDate": ("date on which provision ends", "数据提供终止日期"),
    "DataProvisioningEndDurationDays": ("days after which provision ends", "数据提供期限(天)"),
    "DataUsageEndDate": ("date on which use ends", "数据使用终止日期"),
    "DataUsageEndDefinition": ("how the end of use is defined", "数据使用终止的定义"),
    "DataUsageEndDurationDays": ("days after which use ends", "数据使用期限(天)"),
    "ExclusiveUsage": ("to whom use is exclusive", "独占使用方"),
    "FrameworkAgreement": ("framework agreement", "框架协议"),
    "JurisdictionLocation": ("place of jurisdiction", "管辖地"),
    "JurisdictionLocationReference": ("where the place of jurisdiction is said", "管辖地的出处"),
    "Liability": ("liability", "责任范围"),
    "ManagedLegalEntityBpnl": ("managed legal entities, by their partner numbers", "受管法人(业务伙伴编号)"),
    "ManagedLegalEntityRegion": ("region of the managed legal entities", "受管法人所在区域"),
    "Membership": ("membership of the space", "空间成员资格"),
    "ParticipationEnd": ("what happens when participation ends", "参与终止时的处理"),
    "Precedence": ("what takes precedence", "优先适用"),
    "UsagePurpose": ("purpose of Catena-X", "Catena-X 用途"),
    "UsageRestriction": ("restriction of use", "使用限制"),
    "VersionChanges": ("changes of version", "版本变更"),
    "Warranty": ("warranty", "保证"),
    "WarrantyDefinition": ("how the warranty is defined", "保证的定义"),
    "WarrantyDuration": ("how long the warranty lasts", "保证期限"),
    "WarrantyDurationMonths": ("months that the warranty lasts", "保证期限(月)"),
}
# a document that names the context means these by their names
NAMED: Final[Mapping[str, str]] = {**{name: NAMESPACE + name for name in TERMS}, "access": ACCESS}
BY_IRI: Final[Mapping[str, tuple[str, str]]] = {NAMESPACE + name: words for name, words in TERMS.items()}


def canonical(iri: str) -> str:
    """Return the IRI of today for one of another time, any other as it is."""
    return next((NAMESPACE + iri.removeprefix(one) for one in OTHERS if iri.startswith(one)), iri)
