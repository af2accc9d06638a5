"""`penstock policy check`, `compare` and `diff`: policies looked at together; no server, no state."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli import policy as alone
from connector.cli import policy_template
from connector.cli.options import AsJson, Language, file_argument
from connector.cli.policy import read_policy
from connector.cli.speak import answer, finish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.compare.findings import Finding
    from policy.model import Policy

# A policy with an error in it is as one that cannot be read (connector.runtime.fault_table.EXIT_CODES).
NOT_SOUND = 2

app = alone.app
app.add_typer(policy_template.app, name="template")

Documents = Annotated[list[Path], file_argument("FILE...", "the files to read")]
First = Annotated[Path, file_argument("A", "the first policy")]
Second = Annotated[Path, file_argument("B", "the second policy")]
Told = Annotated[
    list[str] | None,
    typer.Option("--member", metavar="MEMBER=COLLECTION", help="a party or asset that is in a collection; repeat"),
]
Lang = Annotated[Language, typer.Option(help="the language to say it in")]


@app.command()
def check(
    files: Documents,
    lang: Lang = Language.EN,
    parent: alone.Parents = None,
    member: Told = None,
    profile: alone.Profiles = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong in each policy in FILE... and between them: terms, values, contradictions; errors exit with 2.

    For example: penstock policy check policy.json other.json --member did:web:a.example=urn:group
    """
    part_of = _part_of(member or ())

    async def work() -> tuple[list[Policy], list[Finding], bool]:
        from policy.compare.check import check as checked  # noqa: PLC0415  # loaded when the verb runs
        from policy.compare.check import has_errors  # noqa: PLC0415  # loaded when the verb runs
        from policy.compare.members import Members  # noqa: PLC0415  # the same

        policies = [await read_policy(file, parent or ()) for file in files]
        members = Members(part_of, policies)
        found = [members.shown(one) for one in checked([members.applied(policy) for policy in policies])]
        return policies, found, not has_errors(found)

    policies, findings, sound = finish(alone.said(work(), lang, profile), as_json=as_json)
    summaries = [_summary(file, policy) for file, policy in zip(files, policies, strict=True)]
    said = [_finding(finding, files, lang.value) for finding in findings]
    document = {"valid": sound, "policies": summaries, "findings": said}
    lines = [f"{one['file']}: a valid {one['class']} with {one['rules']} rules" for one in summaries]
    answer(document, [*lines, *(line for finding in said for line in _lines(finding))], as_json=as_json)
    if not sound:
        raise typer.Exit(NOT_SOUND)


@app.command()
def compare(
    a: First, b: Second, lang: Lang = Language.EN, profile: alone.Profiles = None, *, as_json: AsJson = False
) -> None:
    """Say whether all that A allows B allows too, the other way, both or neither, with a request that shows it.

    For example: penstock policy compare offer.json template.json
    """

    async def work() -> tuple[dict[str, object], list[str]]:
        from policy.compare.compare import compare as compared  # noqa: PLC0415  # loaded when the verb runs
        from policy.words.contrast import relation  # noqa: PLC0415  # loaded when the verb runs

        found = compared(await read_policy(a), await read_policy(b))
        return found.as_json(), [found.relation.value, *relation(found, lang.value)]

    document, lines = finish(alone.said(work(), lang, profile), as_json=as_json)
    answer(document, lines, as_json=as_json)


@app.command()
def diff(
    a: First, b: Second, lang: Lang = Language.EN, profile: alone.Profiles = None, *, as_json: AsJson = False
) -> None:
    """Say in words, rule by rule, how B differs from A.

    For example: penstock policy diff old.json new.json --lang zh
    """

    async def work() -> tuple[list[dict[str, object]], list[str]]:
        from policy.compare.diff import diff as differ  # noqa: PLC0415  # loaded when the verb runs
        from policy.words.contrast import differences  # noqa: PLC0415  # loaded when the verb runs

        changes = differ(await read_policy(a), await read_policy(b))
        return [change.as_json() for change in changes], differences(changes, lang.value)

    changes, sentences = finish(alone.said(work(), lang, profile), as_json=as_json)
    answer({"lang": lang.value, "changes": changes, "sentences": sentences}, sentences, as_json=as_json)


def _part_of(told: Sequence[str]) -> dict[str, frozenset[str]]:
    """Read memberships, MEMBER=COLLECTION each."""
    read: dict[str, frozenset[str]] = {}
    for text in told:
        member, _, collection = (part.strip() for part in text.partition("="))
        if not member or not collection:
            raise typer.BadParameter(f"`{text[:100]}` is no MEMBER=COLLECTION", param_hint="--member")
        read[member] = read.get(member, frozenset()) | {collection}
    return read


def _summary(file: Path, policy: Policy) -> dict[str, Any]:
    rules = len(policy.permissions) + len(policy.prohibitions) + len(policy.obligations)
    return {"file": file.name, "class": policy.kind.value, "id": policy.id, "rules": rules}


def _finding(finding: Finding, files: Sequence[Path], lang: str) -> dict[str, Any]:
    from policy.words.contrast import finding as say  # noqa: PLC0415  # loaded when the verb runs

    text, hint = say(finding, lang)
    example = None if finding.example is None else finding.example.as_json()
    said = {"level": finding.level.value, "code": finding.code, "file": files[finding.policy].name}
    return {**said, "path": finding.path, "text": text, "hint": hint, "example": example}


def _lines(said: dict[str, Any]) -> list[str]:
    return [f"{said['level']} in {said['file']} at {said['path'] or '/'}: {said['text']}", f"  try: {said['hint']}"]
