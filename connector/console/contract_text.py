"""A digital contract as its parties read it: numbered clauses, made of what both have signed, as Markdown.

Law: (1) the text is a function of the contract and a language: nobody writes one, so whoever has the contract reads the
same. (2) Each clause says what it is made of, and how far it is kept: by technique, watched, or by a promise alone.
(3) Nothing that was signed is left out or cut; what is others' words stands on one line in which no mark counts.

    markdown(contract, lang)   the text, for a file, a page of the console, or a terminal
    offered(view, lang)        the text of what a listing offers, before it is signed
    written(text, lang, form)  the same as the bytes of a file: Markdown, or a page of HTML that needs nothing else
                               (`.html`), or a PDF (`.pdf`)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from markupsafe import escape

from catalog.codes import TIERS
from connector.console.language import LANGUAGES, say, term
from connector.console.markdown import html
from connector.console.quotation import line
from connector.enforcement.keeping import keeping
from connector.enforcement.supply import AFTERWARDS, Kept
from connector.runtime.errors import Absent, InvalidInput
from contracts import address, digital_contract, price_words
from contracts.assent import number as spelt
from contracts.digital_contract import BEIJING
from contracts.errors import ContractError
from contracts.summary import summary
from contracts.terms import MAX_TERMS_BYTES, SALT_BYTES, Terms
from contracts.typed_data import Agreement, digest
from contracts.typed_json import from_json
from policy.errors import PolicyError
from policy.parse import parse
from policy.words.speak import explain, language_of, phrase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from contracts.application import Application
    from contracts.digital_contract import Agreed
    from contracts.gate import Gate
    from contracts.typed_data import Domain
    from policy.model import Condition, Duty, Policy, Rule

# a sentence of a policy, which the limit of terms bounds
CHARACTERS_MAX: Final = 4 * MAX_TERMS_BYTES
PAGES: Final = frozenset({".html", ".htm"})
PDF: Final = ".pdf"
# the member of a coverage that has a clause of its own
FRESH: Final = "fresh"
# a page of paper: nothing is fetched for it
STYLE: Final = (
    "body{font:11pt/1.5 serif;max-width:42em;margin:2em auto;padding:0 1em}li{margin:.4em 0;overflow-wrap:anywhere}"
    "body>ul{list-style:none;padding:0}h2{break-after:avoid}li{break-inside:avoid}code{font-size:.85em}"
)


@dataclass(frozen=True, slots=True)
class _Clause:
    """One clause: its words, the member of what was signed that it is made of, and how far it is kept."""

    words: str
    source: str
    kept: Kept | None = None
    parts: tuple[_Clause, ...] = ()


def markdown(contract: Mapping[str, Any], lang: str) -> str:
    """Return the text of a digital contract; raises ContractError for what is none of ours."""
    agreed, state, domain = digital_contract.read(dict(contract))
    terms, agreement = Terms.from_json(agreed.terms), from_json(Agreement, agreed.agreement)
    policy = parse(digital_contract.rules(terms, agreed.odrl))
    return _Text(terms, policy, lang, _Signed(agreed, agreement, domain)).whole(
        {
            "code": contract["contractId"],
            "agreement": digest(domain, agreement).hex(),
            "state": term(lang, "state", state),
        }
    )


def offered(view: Mapping[str, Any], lang: str) -> str:
    """Return the text of the contract that a listing offers at the asked price, before anybody signs it.

    Raises Absent for a service, for what was found elsewhere, and where the offer makes no contract.
    """
    key = str(view["id"])[:200]
    if "limits" in view or "service" in view:
        raise Absent(f"there is no contract of `{key}`", "a contract is of a data set that is listed here")
    offer, provider = view["offer"], view["provider"]
    try:
        tariff = {**offer["terms"]["tariff"], "minor": offer["ask"]}
        filled = {"policy": offer["policy"], "tariff": tariff, "salt": bytes(SALT_BYTES).hex()}
        terms = Terms.from_json({**offer["terms"], **filled})
        policy = parse(digital_contract.rules(terms, {"target": terms.product, "assigner": provider}, "Offer"))
    except (ContractError, PolicyError, KeyError, TypeError) as fault:
        raise Absent(f"the offer of `{key}` makes no contract: {fault}", "ask its provider") from fault
    return _Text(terms, policy, lang).whole({"state": say(lang, "contract.offered"), "from": provider})


def written(text: str, lang: str, form: str) -> bytes:
    """Return a text of `markdown` as a file whose name ends in `form` has it; raises InvalidInput for no library."""
    if form == PDF:
        try:
            from connector.console.pdf import pdf  # noqa: PLC0415  # an extra, loaded when it is wanted
        except ImportError as fault:
            raise InvalidInput("a PDF needs an extra", "pip install 'penstock[paper]'") from fault
        return pdf(text, lang)
    return (paper(text, lang) if form in PAGES else text).encode()


def paper(text: str, lang: str) -> str:
    """Return a text of `markdown` as a page by itself."""
    title = escape(say(lang, "contract.title"))
    head = (
        f'<!doctype html>\n<html lang="{lang}">\n<meta charset="utf-8">\n<title>{title}</title>\n<style>{STYLE}</style>'
    )
    return f"{head}\n{html(text, below=0)}</html>\n"


@dataclass(frozen=True, slots=True)
class _Signed:
    """What there is once both have signed."""

    agreed: Agreed
    agreement: Agreement
    domain: Domain


class _Text:
    """What the sections are made of; `signed` is None of an offer."""

    def __init__(self, terms: Terms, policy: Policy, lang: str, signed: _Signed | None = None) -> None:
        self.terms, self.policy, self.lang, self.signed = terms, policy, lang, signed

    def whole(self, head: Mapping[str, object]) -> str:
        """Return the text, with what stands at its head."""
        lines = [f"# {self.line(self.terms.title)}", ""]
        lines += [f"- **{self.say(name)}**: {self.line(value)}" for name, value in head.items()]
        for number, (name, section) in enumerate(SECTIONS, 1):
            lines += ["", f"## {number}. {self.say(name)}", ""]
            for at, clause in enumerate(section(self), 1):
                lines.append(f"- **{number}.{at}** {self.shown(clause)}")
                lines += [f"  - {self.shown(part)}" for part in clause.parts]
        return "\n".join([*lines, "", f"*{self.say('form')}*"]) + "\n"

    def say(self, key: str, **values: object) -> str:
        return say(self.lang, "contract." + key, **{name: self.line(value) for name, value in values.items()})

    def line(self, value: object) -> str:
        return line(value, CHARACTERS_MAX)

    def clause(self, key: str, source: str, kept: Kept | None = None, **values: object) -> _Clause:
        return _Clause(self.say(key, **values), source, kept)

    def shown(self, clause: _Clause) -> str:
        kept = "" if clause.kept is None else clause.kept.value[LANGUAGES.index(self.lang)] + " · "
        return f"{clause.words} *({kept}`{clause.source}`)*"

    def money(self, minor: int) -> str:
        return price_words.money(minor, self.terms.tariff.currency, self.lang)

    def phrase(self, node: Rule | Duty | Condition) -> str:
        return self.line(phrase(node, self.lang))


def _parties(text: _Text) -> Iterator[_Clause]:
    if (signed := text.signed) is None:
        yield text.clause("unsigned", "terms")
        yield text.clause("signing", "agreement/summary", summary=summary(text.terms, text.lang))
        return
    roles = (
        ("provider", "assigner", signed.agreement.provider),
        ("buyer", "assignee", signed.agreement.buyer),
    )
    for (key, name, account), signature in zip(roles, signed.agreed.signatures, strict=True):
        told = {"did": signed.agreed.odrl[name], "account": address.show(account), "signature": signature.hex()}
        yield text.clause(key, f"agreement/{key}", Kept.TECHNIQUE, **told)
    yield text.clause("words", "agreement/summary", summary=signed.agreement.summary)


def _data(text: _Text) -> Iterator[_Clause]:
    terms = text.terms
    yield text.clause("product", "terms/title", title=terms.title, product=terms.product)
    yield text.clause("edition", "terms/editionId", Kept.TECHNIQUE, edition=terms.edition_id.hex())
    if terms.columns:
        yield text.clause("columns", "terms/columns", Kept.TECHNIQUE, columns=", ".join(terms.columns))
    else:
        yield text.clause("whole", "terms")
    for operand, said in terms.facts.items():
        told = said if isinstance(said, str) else ", ".join(said)
        words = language_of(text.lang).operands[operand]
        yield text.clause("fact", f"terms/facts/{operand}", Kept.PROMISED, operand=words, said=told)
    if terms.project:
        yield text.clause("project", "terms/project", Kept.TECHNIQUE, project=terms.project.hex())
    if terms.amends:
        yield text.clause("amends", "terms/amends", Kept.TECHNIQUE, amends=terms.amends.hex())
    if terms.contract:
        yield text.clause("contract", "terms/contract", Kept.TECHNIQUE, contract=terms.contract.hex())
    if terms.application is not None:
        name = "application" if terms.application.asks is None else "question"
        yield text.clause(name, "terms/application", Kept.TECHNIQUE, **_program(terms.application))
    if terms.hosted is not None:
        made = terms.hosted
        whose, until = {"host": made.host, "provider": made.provider}, made.json()["until"]
        yield text.clause("hosted", "terms/hosted", Kept.TECHNIQUE, **whose, until=until)


def _program(sold: Application) -> dict[str, str]:
    """Return what a clause says of a program that is sold."""
    lists = {"tells": sold.tells, "takes": sold.takes}
    spans = {
        name: [f"{one} {spelt(least)} … {spelt(most)}" for one, least, most in said] for name, said in lists.items()
    }
    told = {name: ", ".join(said) or "-" for name, said in spans.items()}
    if sold.asks is not None:
        told = {"takes": ", ".join(f"{name} ({kind})" for name, kind in sold.asks) or "-"}
    return {"program": sold.program, "needs": ", ".join(sold.needs), **told}


def _delivery(text: _Text) -> Iterator[_Clause]:
    terms, tier = text.terms, TIERS[text.terms.tier]
    told = {"tier": tier.en if text.lang == "en" else tier.zh}
    yield text.clause("tier." + terms.tier, "terms/tier", AFTERWARDS[terms.tier], **told)
    if terms.lease_seconds:
        yield text.clause("lease", "terms/leaseSeconds", Kept.TECHNIQUE, seconds=terms.lease_seconds)
    if terms.gate is not None:
        yield from _gate(text, terms.gate)


def _gate(text: _Text, gate: Gate) -> Iterator[_Clause]:
    told = {"columns": ", ".join(gate.columns), "least": gate.least, "share": gate.share, "digits": gate.digits}
    yield text.clause("gate", "terms/gate", Kept.TECHNIQUE, **told)
    for name, said in gate.json().items():
        if isinstance(said, dict):
            values = ", ".join(f"{key} {value}" for key, value in said.items() if key != FRESH)
            label = {} if gate.attested is None else {"label": gate.attested.label(text.lang)}
            yield text.clause("gate." + name, f"terms/gate/{name}", Kept.TECHNIQUE, values=values, **label)
    if gate.coverage is not None and (fresh := gate.coverage.fresh) is not None:
        told = {"column": fresh.column, "days": ", ".join(map(str, fresh.days))}
        yield text.clause("gate.fresh", f"terms/gate/coverage/{FRESH}", Kept.TECHNIQUE, **told)
    if gate.reviewer is not None:
        source = "terms/gate/programs/reviewer"
        yield text.clause("gate.reviewer", source, Kept.TECHNIQUE, reviewer=gate.reviewer)


def _rights(text: _Text) -> Iterator[_Clause]:
    tier, kept = AFTERWARDS[text.terms.tier], list(keeping(text.policy, text.terms.tier))
    for rule in text.policy.permissions:
        parts = [one for one in kept if one.node.path.startswith(rule.path + "/")]
        under = tuple(_Clause(text.phrase(one.node), f"terms/policy{one.node.path}", one.kept) for one in parts)
        yield _Clause(text.phrase(rule), f"terms/policy{rule.path}", None if under else tier, under)
    for one in kept:
        if not any(one.node.path.startswith(rule.path + "/") for rule in text.policy.permissions):
            yield _Clause(text.phrase(one.node), f"terms/policy{one.node.path}", one.kept)
    rules = text.policy.permissions + text.policy.prohibitions + text.policy.obligations
    for sentence in explain(text.policy, text.lang)[1 + len(rules) :]:  # what holds besides its rules
        yield _Clause(text.line(sentence), "terms/policy", tier)


def _made(text: _Text) -> Iterator[_Clause]:
    if text.terms.inherit:
        yield text.clause("inherited", "terms/inherit", Kept.WATCHED)
    else:
        yield text.clause("owned", "terms")
    if text.terms.parent:
        yield text.clause("parent", "terms/parent", Kept.TECHNIQUE, parent=text.terms.parent.hex())


def _price(text: _Text) -> Iterator[_Clause]:
    terms = text.terms
    yield text.clause("price", "terms/tariff", Kept.TECHNIQUE, price=price_words.price(terms.tariff, text.lang))
    if text.signed is not None:
        cap = text.money(text.signed.agreement.price_cap)
        yield text.clause("cap", "agreement/priceCap", Kept.TECHNIQUE, cap=cap)
    told = {"bytes": terms.max_unpaid_bytes, "amount": text.money(terms.max_exposure)}
    yield text.clause("unpaid", "terms/maxExposure", Kept.TECHNIQUE, **told)
    for at, (payee, bps) in enumerate(terms.split.parts):
        told = {"percent": price_words.percent(bps), "account": address.show(payee)}
        yield text.clause("share", f"terms/split/{at}", Kept.TECHNIQUE, **told)
    told = {"lock": terms.lock_ttl, "margin": terms.claim_margin, "stale": terms.stale_max}
    yield text.clause("claims", "terms/lockTtl", Kept.TECHNIQUE, **told)
    coin = {"token": address.show(terms.token)}
    if text.signed is None:
        yield text.clause("coin", "terms/token", Kept.TECHNIQUE, **coin)
    else:
        chain = text.signed.domain.chain_id
        yield text.clause("token", "terms/token", Kept.TECHNIQUE, **coin, chain=chain)


def _term(text: _Text) -> Iterator[_Clause]:
    end = text.terms.not_after.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
    yield text.clause("until", "terms/notAfter", AFTERWARDS[text.terms.tier], end=end)
    yield text.clause("ending", "agreement", AFTERWARDS[text.terms.tier])


def _disputes(text: _Text) -> Iterator[_Clause]:
    if text.terms.arbitrator == address.NOBODY:
        yield text.clause("unarbitrated", "terms/arbitrator")
    else:
        account = address.show(text.terms.arbitrator)
        yield text.clause("arbitrator", "terms/arbitrator", Kept.TECHNIQUE, account=account)
    yield text.clause("evidence", "agreement", Kept.WATCHED)


SECTIONS: Final[tuple[tuple[str, Callable[[_Text], Iterator[_Clause]]], ...]] = (
    ("parties", _parties),
    ("data", _data),
    ("delivery", _delivery),
    ("rights", _rights),
    ("made", _made),
    ("money", _price),
    ("term", _term),
    ("disputes", _disputes),
)
