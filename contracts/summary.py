"""The words a signer reads: derived from the terms alone, so that every verifier derives the same ones (spec 2).

Law: a summary is a function of the terms and a language; nobody writes one. It says product, tier, price, purpose,
end and openings. What it cannot put in a few words it says is in the terms, it never leaves it out silently.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from contracts import attested as attestations
from contracts import price_words
from contracts.answered import counted
from contracts.errors import ContractError
from contracts.noise import epsilon_text
from contracts.units import MATCH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from contracts.coverage import Coverage
    from contracts.program import Programs
    from contracts.terms import Terms

MAX_NAMED = 8
_ALLOWING = frozenset({"eq", "isA", "isAnyOf", "isPartOf", "isAllOf"})
_EXCLUDING = frozenset({"neq", "isNoneOf"})
# members under which constraints stand, in the order in which they are read
_NESTING = ("constraint", "and", "or", "xone", "andSequence", "@list")
_LESS_BY = MappingProxyType({"lteq": 0, "eq": 0, "lt": 1})

# English and Chinese
_WORDS: Mapping[str, tuple[str, str]] = {
    "line": (
        "{title} · {tier} · price {price} · purpose {purpose} · until {end} · {openings}",
        "{title} · {tier} · 价格 {price} · 用途 {purpose} · 截止 {end} · {openings}",
    ),
    "plain": ("plain copy", "明文副本"),
    "kept": ("sealed, keys kept (counts kept by the holder)", "密封,密钥留存(次数由持有方自行记录)"),
    "leased": ("sealed, keys leased per opening (counted by the key holder)", "密封,密钥按次租用(次数由密钥方记录)"),
    "computed": ("computed at the provider, answers alone leave", "在提供方计算,仅答案离开"),
    "any": ("any", "不限"),
    "not": ("not {what}", "不得用于 {what}"),
    "more": ("{what} and {n} more, see the terms", "{what} 等,另有 {n} 项见条款"),
    "or": (", ", "、"),
    "openings": ("openings at most {n}", "最多打开 {n} 次"),
    "unlimited": ("openings without limit", "打开次数不限"),
    "terms": ("as the terms say", "见条款"),
    "columns": (" · only the columns {names}", " · 仅限列 {names}"),
    "gate": (
        " · about {columns}; a row is of {least} subjects or more",
        " · 可问列 {columns};每行至少含 {least} 个主体",
    ),
    "noise": (
        " · told with noise, ε {epsilon} each and {budget} in all",
        " · 答复加噪,每次 ε {epsilon},合计 {budget}",
    ),
    "choice": (
        " · told with noise, ε from {least} to {most} as the buyer chooses, else {epsilon}, and {budget} in all",
        " · 答复加噪,每次 ε 由使用方在 {least} 至 {most} 间选定,未选为 {epsilon},合计 {budget}",
    ),
    "joint": (
        " · as totals of {quorum} of {providers} providers at least, and nothing of one alone",
        " · 仅给出 {providers} 家提供方中至少 {quorum} 家的合计,不单独答复",
    ),
    "programs": (
        " · one's own programs are run on it, {seconds} seconds each",
        " · 可运行自带程序,每次 {seconds} 秒",
    ),
    "assented": (
        " · and those that {reviewer} assented to are told exactly",
        " · 经 {reviewer} 审查同意的程序精确答复",
    ),
    "alone": (
        " · programs that {reviewer} assented to are run on it and told exactly, {seconds} seconds each",
        " · 可运行经 {reviewer} 审查同意的程序并精确答复,每次 {seconds} 秒",
    ),
    "sketch": (
        " · its rows are related to those of others for the same subjects, by sketches with noise",
        " · 可与他方同一主体的数据作带噪草图关联",
    ),
    "learning": (
        " · labels of {keys} keys of one's own are learned from it, with noise",
        " · 可用 {keys} 个自有键的标签与其行加噪建模",
    ),
    "coverage": (
        " · how much of {keys} keys of one's own it covers, {questions} answers on each at ε {epsilon}",
        " · 可试 {keys} 个自有键的覆盖率,每键 {questions} 项答复,每项 ε {epsilon}",
    ),
    "fresh": (
        ", and how many have in {column} a day at most {days} days before the edition was sealed",
        ",并答复 {column} 在版本封存前 {days} 天内的主体数",
    ),
    "lookup": (
        " · {columns} of subjects that one names, {keys} in all, each asked for among some thousand",
        " · 可匿名查询指定主体的 {columns},共 {keys} 个,每次混于约千个之中",
    ),
    "matched": (", and who of them is there is told first, for nothing", ",并先免费告知其中谁命中"),
    "amends": (" · in place of the agreement {digest}", " · 替代合约 {digest}"),
    "contract": (" · under the contract {digest}", " · 依据数字合约 {digest}"),
    "inherit": (" · what is made out of it stays under these terms", " · 由其衍生的数据仍受本条款约束"),
}
WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {lang: MappingProxyType({name: said[at] for name, said in _WORDS.items()}) for at, lang in enumerate(("en", "zh"))}
)


def summary(terms: Terms, lang: str = "en") -> str:
    """Return the words of the terms in a language; `ContractError` for a language without a table row."""
    if lang not in WORDS:
        raise ContractError("language", f"there are no words in `{lang}`", f"use one of {', '.join(WORDS)}")
    words = WORDS[lang]
    line = words["line"].format(
        title=terms.title,
        tier=words[terms.tier],
        price=price_words.price(terms.tariff, lang),
        purpose=_purposes(terms.policy, words),
        end=terms.not_after.strftime("%Y-%m-%dT%H:%M:%SZ"),
        openings=_openings(terms.policy, words),
    )
    columns = words["columns"].format(names=_few(list(terms.columns), words)) if terms.columns else ""
    amends = words["amends"].format(digest=terms.amends.hex()) if terms.amends else ""
    contract = words["contract"].format(digest=terms.contract.hex()) if terms.contract else ""
    return line + columns + _gate(terms, words, lang) + (words["inherit"] if terms.inherit else "") + amends + contract


def is_summary(text: str, terms: Terms) -> bool:
    """Say whether a text is what the terms say in one of the languages."""
    return any(text == summary(terms, lang) for lang in WORDS)


def _purposes(policy: Mapping[str, Any], words: Mapping[str, str]) -> str:
    found = dict.fromkeys(
        _purpose(constraint, operand, words)
        for constraint in _constraints(policy, "purpose")
        for operand in _operands(constraint)
    )
    names = list(found)
    return _few(names, words) if names else words["any"]


def _programs(programs: Programs, words: Mapping[str, str], *, alone: bool) -> str:
    """Return what is said of a buyer's programs; `alone`: without an assent none is run."""
    said = {"seconds": programs.seconds, "reviewer": programs.reviewer}
    if not programs.reviewer:
        return words["programs"].format(**said)
    return (words["alone"] if alone else words["programs"] + words["assented"]).format(**said)


def _gate(terms: Terms, words: Mapping[str, str], lang: str) -> str:
    if terms.gate is None:
        return ""
    columns = _few(terms.gate.columns, words)
    if (looked := terms.gate.lookup) is not None:
        matched = words["matched"] if counted(terms.tariff) == MATCH else ""
        return words["lookup"].format(columns=columns, keys=looked.keys) + matched
    told = words["gate"].format(columns=columns, least=terms.gate.least)
    if (noise := terms.gate.noise) is not None:
        least, most = noise.choice or (noise.epsilon, noise.epsilon)
        said = {"epsilon": noise.epsilon, "budget": noise.budget, "least": least, "most": most}
        of = words["choice" if noise.choice else "noise"]
        told += of.format(**{name: epsilon_text(one) for name, one in said.items()})
    if (joint := terms.gate.joint) is not None:
        told += words["joint"].format(quorum=joint.quorum, providers=len(joint.members) + 1)
    if (programs := terms.gate.programs) is not None:
        told += _programs(programs, words, alone=terms.gate.noise is None)
    told += words["sketch"] if terms.gate.sketch is not None else ""
    if (learning := terms.gate.learning) is not None:
        told += words["learning"].format(keys=learning.keys)
    if (attested := terms.gate.attested) is not None:
        told += f" · {attestations.said(attested.platform, lang)}"
    if (covers := terms.gate.coverage) is None:
        return told
    return told + _coverage(covers, words)


def _coverage(covers: Coverage, words: Mapping[str, str]) -> str:
    epsilon = epsilon_text(covers.epsilon)
    told = words["coverage"].format(keys=covers.keys, questions=len(covers.questions), epsilon=epsilon)
    if (fresh := covers.fresh) is None:
        return told
    return told + words["fresh"].format(column=fresh.column, days=words["or"].join(map(str, fresh.days)))


def _few(names: Sequence[str], words: Mapping[str, str]) -> str:
    """Return the first names, and how many more there are."""
    shown = words["or"].join(names[:MAX_NAMED])
    hidden = len(names) - MAX_NAMED
    return words["more"].format(what=shown, n=hidden) if hidden > 0 else shown


def _purpose(constraint: Mapping[str, Any], operand: str, words: Mapping[str, str]) -> str:
    name = _local(operand)
    operator = _local(constraint.get("operator", ""))
    if operator in _ALLOWING:
        return name
    return words["not"].format(what=name) if operator in _EXCLUDING else words["terms"]


def _openings(policy: Mapping[str, Any], words: Mapping[str, str]) -> str:
    limits = [_limit(constraint) for constraint in _constraints(policy, "count")]
    if not limits:
        return words["unlimited"]
    if len(set(limits)) > 1 or limits[0] is None:
        return words["terms"]
    return words["openings"].format(n=limits[0])


def _limit(constraint: Mapping[str, Any]) -> int | None:
    less = _LESS_BY.get(_local(constraint.get("operator", "")))
    operands = list(_operands(constraint))
    if less is None or len(operands) != 1 or not (operands[0].isascii() and operands[0].isdecimal()):
        return None
    return int(operands[0]) - less


def _constraints(node: Any, operand: str) -> Iterator[Mapping[str, Any]]:
    """Yield the constraints on one operand that stand on the permissions, under any logical operator."""
    if isinstance(node, dict):
        if "permission" in node:
            yield from _constraints(node["permission"], operand)
        elif _local(node.get("leftOperand", "")) == operand:
            yield node
        else:
            for name in (each for each in _NESTING if each in node):
                yield from _constraints(node[name], operand)
    elif isinstance(node, list):
        for item in node:
            yield from _constraints(item, operand)


def _operands(constraint: Mapping[str, Any]) -> Iterator[str]:
    right = constraint.get("rightOperand")
    for operand in right if isinstance(right, list) else [right]:
        value = operand.get("@value", operand.get("@id")) if isinstance(operand, dict) else operand
        yield str(value)


def _local(name: Any) -> str:
    """Return the last part of a term: `odrl:purpose` and an absolute IRI mean the same here."""
    text = str(name.get("@id", "")) if isinstance(name, dict) else str(name)
    for mark in "#/:":
        text = text.rpartition(mark)[2]
    return text
