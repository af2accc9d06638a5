"""An application over HTTP: sold as a product, found, bought, and run on another product's rows, a use each time.

What is run is what was signed by its digest; whose uses are up, or ended, runs nothing, and nothing is sent.
"""

from __future__ import annotations

import json

import pytest

from connector.client.acts.programs import ran, rehearsed
from connector.compute.program import digest_of
from tests.api.command import commanded, penstock
from tests.api.refusals import refused
from tests.api.space import PURPOSE
from tests.api.test_computing import agreed, jobs, publish
from tests.api.test_console_story import entered
from tests.api.test_reviewed import assent
from tests.api.test_reviewed import gate as reviewed
from tests.api.test_rights import told
from tests.compute import programs

pytestmark = pytest.mark.asyncio(loop_scope="session")

OPEN = {"subject": "firm", "noise": "4", "budget": "40", "rows": "3", "programs": "1"}
ROWS = "select revenue from firms where year >= 2024"
# what a supervisor would find of a use that is not what it should be
ABOUT = (
    "opening",
    "release-not-permitted",
    "release-without-voucher",
    "program",
    "computation",
    "answer",
    "disclosure",
    "privacy",
    "epsilon",
    "decision",
)
SAID = {"needs": "revenue", "tells": "mean:0:1000"}


async def sell(space, product, folder, code=programs.MEAN, said=SAID, name="mean.wat", **more):
    """Publish a program as an application, leased and priced by the opening."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(code)
    given = {"application": said, "openings": 3, "price": 100, **more}
    return await space.publish_files("provider", product, [folder / name], **given)


async def bought(space, product, folder, **more):
    await sell(space, product, folder, **more)
    mandate = {"limit": "1000", "bid": None, "purpose": PURPOSE, "deposit": "2000"}
    await space.doors["buyer"].call("POST", "acquisitions", {"id": product, "product": product, "mandate": mandate})
    return (await space.complete(product))["agreement"]


async def listed(space, product, folder, **more):
    await publish(space, product, folder, **{"gate": OPEN, **more})
    return await agreed(space, product)


async def run(space, what, application, **more):
    body = {"what": what, "statement": ROWS, "application": application, **more}
    return await space.doors["buyer"].call("POST", "programs", body)


def opened(space, role, agreement):
    return [one for one in told(space, role, "opening.started") if one["part"] == agreement]


async def test_an_application_is_found_bought_run_and_each_run_is_a_use(space, tmp_path):
    data = await listed(space, "app-data", tmp_path)
    order = await bought(space, "app-mean", tmp_path)
    found = await space.doors["buyer"].call("GET", "find?q=app&where=kind%3Dapplication")
    assert [one["id"] for one in found["products"]] == ["app-mean"]
    shown = await space.doors["buyer"].call("GET", "offers/app-mean")
    sold = shown["dataset"]["application"]
    assert sold == {
        "program": digest_of(programs.MEAN),
        "needs": ["revenue"],
        "tells": [["mean", "0.0", "1000.0"]],
    }
    assert shown["offer"]["terms"]["application"] == sold
    assert shown["dataset"]["classes"] == {"form": "application"}
    got = await run(space, "app-data", "app-mean", job="one")
    assert got["columns"] == ["answered", "mean"]
    assert 300 < got["rows"][0][1] < 700
    assert got["application"] == {"agreement": order, "opening": 1, "charged": "100"}
    assert "opening 1, charged 1" in "\n".join(ran(got))
    assert await run(space, data, order, job="one") == got, "under its id it is answered once, and opened once"
    [row] = jobs(space, data)
    assert row["statement"].startswith(f"program {sold['program']} ")
    assert len(opened(space, "buyer", order)) == len(opened(space, "provider", order)) == 1
    assert (await run(space, "app-data", "app-mean", job="two"))["application"]["opening"] == 2
    assert (await run(space, "app-data", "app-mean", job="three"))["application"]["opening"] == 3
    status, text = await refused(run(space, "app-data", "app-mean", job="four"))
    assert status == 403, text
    assert len(jobs(space, data)) == 3
    sales = await space.doors["provider"].call("GET", "products/app-mean/orders")
    assert [one["openings"] for one in sales["orders"]] == [3]


async def test_what_no_compute_room_would_run_is_not_published(space, tmp_path):
    """A file that is no program, that exports other things, or too much of it; and what nobody would count."""
    for at, (code, more) in enumerate((
        (b"no program", {}),
        (programs.SHARES, {}),
        (b"(module)", {}),
        (programs.MEAN + b";; " + b"x" * (512 << 10), {}),
        (programs.MEAN, {"said": {"tells": "mean:0:1000"}}),
        (programs.MEAN, {"said": {"needs": "revenue"}}),
        (programs.MEAN, {"said": {"needs": "revenue", "tells": "mean:5:1"}}),
        (programs.MEAN, {"said": {**SAID, "program": "sha-256:" + "0" * 64}}),
        (programs.MEAN, {"tier": "plain", "unit": "free", "price": 0, "openings": None}),
        (programs.MEAN, {"sample": 3}),
    )):  # fmt: skip
        status, text = await refused(sell(space, f"app-none-{at}", tmp_path / str(at), code, **more))
        assert status == 400, (at, text)
        assert (await space.doors["buyer"].call("GET", f"find?q=app-none-{at}"))["products"] == []
    (tmp_path / "0" / "more.wat").write_bytes(programs.MEAN)
    two = [tmp_path / "0" / "mean.wat", tmp_path / "0" / "more.wat"]
    assert (await refused(space.publish_files("provider", "app-none-two", two, application=SAID, openings=3)))[0] == 400


async def test_what_was_not_bought_or_is_no_application_is_not_run(space, tmp_path):
    await listed(space, "app-data-none", tmp_path)
    await sell(space, "app-unbought", tmp_path)
    assert (await refused(run(space, "app-data-none", "app-unbought")))[0] == 404
    assert (await refused(run(space, "app-data-none", "app-nobody-has")))[0] == 404
    assert (await refused(run(space, "app-data-none", "app-data-none")))[0] in (400, 404), "data are no application"
    order = await bought(space, "app-odd", tmp_path, said={**SAID, "takes": "factor:0:10"})
    for more in (
        {"tells": ["mean:0:1"], "parameters": ["1"]},
        {},
        {"parameters": ["11"]},
        {"parameters": ["1", "2"]},
        {"parameters": ["1"], "file": str(tmp_path / "mean.wat")},
        {"parameters": ["1"], "engine": "any"},
        {"parameters": ["1"], "blocks": 5},
        {"parameters": ["1"], "assent": str(tmp_path / "none.json")},
        {"parameters": ["1"], "purpose": "Nonsense"},
        {"parameters": ["1"], "statement": ""},
    ):
        status, text = await refused(run(space, "app-data-none", order, **more))
        assert status in (400, 404), (more, text)
    asked = ("run", "app-data-none", ROWS, "--application", order, "--parameter", "1", "--dry-run")
    foretold = await penstock(space, "buyer", *asked)
    assert foretold["steps"][0]["what"] == "an opening of the application: 1.00 CNY per opening", foretold
    assert not opened(space, "provider", order), "what is refused before it is opened is no use"
    got = await run(space, "app-data-none", order, parameters=["1"])
    assert got["application"]["opening"] == 1


async def test_a_kept_one_is_counted_here_and_ends_with_its_agreement(space, tmp_path):
    data = await listed(space, "app-data-kept", tmp_path)
    order = await bought(space, "app-kept", tmp_path, openings=2, tier="kept", unit="MiB")
    assert (await run(space, data, order))["application"] == {"agreement": order, "opening": 1, "charged": "0"}
    sales = await space.doors["provider"].call("GET", "products/app-kept/orders")
    assert [one["openings"] for one in sales["orders"]] == [None], "its developer counts none of them"
    other = await refused(run(space, data, order, purpose="Marketing"))
    assert other[0] == 403, "its own policy decides"
    assert (await run(space, data, order))["application"]["opening"] == 2
    status, text = await refused(run(space, data, order, job="third"))
    assert (status, len(jobs(space, data))) == (403, 2), text
    assert len(opened(space, "buyer", order)) == 2
    ended = await bought(space, "app-ended", tmp_path, tier="kept", unit="MiB")
    await space.doors["buyer"].call("POST", f"agreements/{ended}/revoke", {"reason": "enough of it"})
    assert (await refused(run(space, data, ended)))[0] == 403
    assert not opened(space, "buyer", ended)


async def test_what_is_run_and_not_answered_is_opened_once_while_its_buyer_runs(space, tmp_path):
    """A provider that is away: asked again under its id the program is the one that is here; after a restart, a use."""
    data = await listed(space, "app-data-away", tmp_path)
    order = await bought(space, "app-away", tmp_path, openings=3, tier="kept", unit="MiB")
    await run(space, data, order, job="before")
    await space.people["provider"].stop()
    for _ in range(2):
        assert (await refused(run(space, data, order, job="away")))[0] == 503
    assert len(opened(space, "buyer", order)) == 2
    await space.people["provider"].start()
    got = await run(space, data, order, job="away")
    assert got["application"]["opening"] == 2
    assert len(opened(space, "buyer", order)) == 2


async def test_an_application_is_rehearsed_at_home_and_that_is_a_use(space, tmp_path):
    order = await bought(space, "app-home", tmp_path)
    lines = "".join(f"F{at % 400},{at % 1_000}\n" for at in range(4_000))
    (tmp_path / "mine.csv").write_text("firm,revenue\n" + lines)

    async def rehearse(**more):
        body = {"on": str(tmp_path / "mine.csv"), "statement": "select revenue from mine", "application": order}
        return await space.doors["buyer"].call("POST", "programs/rehearsals", body | {"key": "firm"} | more)

    got = await rehearse(whole=True)
    assert got["numbers"] == [["mean", 499.5, 0.0, 0]]
    assert got["application"] == {"agreement": order, "opening": 1, "charged": "100"}
    assert "opening 1" in "\n".join(rehearsed(got))
    for odd in ({"key": "none"}, {"on": "mine.csv"}, {"seconds": 61}, {"tells": ["mean:0:1"]}, {"application": None}):
        assert (await refused(rehearse(**odd)))[0] in (400, 404), odd
    assert len(opened(space, "provider", order)) == 1


async def test_one_assent_is_for_all_who_buy_an_application(space, tmp_path):
    """By the digest that was published; told exactly, and the auditor finds nothing."""
    await publish(space, "app-reviewed", tmp_path, gate=reviewed(space))
    data = await agreed(space, "app-reviewed")
    order = await bought(space, "app-exact", tmp_path)
    signed = await assent(space, "app-reviewed", tmp_path, buyer="any")
    got = await run(space, data, order, assent=signed)
    assert got["columns"] == ["mean"]
    assert got["application"]["opening"] == 1
    [row] = jobs(space, data)
    assert f"reviewed program {digest_of(programs.MEAN)}" in row["statement"]
    other = await bought(space, "app-other", tmp_path, code=programs.ECHO, name="echo.wat")
    assert (await refused(run(space, data, other, assent=signed)))[0] == 403, "an assent is to a digest"
    assert not opened(space, "buyer", other)
    asked = ("--exchange", space.url("exchange"), "--development", "--data", space.people["regulator"].data, "--json")
    found = json.loads((await commanded("audit", *asked)).out)
    assert found["events"] > 10
    assert [one for one in found["findings"] if one["code"].startswith(ABOUT)] == []


async def test_on_the_console_it_is_seen_as_what_it_is_and_run_by_a_form(space, tmp_path):
    data = await listed(space, "app-data-console", tmp_path)
    order = await bought(space, "app-console", tmp_path, said={**SAID, "takes": "factor:0:10"})
    async with await entered(space, "buyer", "store") as buyer:
        for lang, words in (
            ("en", ("application", "Columns that it needs", "factor, between 0.0 and 10.0", "Each run is a use")),
            ("zh", ("数据应用", "所需字段", "factor,介于 0.0 与 10.0 之间", "每次运行计为一次使用")),
        ):
            page = await buyer.open("catalogue/app-console", params={"lang": lang})
            for word in (digest_of(programs.MEAN), *words):
                assert word in page.text, word
        found = await buyer.open("search", params={"q": "app-console", "where": "kind=application", "lang": "en"})
        assert ('<span class="state">application</span>' in found.text, "app-console" in found.text) == (True, True)
        deal = await buyer.open(f"agreements/{order}")
        [there] = [link for link in deal.links if f"program-ask?application={order}" in link]
        form = await buyer.open(there)
        asked = {
            "what": data,
            "statement": ROWS,
            "application": order,
            "parameters": "1",
            "preview": "1",
            "job": "page",
        }
        looked = await buyer.open(form.url.partition("?")[0], params=asked)
        assert "an opening of the application: 1.00 CNY" in looked.text, looked.text
        assert not opened(space, "buyer", order)
        said = await buyer.send(looked, "/acts/program-ask")
        assert (said.status, " ± " in said.text) == (200, True), said.text
    assert len(opened(space, "buyer", order)) == 1
    async with await entered(space, "provider", "sells") as provider:
        page = await provider.open("products/app-console/orders", params={"lang": "en"})
        assert "Opened" in page.text
        own = await provider.open("products/app-console", params={"lang": "zh"})
        assert "所需参数" in own.text
