"""The dictionaries of TC609-6-2025-14 as tables: what a contract may say, and what each word is called in ODRL.

A word without a row is refused by name. Rows follow the order of the dictionary. `wire` is the documented spelling and
the only one that is written; the copies that we read have three words that look like slips of the pen, so `also` lists
what else is read. Labels of codes are ours, for people; the official wording is in the official text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

EXPANSION = "expansionItem"


@dataclass(frozen=True, slots=True)
class Term:
    """An action or constraint: its name on the wire, and in ODRL or our profile (words/ says what it means)."""

    wire: str
    odrl: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Code:
    """One code of a list: the digits on the wire, our name for it, labels."""

    code: str
    name: str
    en: str
    zh: str


ACTIONS = (
    Term("transform", "transform"),
    Term("anonymize", "anonymize"),
    Term("desensitize", "desensitize"),
    Term("access", "access"),
    Term("read", "read"),
    Term("reproduce", "reproduce"),
    Term("storage", "storage"),
    Term("download", "download"),
    Term("process", "process"),
    Term("jointDevelop", "jointDevelop"),
    Term("distribute", "distribute"),
    Term("compute", "compute"),
    Term("grantUse", "grantUse"),
    Term("plicyTransmit", "policyTransmit", also=("policyTransmit",)),
    Term("delivery", "delivery"),
    Term("sell", "sell"),
    Term("logRecordSend", "logRecordSend"),
    Term("delete", "delete"),
    Term("alert", "alert"),
    Term("compensate", "compensate"),
)

CONSTRAINTS = (
    Term("time", "dateTime"),
    Term("timeWindow", "timeWindow"),
    Term("region", "spatial"),
    Term("networkAddress", "networkAddress"),
    Term("physicalAddress", "physicalAddress"),
    Term("count", "count"),
    Term("frequency", "frequency"),
    Term("dataSize", "absoluteSize"),
    Term("dateRecord", "dataRecord", also=("dataRecord",)),
    Term("dataField", "dataField"),
    Term("valueExpression", "valueExpression"),
    Term("application", "application"),
    Term("algorithm", "algorithm"),
    Term("machineLearningModels", "machineLearningModel"),
    Term("executionEnv", "executionEnv"),
    Term("encryptMode", "encryptMode"),
    Term("deliveryMethod", "deliveryMethod"),
    Term("payAmount", "payAmount"),
)

OPERATORS = (
    Code("01", "eq", "equal to", "等于"),
    Code("02", "gt", "greater than", "大于"),
    Code("03", "gteq", "at least", "大于等于"),
    Code("04", "hasPart", "has as part", "包含"),
    Code("05", "isA", "is a", "属于某类"),
    Code("06", "isAllOf", "all of", "属于全部"),
    Code("07", "isAnyOf", "any of", "属于任一"),
    Code("08", "isNoneOf", "none of", "不属于任一"),
    Code("09", "isPartOf", "is part of", "是其部分"),
    Code("10", "lt", "less than", "小于"),
    Code("11", "lteq", "at most", "小于等于"),
    Code("12", "neq", "not equal to", "不等于"),
)

EXECUTION_ENVIRONMENTS = (
    Code("01", "usageControl", "usage control", "使用控制"),
    Code("02", "sandbox", "sandbox", "数据沙箱"),
    Code("03", "mpc", "multi-party computation", "多方安全计算"),
    Code("04", "federated", "federated learning", "联邦学习"),
    Code("05", "tee", "trusted execution environment", "可信执行环境"),
    Code("06", "confidential", "computing on ciphertext", "密态计算"),
    Code("07", "other", "other", "其他"),
)
ENCRYPTION_MODES = (
    Code("01", "plaintext", "plaintext", "明文"),
    Code("02", "ciphertext", "ciphertext", "密文"),
    Code("03", "other", "other", "其他"),
)
DELIVERY_METHODS = (
    Code("01", "file", "file", "文件"),
    Code("02", "stream", "stream", "数据流"),
    Code("03", "api", "API", "接口"),
    Code("04", "other", "other", "其他"),
)
# 04 is absent from the dictionary; it is not invented here
CONTRACT_STATUSES = (
    Code("01", "initiated", "initiated", "发起"),
    Code("02", "negotiating", "being negotiated", "协商"),
    Code("03", "signing", "being signed", "签订"),
    Code("0301", "signed", "signed", "签订成功"),
    Code("0302", "unsigned", "signing failed", "签订失败"),
    Code("05", "performing", "being performed", "履行中"),
    Code("06", "terminated", "terminated", "终止"),
)
SIGN_MODES = (
    Code("01", "pointToPoint", "point to point", "点对点"),
    Code("02", "platform", "with the platform", "平台参与"),
)
SIGNATORY_TYPES = (
    Code("01", "provider", "provider", "提供方"),
    Code("02", "consumer", "user", "使用方"),
    Code("03", "service", "service", "服务方"),
    Code("04", "other", "other", "其他"),
)
TERMINATION_TYPES = (
    Code("01", "early", "before its term", "提前终止"),
    Code("02", "expiry", "at its term", "到期终止"),
)

# constraint → the list that its values come from
VALUE_CODES: Mapping[str, tuple[Code, ...]] = {
    "executionEnv": EXECUTION_ENVIRONMENTS,
    "encryptMode": ENCRYPTION_MODES,
    "deliveryMethod": DELIVERY_METHODS,
}
# constraints whose value is a list, also of one
LISTED = frozenset({"dataField"})
# documented key → what else is read in its place
KEY_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "providerNodeId": ("assignerId",),
    "consumerNodeId": ("assigneeId",),
    "erminateType": ("terminateType",),
}


def _read_by(terms: Iterable[Term]) -> dict[str, Term]:
    return {name: term for term in terms for name in (term.wire, *term.also)}


# as a contract may spell them, and by their names in ODRL
ACTION_READ, ACTION_KNOWN = _read_by(ACTIONS), {row.odrl: row for row in ACTIONS}
CONSTRAINT_READ, CONSTRAINT_KNOWN = _read_by(CONSTRAINTS), {row.odrl: row for row in CONSTRAINTS}
OPERATOR_OF = {row.code: row.name for row in OPERATORS}
OPERATOR_CODE = {row.name: row.code for row in OPERATORS}
