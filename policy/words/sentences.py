"""What is said of policies and decisions: a row a sentence, in English and Chinese (simplified)."""
# ruff: noqa: RUF001 -- Chinese sentences are written with Chinese punctuation

from __future__ import annotations

from collections import ChainMap
from typing import TYPE_CHECKING, Any

from policy.model import Conflict, DutyMode, PolicyKind
from policy.vocabulary.registered import LANGUAGES, REGISTERED
from policy.words.language import Language, column
from policy.words.terms import ACTIONS, OPERANDS

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIME = {
    ("dateTime", "eq"): ("the time is exactly {right}", "时间恰为 {right}"),
    ("dateTime", "neq"): ("the time is not {right}", "时间不是 {right}"),
    ("dateTime", "lt"): ("the time is before {right}", "时间早于 {right}"),
    ("dateTime", "lteq"): ("the time is {right} at the latest", "时间不晚于 {right}"),
    ("dateTime", "gt"): ("the time is after {right}", "时间晚于 {right}"),
    ("dateTime", "gteq"): ("the time is {right} at the earliest", "时间不早于 {right}"),
}
_TREES = {
    ("purpose", "eq"): ("the purpose is exactly {right}", "用途恰为{right}"),
    ("purpose", "isA"): ("the purpose is {right} or a kind of it", "用途为{right}或其下位用途"),
    ("purpose", "isAnyOf"): ("the purpose is one of {right} or a kind of it", "用途为下列之一或其下位用途：{right}"),
    ("purpose", "isNoneOf"): (
        "the purpose is none of {right}, nor a kind of it",
        "用途不属于下列任何一项及其下位用途：{right}",
    ),
    ("spatial", "eq"): ("the place is exactly {right}", "地域恰为 {right}"),
    ("spatial", "isPartOf"): ("the place is in {right}", "地域位于 {right} 之内"),
    ("spatial", "isAnyOf"): ("the place is in one of {right}", "地域位于下列之一：{right}"),
    ("spatial", "isNoneOf"): ("the place is in none of {right}", "地域不在下列任何一处：{right}"),
    ("recipient", "eq"): ("the recipient is exactly {right}", "接收方恰为 {right}"),
    ("recipient", "isPartOf"): ("the recipient belongs to {right}", "接收方属于 {right}"),
    ("recipient", "isAnyOf"): ("the recipient is, or belongs to, one of {right}", "接收方为下列之一或其成员：{right}"),
    ("recipient", "isNoneOf"): (
        "the recipient neither is nor belongs to any of {right}",
        "接收方不是下列任何一方及其成员：{right}",
    ),
}
_AMOUNTS = {
    ("count", "lt"): ("it is done fewer than {right} times in all", "总次数少于 {right} 次"),
    ("count", "lteq"): ("it is done at most {right} times in all", "总次数不超过 {right} 次"),
    ("payAmount", "eq"): ("{right} {unit} have been paid", "已支付 {right} {unit}"),
    ("frequency", "lt"): ("it is done less often than {right}", "频率低于 {right}"),
    ("frequency", "lteq"): ("it is done no more often than {right}", "频率不超过 {right}"),
    ("frequency", "eq"): ("it is done no more often than {right}", "频率不超过 {right}"),
    ("unitOfCount", "eq"): ("it is counted for each {right}", "按每个 {right} 计数"),
    ("unitOfCount", "isAnyOf"): ("it is counted for each {right}", "按每个 {right} 计数"),
}
_PERIODS = {
    ("elapsedTime", "lt"): ("less than {right} have passed since the first use", "自首次使用起未满 {right}"),
    ("elapsedTime", "lteq"): ("no more than {right} have passed since the first use", "自首次使用起不超过 {right}"),
    ("elapsedTime", "eq"): ("no more than {right} have passed since the first use", "自首次使用起不超过 {right}"),
    ("elapsedTime", "gt"): ("more than {right} have passed since the first use", "自首次使用起已超过 {right}"),
    ("elapsedTime", "gteq"): ("at least {right} have passed since the first use", "自首次使用起至少 {right}"),
    ("meteredTime", "eq"): ("the time used in all is at most {right}", "累计使用时长不超过 {right}"),
    ("timeInterval", "eq"): ("at least {right} have passed since the last use", "距上次使用至少 {right}"),
    ("timeInterval", "gteq"): ("at least {right} have passed since the last use", "距上次使用至少 {right}"),
    ("delayPeriod", "lt"): ("within less than {right}", "在 {right} 之内（不含）"),
    ("delayPeriod", "lteq"): ("within {right}", "在 {right} 之内"),
    ("delayPeriod", "eq"): ("within {right}", "在 {right} 之内"),
    ("delayPeriod", "gteq"): ("at least {right} later", "至少在 {right} 之后"),
}
_WINDOWS = {
    ("timeWindow", "eq"): ("the time lies in {right}", "时间在 {right} 之内"),
    ("timeWindow", "neq"): ("the time lies outside {right}", "时间在 {right} 之外"),
    ("timeWindow", "isPartOf"): ("the time lies in {right}", "时间在 {right} 之内"),
    ("timeWindow", "isAnyOf"): ("the time lies in one of {right}", "时间在下列之一之内：{right}"),
    ("timeWindow", "isNoneOf"): ("the time lies in none of {right}", "时间不在下列任何一段之内：{right}"),
    ("event", "lt"): ("{right} has not happened yet", "{right} 尚未发生"),
    ("event", "lteq"): ("{right} has not happened yet", "{right} 尚未发生"),
    ("event", "gt"): ("{right} has happened", "{right} 已发生"),
    ("event", "gteq"): ("{right} has happened", "{right} 已发生"),
    ("event", "eq"): ("it is during {right}", "在 {right} 期间"),
}
_MEASURES = {
    "eq": ("the {operand} is {right}{unit}", "{operand}为 {right}{unit}"),
    "neq": ("the {operand} is not {right}{unit}", "{operand}不是 {right}{unit}"),
    "lt": ("the {operand} is below {right}{unit}", "{operand}小于 {right}{unit}"),
    "lteq": ("the {operand} is at most {right}{unit}", "{operand}不超过 {right}{unit}"),
    "gt": ("the {operand} is above {right}{unit}", "{operand}大于 {right}{unit}"),
    "gteq": ("the {operand} is at least {right}{unit}", "{operand}不低于 {right}{unit}"),
    "isAnyOf": ("the {operand} is one of {right}{unit}", "{operand}为下列之一：{right}{unit}"),
    "isNoneOf": ("the {operand} is none of {right}{unit}", "{operand}不是下列任何一个：{right}{unit}"),
}
_PLACES = {
    "eq": ("the {operand} is exactly {right}", "{operand}恰为 {right}"),
    "neq": ("the {operand} is not {right}", "{operand}不是 {right}"),
    "isA": ("the {operand} is {right} or a kind of it", "{operand}为 {right} 或其下位"),
    "isPartOf": ("the {operand} is in {right}", "{operand}属于 {right}"),
    "isAnyOf": ("the {operand} is, or is in, one of {right}", "{operand}为或属于下列之一：{right}"),
    "isNoneOf": ("the {operand} neither is nor is in any of {right}", "{operand}既不是也不属于下列任何一项：{right}"),
    "isAllOf": ("the {operand} is in each of {right}", "{operand}同属下列各项：{right}"),
    "hasPart": ("the {operand} contains {right}", "{operand}包含 {right}"),
}
_DUTIES = {
    "acceptTracking": ("tracking of the use must be accepted", "须接受对使用行为的跟踪"),
    "compensate": ("payment must be made", "须完成支付"),
    "anonymize": ("the data must be anonymised", "须将数据匿名化"),
    "delete": ("the data must be deleted", "须删除数据"),
    "desensitize": ("the data must be masked", "须将数据脱敏"),
    "inform": ("the party named, or the provider, must be informed", "须告知指定方或提供方"),
    "logRecordSend": ("log records of the use must be sent", "须发送使用日志"),
    "nextPolicy": ("others must be given the policy named", "须向他人传递指定策略"),
    "obtainConsent": ("consent must be obtained", "须取得同意"),
    "reviewPolicy": ("the policy must be reviewed", "须审查策略"),
}
_REASONS = {
    "permitted": ("a permission to {action} the data holds", "许可成立：可以{action}数据"),
    "duty-outstanding": ("{duty}{terms} first; then ask again", "{duty}{terms}，完成后请重新请求"),
    "duty-violated": ("a duty was violated: {duty}{terms}", "义务已被违反：{duty}{terms}"),
    "prohibited": ("it is forbidden to {action} the data", "禁止{action}数据"),
    "policy-void": (
        "one rule permits to {action} the data and another forbids it, so the policy is void",
        "同时有规则许可与禁止{action}数据，策略因此无效",
    ),
    "prohibition-possible": (
        "it may be forbidden to {action} the data: what is known does not rule it out",
        "可能禁止{action}数据：已知信息不足以排除",
    ),
    "outside-time": ("required is that {condition}; it is {given}", "要求{condition}；当前为 {given}"),
    "purpose-not-allowed": (
        "required is that {condition}; the purpose given is {given}",
        "要求{condition}；所给用途为{given}",
    ),
    "outside-region": (
        "required is that {condition}; the place given is {given}",
        "要求{condition}；所给地域为 {given}",
    ),
    "recipient-not-allowed": (
        "required is that {condition}; the recipient given is {given}",
        "要求{condition}；所给接收方为 {given}",
    ),
    "environment-not-allowed": (
        "required is that {condition}; the {operand} given is {given}",
        "要求{condition}；所给{operand}为 {given}",
    ),
    "party-not-allowed": ("required is that {condition}; shown was {given}", "要求{condition}；所出示的为 {given}"),
    "data-not-allowed": (
        "required is that {condition}; the {operand} given is {given}",
        "要求{condition}；所给{operand}为 {given}",
    ),
    "manner-not-allowed": (
        "required is that {condition}; the {operand} given is {given}",
        "要求{condition}；所给{operand}为 {given}",
    ),
    "event-not-met": ("required is that {condition}; known is {given}", "要求{condition}；已知为 {given}"),
    "limit-exhausted": (
        "required is that {condition}; taken or paid so far: {given}",
        "要求{condition}；至今已取用或已付：{given}",
    ),
    "time-used-up": ("required is that {condition}; known is {given}", "要求{condition}；已知为 {given}"),
    "too-soon": ("required is that {condition}; known is {given}", "要求{condition}；已知为 {given}"),
    "too-often": ("required is that {condition}; uses so far: {given}", "要求{condition}；至今使用次数：{given}"),
    "count-exhausted": (
        "required is that {condition}; already done or reserved: {given}",
        "要求{condition}；已执行或已预留：{given}",
    ),
    "context-missing": (
        "required is that {condition}; the {operand} was not given",
        "要求{condition}；未给出{operand}",
    ),
    "context-unclear": (
        "required is that {condition}; {given} leaves that open",
        "要求{condition}；凭“{given}”无法判断",
    ),
    "state-unavailable": (
        "required is that {condition}; the counters cannot be read",
        "要求{condition}；计数状态不可用",
    ),
    "no-alternative": (
        "the alternatives allowed are not met as they should be (`{operator}`)",
        "所允许的备选条件未按要求满足（`{operator}`）",
    ),
    "no-permission": ("nothing permits anybody to {action} the data", "没有任何许可允许{action}数据"),
    "other-target": ("no permission is about {target}", "没有许可涉及 {target}"),
    "other-party": ("no permission is for {assignee}", "没有许可授予 {assignee}"),
    "unknown-action": (
        "the action `{asked}` is not known, so nothing permits it",
        "未知操作 `{asked}`，没有许可允许它",
    ),
    "offer-not-decided": ("an offer permits nothing until it is agreed", "要约在达成合约之前不授予任何许可"),
}
# member of `Language` → what it is in both
WORDS: Mapping[str, Any] = {
    "heads": {
        PolicyKind.AGREEMENT: (
            "Agreement {id}: {assigner} grants {assignee} the following on {target}.",
            "合约 {id}：{assigner} 就 {target} 授予 {assignee} 以下权利。",
        ),
        PolicyKind.OFFER: (
            "Offer {id} of {assigner} on {target}; it binds nobody until it is agreed.",
            "{assigner} 就 {target} 发出的要约 {id}；达成合约之前对任何人均无约束力。",
        ),
        PolicyKind.SET: ("Policy {id} on {target}.", "关于 {target} 的策略 {id}。"),
    },
    "anybody": ("anybody", "任何人"),
    "somebody": ("whoever is named below", "下文所列各方"),
    "anything": ("the data", "数据"),
    "anonymous": ("(without a name)", "（未命名）"),
    "permission": ("Permitted: {who} may {action} {target}", "许可：{who} 可以{action} {target}"),
    "prohibition": ("Forbidden: {who} must not {action} {target}", "禁止：{who} 不得{action} {target}"),
    "conflicts": {
        Conflict.PERM: (
            "Where a permission and a prohibition meet, the permission holds.",
            "许可与禁止相冲突时，以许可为准。",
        ),
        Conflict.PROHIBIT: (
            "Where a permission and a prohibition meet, the prohibition holds.",
            "许可与禁止相冲突时，以禁止为准。",
        ),
        Conflict.INVALID: (
            "If a permission and a prohibition meet, this policy is void.",
            "许可与禁止相冲突时，本策略无效。",
        ),
    },
    "provided": (", provided that ", "，条件是："),
    "where": (" when ", "，当："),
    "modes": {
        DutyMode.PRE: (" Before that, {duty}.", "在此之前，{duty}。"),
        DutyMode.ONGOING: (" For as long as that lasts, {duty}.", "在此期间，{duty}。"),
        DutyMode.POST: (" After that, {duty}.", "在此之后，{duty}。"),
    },
    "obligations": {
        DutyMode.PRE: ("Before anything is done under this policy, {duty}.", "在依本策略进行任何操作之前，{duty}。"),
        DutyMode.ONGOING: ("For as long as this policy holds, {duty}.", "在本策略有效期间，{duty}。"),
        DutyMode.POST: ("After anything is done under this policy, {duty}.", "在依本策略进行任何操作之后，{duty}。"),
    },
    "consequence": (" If that is not done in time, {duty}.", "未按时完成的，{duty}。"),
    "remedy": (" Whoever did it anyway: {duty}.", "如仍为之，{duty}。"),
    "joint": ("; and ", "；且"),
    "either": (" or ", "或"),
    "stop": (".", "。"),
    "closing": ("Whatever is not permitted here is refused.", "凡此处未许可的，一律拒绝。"),
    "conditions": _TIME | _TREES | _AMOUNTS | _PERIODS | _WINDOWS,
    "measures": _MEASURES,
    "places": _PLACES,
    "logical": {
        "and": (("({parts})", "; and "), ("（{parts}）", "；且")),
        "or": (("at least one holds: ({parts})", "; or "), ("至少满足一项：（{parts}）", "；或")),
        "xone": (("exactly one holds: ({parts})", "; or "), ("恰好满足一项：（{parts}）", "；或")),
        "andSequence": (("one after the other: ({parts})", "; then "), ("依次满足：（{parts}）", "；然后")),
    },
    "operands": OPERANDS,
    "actions": ACTIONS,
    "duty": ("somebody must {action} the data", "须{action}数据"),
    "duties": _DUTIES,
    "upon": ("{duty} (on {target})", "{duty}（对象：{target}）"),
    "by": (" (so says {assigner})", "（由 {assigner} 规定）"),
    "bound": ("{duty} by {assignee}", "由 {assignee} 履行：{duty}"),
    "terms": (" ({terms})", "（{terms}）"),
    "every": (", anew every {every}", "，每 {every} 一次"),
    "nothing": ("nothing", "无"),
    "listing": (", ", "、"),
    "reasons": _REASONS,
}


def _language(at: int, code: str) -> Language:
    """Return a language's tables; what profiles call their operands is looked up when it is said."""
    told = column(WORDS, at)
    return Language(code, **{**told, "operands": ChainMap(told["operands"], REGISTERED.words[code])})


ENGLISH, CHINESE = (_language(at, code) for at, code in enumerate(LANGUAGES))
