"""What the pages of contracts of the national interfaces (数字合约) say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "contracts.title": ("Contracts of the national interfaces", "数字合约"),
    "contracts.empty": (
        "Contracts that were negotiated over the national interfaces stand here. None yet; it begins with:",
        "经国家数据基础设施接口协商的数字合约列于此处。尚无合约。发起命令:",
    ),
    "digital-contract.title": ("Contract: {name}", "数字合约:{name}"),
    "digital-contract.status": ("(status {code})", "(状态码 {code})"),
    "digital-contract.mode": ("Signed", "签署方式"),
    "digital-contract.begins": ("From", "生效时间"),
    "digital-contract.by": ("the agreement by which it is", "据以交付的合约"),
    "digital-contract.instruction": ("Control instruction", "控制指令"),
    "digital-contract.uninstructed": ("not issued here yet", "尚未下发"),
    "digital-contract.amends": ("In place of", "变更自"),
    "digital-contract.superseded": ("Followed by", "变更为"),
    "digital-contract.services": ("Who serves in it, and gets which part", "服务方与分成"),
    "digital-contract.versions": ("Versions", "版本"),
    "digital-contract.empty": ("Nothing was proposed yet.", "尚未提出任何版本。"),
    "digital-contract.changed": ("What version {number} changed", "第 {number} 版的变更"),
    "digital-contract.end": ("End this contract", "终止合约"),
    "column.contractId": ("Contract", "合约编码"),
    "column.delivered": ("Delivered", "交付方式"),
    "state.drafted": ("drafted", "草拟"),
    "state.half-signed": ("signed by one side", "一方已签署"),
    "state.disputed": ("disputed", "争议中"),
    "state.plain": ("as it is", "明文交付"),
    "state.pieces": ("in sealed pieces, metered", "密封分片、按量计费交付"),
    "mode.01": ("from party to party", "点对点签署"),
    "mode.02": ("through a platform", "经平台签署"),
    "feedback.allowed": ("the use is allowed", "使用:允许"),
    "feedback.denied": ("the use is denied", "使用:拒绝"),
    "feedback.conditional": ("the use is allowed after its duties", "使用:履行义务后允许"),
}
