"""`penstock verify`: disputes, proofs, receipts, agreements and licences, with no secret and no network."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.contract import in_words
from connector.cli.options import DEFAULT_DATA, AsJson, Data, Development, Document, Language, Trust, file_option
from connector.cli.speak import answer, finish, talk

if TYPE_CHECKING:
    from connector.regulator.verifying import Aids, Finding

DeploymentFile = Annotated[Path | None, file_option("--deployment", "deployment or space document; not for proofs")]
PolicyFile = Annotated[Path | None, file_option("--log-policy", "C2SP tlog-policy; for proofs")]
EntryFile = Annotated[Path | None, file_option("--entry", "the log entry; for a bare tlog-proof")]
BlockHash = Annotated[str | None, typer.Option("--block", help="hash of a block that you trust; for licences")]
Text = Annotated[Language | None, typer.Option(help="tell a contract in words, too, once it is verified")]
CONTRACT = "contract"
DISMISSED = 6  # exit code: verification failed


SpaceUrl = Annotated[str, typer.Option("--space", help="address of the space's exchange, to ask for its document")]


@dataclass(frozen=True)
class Place:
    """Where the space's document is looked for when no file is named: at an address, else in a data folder."""

    data: Path
    url: str = ""
    development: bool = False
    trust: Path | None = None

    def document(self) -> Any:
        """Return it, and say where it is from; None where there is none (blocking)."""
        from connector.cli import space_document  # noqa: PLC0415  # loaded when it is needed

        if not self.url:
            found = space_document.kept(self.data)
        else:
            found = space_document.at(self.url, development=self.development, trust=self.trust)
        if found is None:
            return None
        document, where = found
        about = document.get("deployment", document) if isinstance(document, dict) else {}
        chain = f" (chain {about['chainId']})" if isinstance(about, dict) and "chainId" in about else ""
        talk(f"  by the space's document {where}{chain}")
        return document


async def look(document: Path, aids: Aids, place: Place | None = None) -> Finding:
    """Verify one document with the files beside it, within a space that is looked for when it is needed."""
    from connector.regulator import verifying  # noqa: PLC0415  # loaded when the verb runs

    try:
        return verifying.verify(document, aids)
    except verifying.SpaceNeeded:
        if place is None or (space := place.document()) is None:
            raise
        return verifying.verify(document, replace(aids, space=space))


def verify(
    document: Document,
    deployment: DeploymentFile = None,
    log_policy: PolicyFile = None,
    entry: EntryFile = None,
    block: BlockHash = None,
    space: SpaceUrl = "",
    text: Text = None,
    data: Data = DEFAULT_DATA,
    trust: Trust = None,
    *,
    development: Development = False,
    as_json: AsJson = False,
) -> None:
    """Verify a dispute (who is at fault), a proof, a receipt, an agreement or a licence.

    Nothing is asked of any network, unless --space says where. Without --deployment the space is the one that the
    participant of --data is in, by what its folder keeps. A dispute is a bundle, or two messages that contradict each
    other.

    For example: penstock verify bundle.json --data provider
    """
    from connector.regulator.verifying import Aids  # noqa: PLC0415  # loaded when the verb runs

    if deployment is not None and space:
        raise typer.BadParameter("give --deployment or --space, not both")
    aids, place = Aids(deployment, log_policy, entry, block), Place(data, space, development, trust)
    found = finish(look(document, aids, place), as_json=as_json)
    told, lines = dict(found.document), found.lines
    if text is not None and found.holds:
        if told["kind"] != CONTRACT:
            raise typer.BadParameter(f"there is no text of a {told['kind']}: --text is for a contract")
        told["text"] = in_words(json.loads(document.read_bytes()), text)
        lines = (*lines, "", told["text"])
    answer(told, lines, as_json=as_json)
    if not found.holds:
        raise typer.Exit(DISMISSED)
