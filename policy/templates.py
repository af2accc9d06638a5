# ruff: noqa: RUF001 (Chinese is written with full-width marks)
"""Rules that are asked for again and again, each a row: what it says, what is filled in, and whose list it is from.

Law: what templates make is a policy like any other: it is parsed before it is given out, and says nothing that its rows
do not. Several fill one permission together: all of them hold. A row without a piece is on somebody's list and is said
another way here; it says which.

    IDS      the classes of the International Data Spaces Association, by their number
    TC609    the strategies that a platform offers at least (TC609-6-2025-01, 5.2.2.5), by their place in that list
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from policy.errors import PolicyError
from policy.offer import ONWARD
from policy.parse import parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VALUES_MAX = 256  # of one parameter, as many as a list of a policy has
USE: Final = "use"


@dataclass(frozen=True, slots=True)
class Parameter:
    """What is filled in: its words, an example, and whether it may be several."""

    name: str
    en: str
    zh: str
    example: str
    several: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """One row; `limits` are (left operand, operator, parameter, unit), `duties` (action, …), `forbids` actions.

    `instead` says how what has no piece here is said: (English, 中文).
    """

    name: str
    lists: tuple[str, ...]
    en: str
    zh: str
    parameters: tuple[Parameter, ...] = ()
    limits: tuple[tuple[str, str, str, str], ...] = ()
    duties: tuple[Mapping[str, str], ...] = ()
    forbids: tuple[str, ...] = ()
    actions: str = ""  # the parameter that names the actions, in place of any use
    instead: tuple[str, str] = ("", "")


def _limit(left: str, operator: str, parameter: Parameter, unit: str = "") -> dict[str, Any]:
    return {"parameters": (parameter,), "limits": ((left, operator, parameter.name, unit),)}


def _elsewhere(en: str, zh: str) -> dict[str, Any]:
    return {"instead": (en, zh)}


_WHOM = Parameter("informed", "who is told, a DID", "被告知方的 DID", "did:web:provider.example")
_ROWS = (
    Template("buyers", ("IDS 1", "TC609 4", "TC609 8"), "only these buyers", "仅限这些使用方", **_limit(
        "recipient", "isAnyOf", Parameter("buyers", "their DIDs", "其 DID", "did:web:buyer.example", several=True)
    )),
    Template("connectors", ("IDS 2", "TC609 2", "TC609 3"), "only in these connectors", "仅限这些连接器", **_limit(
        "connector", "isAnyOf", Parameter("connectors", "their DIDs", "其 DID", "did:web:buyer.example", several=True)
    )),
    Template("application", ("IDS 3",), "only in these applications, by the user's word",
        "仅限这些应用（用户自述）", **_limit(
        "application", "isAnyOf",
        Parameter("applications", "their names", "应用名称", "urn:app:dashboard", several=True))),
    Template("role", ("IDS 4",), "only for these roles, by the buyer's word", "仅限这些角色（使用方自述）", **_limit(
        "role", "isAnyOf", Parameter("roles", "of accounts: owner, buyer …", "账户角色", "owner", several=True))),
    Template("region", ("IDS 5", "IDS 22", "TC609 9"), "only in a region", "仅限某地域", **_limit(
        "spatial", "isPartOf", Parameter("region", "ISO 3166", "ISO 3166 代码", "CN"))),
    Template("purpose", ("IDS 6",), "only for a purpose", "仅限某用途", **_limit(
        "purpose", "isA", Parameter("purpose", "a term: penstock purposes", "用途词条", "Research"))),
    Template("after-event", ("IDS 7",), "only after something has happened", "仅在某事发生之后", **_limit(
        "event", "gt", Parameter("event", "an action that was done", "已完成的动作", "read"))),
    Template("security-level", ("IDS 8",), "only in connectors of a level", "仅限某安全级别的连接器",
        **_elsewhere("nobody here certifies levels: name the connectors", "此处无人认证级别：请指明连接器")),
    Template("until", ("IDS 9",), "until an instant", "截至某时刻", **_limit(
        "dateTime", "lteq", Parameter("until", "with its time zone", "含时区", "2030-12-31T23:59:59Z"))),
    Template("from", ("IDS 9",), "from an instant on", "自某时刻起", **_limit(
        "dateTime", "gteq", Parameter("from", "with its time zone", "含时区", "2027-01-01T00:00:00Z"))),
    Template("hours", (), "only at certain days and hours", "仅限特定日期与时段", **_limit(
        "timeWindow", "eq",
        Parameter("hours", "days, hours and zone", "日期、时段与时区", "Mo-Fr 09:00-17:00 Asia/Shanghai"))),
    Template("duration", ("IDS 10", "TC609 7"), "for so long from the first use on", "自首次使用起的时长", **_limit(
        "elapsedTime", "lteq", Parameter("duration", "ISO 8601", "ISO 8601 时长", "P30D"))),
    Template("uses", ("IDS 11", "TC609 6"), "at most so many times", "次数上限", **_limit(
        "count", "lteq", Parameter("times", "a number", "次数", "5"))),
    Template("rate", (), "at most so often", "频率上限", **_limit(
        "frequency", "lteq", Parameter("rate", "times in a span", "单位时间内的次数", "10/PT1H"))),
    Template("wait", (), "a time between two uses", "两次使用的间隔", **_limit(
        "timeInterval", "gteq", Parameter("wait", "ISO 8601", "ISO 8601 时长", "PT1H"))),
    Template("metered", (), "for so long of open sessions in all", "累计使用时长上限", **_limit(
        "meteredTime", "lteq", Parameter("metered", "ISO 8601", "ISO 8601 时长", "PT10H"))),
    Template("size", (), "at most so many bytes in all", "累计字节上限", **_limit(
        "absoluteSize", "lteq", Parameter("bytes", "a number", "字节数", "1000000000"), "byte")),
    Template("delete", ("IDS 12", "TC609 11"), "to be deleted after so long", "限期销毁", duties=(
        {"action": "delete", "leftOperand": "delayPeriod", "parameter": "after"},),
        parameters=(Parameter("after", "ISO 8601", "ISO 8601 时长", "P7D"),)),
    Template("modify-in-transit", ("IDS 13",), "changed before it is delivered", "交付前变换",
        **_elsewhere("change it before it is published", "请在发布前变换")),
    Template("modify-at-rest", ("IDS 14",), "changed where it lies", "静态变换",
        **_elsewhere("what is sealed does not change: publish an edition", "密封后不再改变：请发布新版本")),
    Template("log", ("IDS 15",), "each use is told as a record", "每次使用上报日志", (_WHOM,), duties=(
        {"action": "logRecordSend", "informedParty": "informed"},)),
    Template("inform", ("IDS 16", "TC609 10"), "somebody is told of each use", "每次使用通知", (_WHOM,), duties=(
        {"action": "inform", "informedParty": "informed"},)),
    Template("next-policy", ("IDS 17",), "passed on under the same rules alone", "转让须附同样规则",
        **_elsewhere("a sub-licence never allows more than what it stands under: sell with `--onward`",
                     "子许可不得超出上级许可：发布时使用 --onward")),
    Template("not-passed-on", (), "not to be passed on", "不得转让", forbids=ONWARD),
    Template("sealed", ("IDS 18",), "only as sealed data", "仅限密封数据", limits=(
        ("encryptMode", "eq", "=ciphertext", ""),)),
    Template("environment", (), "only in such an environment", "仅限某使用环境", **_limit(
        "executionEnv", "isAnyOf",
        Parameter("environments", "usageControl, sandbox, tee …", "使用环境", "usageControl", several=True))),
    Template("sale", ("IDS 19",), "paid once", "一次性付费",
        **_elsewhere("the price says it: --unit flat", "由价格表示：--unit flat")),
    Template("rental", ("IDS 20",), "paid anew in each period", "按期付费",
        **_elsewhere("the price says it: --every", "由价格表示：--every")),
    Template("environment-state", ("IDS 21",), "only in a state, by the user's word",
        "仅在某状态下（用户自述）", **_limit(
        "environmentState", "eq", Parameter("state", "its name", "状态名称", "emergency"))),
    Template("consent", ("IDS 23",), "only with the subjects' consent", "须经数据主体同意",
        **_elsewhere("an agreement whose consent is withdrawn is revoked", "撤回同意后撤销协议")),
    Template("data-class", ("IDS 24",), "only while the product has a class or grade",
        "仅限某类别或级别的数据", **_limit(
        "dataClass", "isAnyOf", Parameter("classes", "such as grade-2", "如 grade-2", "grade-2", several=True))),
    Template("joint", ("IDS 25",), "only made anonymous together", "仅限联合匿名化",
        **_elsewhere("nobody here computes jointly yet", "暂不支持联合计算")),
    Template("content", ("TC609 1",), "only some of the content", "仅限部分内容",
        **_elsewhere("license columns: --columns, or publish the part", "按列许可：--columns，或单独发布")),
    Template("operations", ("TC609 5",), "only these acts", "仅限这些操作", (
        Parameter("actions", "actions of docs/policy.md", "操作", "reproduce", several=True),), actions="actions"),
)  # fmt: skip
TEMPLATES: Final[Mapping[str, Template]] = {row.name: row for row in _ROWS}


def fill(names: Sequence[str], values: Mapping[str, str]) -> dict[str, Any]:
    """Return one policy of these templates, rules alone; several values of one parameter stand between commas.

    Raises PolicyError for a template or parameter that is unknown or lacks, and for a value that cannot be read.
    """
    rows = [_usable(name) for name in dict.fromkeys(names)]
    wanted = {one.name: one for row in rows for one in row.parameters}
    if odd := sorted(set(values) - set(wanted)):
        raise PolicyError(
            "unknown-term", "", f"no `{odd[0][:100]}` is filled in", f"one of {', '.join(wanted) or 'none'}"
        )
    if lacks := [name for name in wanted if not values.get(name)]:
        raise PolicyError("missing", "", f"`{lacks[0]}` is not said", f"--set {lacks[0]}={wanted[lacks[0]].example}")
    told = {name: _values(wanted[name], text) for name, text in values.items()}
    actions = [one for row in rows if row.actions for one in told[row.actions]] or [USE]
    permission: dict[str, Any] = {"action": actions[0] if len(actions) == 1 else actions}
    if limits := [_constraint(limit, told) for row in rows for limit in row.limits]:
        permission["constraint"] = limits
    if duties := [_duty(duty, told) for row in rows for duty in row.duties]:
        permission["duty"] = duties
    rules: dict[str, Any] = {"permission": [permission]}
    if forbidden := [action for row in rows for action in row.forbids]:
        # without it ODRL voids a policy in which a permission to use meets a prohibition to pass on
        rules |= {"conflict": "prohibit", "prohibition": [{"action": action} for action in forbidden]}
    parse({"@type": "Offer", **rules})
    return rules


def named(name: str) -> Template:
    """Return a template; raises PolicyError."""
    row = TEMPLATES.get(name)
    if row is None:
        raise PolicyError("unknown-term", "", f"there is no template `{name[:100]}`", "penstock policy template list")
    return row


def _usable(name: str) -> Template:
    row = named(name)
    if row.instead[0]:
        raise PolicyError("unsupported", "", f"`{name}` is no rule here", row.instead[0])
    return row


def _values(parameter: Parameter, text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",")] if parameter.several else [text.strip()]
    if not all(parts) or len(parts) > VALUES_MAX:
        raise PolicyError(
            "bad-value", "", f"`{parameter.name}` is {parameter.en}, not `{text[:100]}`", parameter.example
        )
    return parts


def _constraint(limit: tuple[str, str, str, str], told: Mapping[str, list[str]]) -> dict[str, Any]:
    left, operator, name, unit = limit
    values = [name[1:]] if name.startswith("=") else told[name]
    right = values if operator in {"isAnyOf", "isNoneOf"} else values[0]
    return {"leftOperand": left, "operator": operator, "rightOperand": right} | ({"unit": unit} if unit else {})


def _duty(duty: Mapping[str, str], told: Mapping[str, list[str]]) -> dict[str, Any]:
    if "informedParty" in duty:
        return {"action": duty["action"], "informedParty": told[duty["informedParty"]][0]}
    term = {"leftOperand": duty["leftOperand"], "operator": "lteq", "rightOperand": told[duty["parameter"]][0]}
    return {"action": duty["action"], "constraint": [term]}
