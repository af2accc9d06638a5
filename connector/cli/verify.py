"""`penstock verify`: disputes, proofs, receipts, agreements and licences, with no secret and no network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.options import AsJson, Document, file_option
from connector.cli.speak import answer, finish

if TYPE_CHECKING:
    from connector.regulator.verifying import Finding

DeploymentFile = Annotated[Path | None, file_option("--deployment", "deployment or space document; not for proofs")]
PolicyFile = Annotated[Path | None, file_option("--log-policy", "C2SP tlog-policy; for proofs")]
EntryFile = Annotated[Path | None, file_option("--entry", "the log entry; for a bare tlog-proof")]
BlockHash = Annotated[str | None, typer.Option("--block", help="hash of a block that you trust; for licences")]
DISMISSED = 6  # exit code: verification failed


async def look(
    document: Path, deployment: Path | None, log_policy: Path | None, entry: Path | None, block: str | None = None
) -> Finding:
    """Verify one document with the files beside it."""
    from connector.regulator import verifying  # noqa: PLC0415  # loaded when the verb runs

    return verifying.verify(document, verifying.Aids(deployment, log_policy, entry, block))


def verify(
    document: Document,
    deployment: DeploymentFile = None,
    log_policy: PolicyFile = None,
    entry: EntryFile = None,
    block: BlockHash = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Verify a dispute (who is at fault), a proof, a receipt, an agreement or a licence.

    Nothing is asked of any network. A dispute is a bundle, or two messages that contradict each other.

    For example: penstock verify bundle.json --deployment deployment.json
    """
    found = finish(look(document, deployment, log_policy, entry, block), as_json=as_json)
    answer(dict(found.document), found.lines, as_json=as_json)
    if not found.holds:
        raise typer.Exit(DISMISSED)
