"""Publishing from the console by a product file: pasted or taken from a file, read, previewed, and begun.

Law: what a file says is read and refused as `penstock publish --from` does it; which files it may name, and what others
will see of it, is as for the form (`publishable`, `publishing`).
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote as quoted

from catalog import product_file, product_keys, product_template
from connector.api.pages.publishable import offered, there
from connector.api.pages.publishing import FAULTS, previewed
from connector.client.acts import request
from connector.client.acts.areas import named
from connector.console.drafts import Drafts
from connector.console.fields import FILES
from connector.identity.space.view import SpaceView
from connector.provider import brief as briefs
from connector.provider.publication import Publications
from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.api.call import Call
    from contracts.canonical import JsonObject

PAGE = "/publish/file"
TEMPLATE_ID = "my-product"


async def product_draft(call: Call) -> JsonObject:
    """Return the template to fill in or, of a draft, its text with the preview or what is wrong with it."""
    key = call.request.query.get("draft", "")
    files = await there(call)
    until = f"{call.core.clock.now().year + 1}-12-31"
    form, text = call.of(Drafts).find(key) if key else ("toml", product_template.template("toml", until, TEMPLATE_ID))
    told: JsonObject = {
        **await offered(call, files),
        "choice": [Path(path).name for path in files],
        "forms": sorted(set(product_file.FORMS.values())),
        "draft": key,
        "form": form,
        "text": text,
        "title": "",
        "failure": None,
        "preview": None,
        "rows": [],
    }
    if not key:
        return told
    try:
        made = await asyncio.to_thread(_brief, form, text, files)
        currency = call.of(SpaceView).last().currency
        preview = await asyncio.to_thread(previewed, call.core, call.of(Publications), made, files, currency)
    except FAULTS as fault:
        return {**told, "failure": {"text": str(fault), "hint": getattr(fault, "hint", "")}}
    return {**told, "title": made["title"], "tier": made["tier"], "preview": preview, "rows": preview["about"]["rows"]}


async def keep(call: Call, fields: dict[str, str]) -> str:
    """Keep what was pasted; its page shows what would be published."""
    text, form = fields["text"].replace("\r\n", "\n"), fields["kind"]
    if form not in product_file.FORMS.values():
        raise InvalidInput(f"`{form[:40]}` is no form of a product file", "toml, yaml or json")
    if len(text.encode()) > product_file.FILE_BYTES_MAX:
        raise InvalidInput(f"a product file has at most {product_file.FILE_BYTES_MAX} bytes")
    return f"{PAGE}?draft={call.of(Drafts).keep(form, text)}"


async def begin(call: Call, fields: dict[str, str]) -> str:
    """Begin to publish what the preview of a draft showed; the product's page says how far it is."""
    form, text = call.of(Drafts).find(fields["draft"])
    made = await asyncio.to_thread(_brief, form, text, await there(call))
    return "/products/" + quoted(await call.of(Publications).begin(made), safe="")


def _brief(form: str, text: str, there: Mapping[str, int]) -> JsonObject:
    """Return the brief that a product file says; raises InvalidInput, or what of `FAULTS` the reading raises."""
    said = product_keys.said(product_file.read(text.encode(), form))
    told = {"floor": said.get("price"), **said, FILES: [_place(one, there) for one in said.get(FILES, ())]}
    return briefs.check(request.request(named("product_publish"), told)[1])


def _place(name: str, there: Mapping[str, int]) -> str:
    """Return the path of a file on offer that is named by it or by its last part; no other path reaches the disk."""
    found = [path for path in there if name in (path, Path(path).name)]
    if len(found) != 1:
        raise InvalidInput(f"`{name[:200]}` is no file that may be published", "name one of the list")
    return found[0]
