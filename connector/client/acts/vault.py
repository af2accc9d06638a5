"""The sealed bytes kept here: what nothing needs is removed, what is damaged fetched again, keys handed out or changed.

What only looks at the files of a data directory (`penstock vault list`) asks no server, and is no act.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.acquisitions import SAID
from connector.client.acts.act import FRESH, TRADERS, Act, Field

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

NEED: Shape = {"id": "text", "kind": "text", "file": "text", "reasons": ["text"], "sealedBytes": "digits"}
REPAIR: Shape = {"running": "truth", "hashed": "number", "mends": ["object"]}
COLLECT, SCRUB = "vault.collect", "vault scrub --repair"


def _leaked(done: Any) -> list[str]:
    return [f"leaked   {each}" for each in done["leaked"]] + [f"sealed anew  {each}" for each in done["products"]]


NAMED: dict[str, Shape] = {
    "agreement": "text", "buyer": "text", "rows": "number", "agreeing": "number", "chance": "text",
}  # fmt: skip


def _traced(found: Any) -> list[str]:
    """Return whose copy a table is, and by what; or that it names nobody."""
    told = [
        f"{one['buyer']} by agreement {one['agreement'][:12]}: {one['agreeing']} of {one['rows']} marked rows agree; "
        f"an accident with a chance of {one['chance']}"
        for one in found["named"]
    ]
    tried = f"{found['rows']} rows looked at, {found['tried']} agreements tried"
    return [*told, tried] if told else [f"it names nobody: {tried}"]


def repaired(view: Any) -> list[str]:
    """Return what a person reads of a repair."""
    told = [f"{mend['kind']}  {mend['id'][:16]}  {mend['state']} {mend['reason']}".rstrip() for mend in view["mends"]]
    return told or ["nothing is damaged"]


def exported(done: Any) -> list[str]:
    """Return what a person reads of keys that were handed out."""
    return [f"opening {done['number']}: the keys of {done['bytes']} bytes are in {done['file']}"]


ACTS = (
    Act(
        "garbage list",
        "GET vault/garbage",
        help="Say of everything that is kept what speaks for it; what nothing needs would be removed.",
        says=("Show what of the vault nothing needs.", "显示保管库中不再需要的内容。"),
        answer={"found": [NEED]},
        example={},
        handler=COLLECT,
        roles=TRADERS,
        verb=None,
    ),
    Act(
        "garbage collect",
        "POST vault/garbage",
        help="Remove the editions, replicas and files that no agreement, transfer, channel, dispute or edition needs.",
        says=("Remove what of the vault nothing needs.", "清除保管库中不再需要的内容。"),
        answer={"found": [NEED]},
        example={},
        handler=COLLECT,
        roles=TRADERS,
        verb=None,
    ),
    Act(
        "repair show",
        "GET vault/repairs",
        help="Say how far the repair of damaged pieces is.",
        says=("Show how far the repair is.", "显示修复进度。"),
        answer=REPAIR,
        example={},
        does="mending.view",
        roles=TRADERS,
        verb=SCRUB,
        lines=repaired,
    ),
    Act(
        "repair begin",
        "POST vault/repairs",
        help="Hash all sealed bytes again, and fetch damaged pieces again from whoever holds them.",
        says=("Hash all sealed bytes again and repair them.", "重新校验并修复全部密封数据。"),
        answer=REPAIR,
        example={},
        does="mending.begin",
        roles=TRADERS,
        verb=SCRUB,
        lines=repaired,
    ),
    Act(
        "vault rekey",
        "POST vault/rekey",
        help="Draw a fresh key-encryption key and wrap all keys of the vault under it; "
        "the old one opens nothing afterwards.",
        says=("Wrap all keys of the vault under a fresh key.", "以新的密钥加密密钥重新封装全部密钥。"),
        answer={"keys": "number"},
        example={},
        handler="vault.rekey",
        roles=TRADERS,
        lines=lambda done: [f"{done['keys']} keys are wrapped under a fresh key-encryption key"],
    ),
    Act(
        "vault leak",
        "POST vault/leaks",
        help="Say that keys of an edition may be known: it is sold no more, and sealed anew with fresh keys.",
        says=("Keys of the edition {edition} may be known: {why}", "版本 {edition} 的密钥可能已泄露:{why}"),
        answer={"edition": "text", "leaked": ["text"], "products": ["text"]},
        example={"edition": "5b1f0c", "why": "a laptop with the key folder was stolen"},
        fields=(
            Field("edition", ("Edition", "版本"), "the id of an edition of ours", of="edition"),
            Field("why", ("Why", "原因"), "what makes you think so; it goes into the log", "--why"),
        ),
        does="leaking.leak",
        roles="provider",
        rehearse=True,
        lines=_leaked,
    ),
    Act(
        "vault trace",
        "POST vault/traces",
        help="Say by its watermark whose plain copy of a product a found table is, and how likely that is an accident.",
        says=("Say whose copy of {product} the table {file} is.", "依据水印判断表 {file} 出自 {product} 的哪份副本。"),
        answer={"product": "text", "rows": "number", "tried": "number", "named": [NAMED], "next": [NAMED]},
        example={"file": "/srv/found.csv", "product": "tides"},
        fields=(
            Field("file", ("File", "文件"), "a CSV or Parquet file on the server's machine"),
            Field("product", ("Product", "产品"), "the product that it may be of", "--product", of="product"),
        ),
        does="watermarks.trace",
        roles="provider",
        form=False,
        lines=_traced,
    ),
    Act(
        "vault export-keys",
        "POST vault/key-exports",
        help="Hand out the keys of a kept replica, for a program of your own: decided and counted as an opening, "
        "and logged.",
        says=("Hand out the keys of {acquisition} for {purpose}.", "导出 {acquisition} 的密钥,用途:{purpose}。"),
        answer={
            "id": "text", "acquisition": "text", "purpose": "text", "number": "number", "bytes": "number",
            "file": "text", "warning": "text",
        },
        example={"acquisition": "ID", "purpose": "Research", "to": "keys.json"},
        fields=(
            Field("acquisition", ("Acquisition", "获取编号"), "the id that `get` printed", of="acquisition"),
            Field("purpose", ("Purpose", "用途"), "what for, a term of the purpose scheme", "--purpose"),
            SAID,
            Field("to", ("New file", "新文件"), "the new file, for you alone", "--to"),
            Field("id", ("Id", "编号"), "id of the export; repeat it to ask again", "--id", default=FRESH),
        ),
        handler="vault.export_keys",
        roles="buyer",
        makes=True,
        rehearse=True,
        form=False,
        lines=exported,
    ),
)  # fmt: skip
