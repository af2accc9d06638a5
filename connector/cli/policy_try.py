"""`penstock policy try`: a policy on a sample request, as a connector would decide it; no server, no state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli import policy_compare, policy_profile
from connector.cli.options import AsJson, Document, Language  # typer reads them when the command is made
from connector.cli.policy import EXIT_CODES, Profiles, said
from connector.cli.speak import answer, finish

if TYPE_CHECKING:
    from pathlib import Path

    from policy.decision import Decision
    from policy.idle import IdleRule

app = policy_compare.app
app.add_typer(policy_profile.app, name="profile")

Words = Annotated[
    list[str] | None,
    typer.Option("--say", metavar="OPERAND=VALUE", help="what else the asker says, such as application=NAME; repeat"),
]


@app.command("try")
def try_(
    file: Document,
    purpose: Annotated[str, typer.Option(help="what for, a term of the purpose scheme")] = "",
    by: Annotated[str, typer.Option("--as", help="who asks, a DID; default: some buyer")] = "",
    region: Annotated[str, typer.Option(help="where the asker is registered, ISO 3166")] = "",
    action: Annotated[str, typer.Option(help="what is asked for")] = "use",
    at: Annotated[str, typer.Option(help="when, RFC 3339 with a time zone; default: now")] = "",
    tier: Annotated[str, typer.Option(help="kept, leased or plain")] = "kept",
    used: Annotated[int, typer.Option(help="uses before this one", min=0)] = 0,
    size: Annotated[int, typer.Option(help="bytes of this use", min=0)] = 0,
    say: Words = None,
    profile: Profiles = None,
    lang: Annotated[Language, typer.Option(help="the language of the reasons")] = Language.EN,
    *,
    as_json: AsJson = False,
) -> None:
    """Say how the policy in FILE decides a sample request, and why: allow 0, conditional 10, deny 3, invalid 2.

    For example: penstock policy try policy.json --purpose Research --region CN-44 --at 2027-01-01T00:00:00Z
    """
    words = dict(map(_pair, say or ()))
    asked = {"by": by, "purpose": purpose, "region": region, "action": action, "tier": tier, "at": at}
    work = said(_tried(file, asked, used, size, words), lang, profile)
    decision, resting, unknown = finish(work, as_json=as_json)

    from policy.words.idle import idle, idle_json  # noqa: PLC0415  # loaded when the verb runs
    from policy.words.speak import reason  # noqa: PLC0415  # loaded when the verb runs

    outcome = decision.outcome.value
    lines = [outcome, *(f"  {reason(one, lang.value)}" for one in decision.reasons)]
    lines += [f"  to do first: {duty.action} ({duty.id})" for duty in decision.outstanding]
    lines += [f"  {idle(rule, lang.value)}" for rule in resting]
    lines += [f"  nobody here can say `{one}`: a product under this policy is refused" for one in unknown]
    told = {"idle": [idle_json(rule, lang.value) for rule in resting], "unknown": unknown}
    answer({**decision.as_json(), **told}, lines, as_json=as_json)
    if EXIT_CODES[outcome]:
        raise typer.Exit(EXIT_CODES[outcome])


async def _tried(
    file: Path, asked: dict[str, str], used: int, size: int, words: dict[str, str]
) -> tuple[Decision, tuple[IdleRule, ...], list[str]]:
    from catalog.codes import tier as tier_of  # noqa: PLC0415  # loaded when the verb runs
    from connector.enforcement.supply import unsupplied  # noqa: PLC0415  # the same
    from connector.enforcement.trial import BUYER, Sample, posed  # noqa: PLC0415  # the same
    from connector.runtime.clock import Clock  # noqa: PLC0415  # the same
    from connector.runtime.documents import read  # noqa: PLC0415  # the same
    from policy.decide import decide  # noqa: PLC0415  # the same
    from policy.forms.document import read as read_form  # noqa: PLC0415  # the same
    from policy.idle import idle_rules  # noqa: PLC0415  # the same
    from policy.parse import parse  # noqa: PLC0415  # the same
    from policy.purposes import resolve  # noqa: PLC0415  # the same
    from policy.values import read_instant  # noqa: PLC0415  # the same
    from policy.vocabulary.names import operand_name  # noqa: PLC0415  # the same
    from policy.vocabulary.registered import written_out  # noqa: PLC0415  # the same

    document = read_form(read(file))
    said = {operand_name(written_out(name)): value for name, value in words.items()}
    sample = Sample(
        at=read_instant(asked["at"], "/at") if asked["at"] else Clock().now(),
        by=asked["by"] or BUYER,
        region=asked["region"],
        action=asked["action"],
        purpose=resolve(asked["purpose"]) if asked["purpose"] else "",
        tier=tier_of(asked["tier"]).key,
        used=used,
        size=size,
        said=said,
    )
    policy = parse(document)
    question = posed(document, sample)
    unknown = sorted({one.operand for one in unsupplied(policy, sample.tier)})
    return decide(*question), idle_rules(*question), unknown


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"`{text[:100]}` is no OPERAND=VALUE", param_hint="--say")
    return name.strip(), value
