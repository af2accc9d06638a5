"""What the pages name in a sentence and not in a block: each such command is typed here, in words of its own.

A command that a page names and that has no row in `TYPED` or `ELSEWHERE` fails the last test.
"""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from connector.demo.processes import free_ports
from connector.runtime import settings
from tests.newcomer.conftest import ROLES
from tests.newcomer.faults import IN_THE_MIDDLE, ends_right, getting
from tests.newcomer.goods import LARGE, TABLE
from tests.newcomer.pages import DOCS
from tests.newcomer.walk import same

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGES = ("exchange.md", *(f"roles/{role}.md" for role in ROLES))
NAMED = re.compile(r"`penstock ([^`]+)`")
# what needs a chain of one's own, a space with rules or a folder that was lost → the test that does it
ELSEWHERE = {
    "price tides 4.20": "tests/newcomer/roles.py",
    'unpublish tides --reason "…"': "tests/newcomer/roles.py",
    "exchange admit DID --invite": "tests/api/test_exchange_operators.py",
    "join": "tests/newcomer/roles.py",
    "chain serve": "tests/cli/test_chain_and_audit.py",
    "admin restore": "tests/api/test_operation.py",
    "admin set-back": "tests/connector/test_set_back.py",
    "publish --suite sm": "tests/api/test_spaces.py",
}
POLICY = 3
TERMS = ("--price", "500", "--purpose", "Research", "--until", "2027-12-31T23:59:59Z")
REASON = ("--reason", "as the page says")
TYPED = set()


@pytest.fixture
def typed(walk):
    """Type a command as a role; `named` is how a page has it, where that is more than these words."""

    async def type_(role, words, *more, code=0, named=None):
        TYPED.add(named or words)
        return await walk.type(["penstock", *words.split(), *more, "--data", role], code)

    return type_


async def test_a_purchase_is_paused_in_the_middle_and_goes_on(walk, typed):
    process = await walk.begin(*getting("paused"))
    await walk.reaches("paused", IN_THE_MIDDLE)
    assert "SUSPENDED" in await typed("buyer", "transfer pause", "paused", named="transfer pause ID")
    assert (await walk.ask("buyer", "acquisitions/paused"))["state"] == "receiving"
    # the same command goes on with it, as the one that waited does
    await walk.type(getting("paused"))
    await walk.ended(process)
    assert same(walk.folder / "paused" / LARGE, walk.folder / LARGE)
    await ends_right(walk, "paused", {})


async def test_the_rest_of_a_participants_own_looks(typed):
    assert "ok" in await typed("provider", "doctor")
    assert "ok" in await typed("exchange", "doctor", named="doctor --data left")
    assert ": whole" in await typed("provider", "log fsck")
    assert "anchored" in await typed("buyer", "log anchor")
    assert "main" in await typed("buyer", "space list")


async def test_an_applicant_is_refused_and_reads_why(walk, typed, here):
    (port,) = free_ports(1)
    made = ["--name", "Late", "--port", str(port), "--development", "--exchange", here.url, "--data", "late"]
    await walk.type(["penstock", "init", "--role", "buyer", *made])
    await walk.serve(["penstock", "serve", "--data", "late"])
    await walk.type(["penstock", "join", "--data", "late"])
    did = f"did:web:localhost%3A{port}"
    rejected = 'exchange reject DID --reason "…"'
    assert "refused" in await typed("exchange", "exchange reject", did, *REASON, named=rejected)
    said = await typed("late", "join --status")
    assert "refused" in said
    assert REASON[1] in said
    await walk.servers["late"].stop()


async def test_a_space_has_rules_of_its_own_and_is_wound_up(walk, typed):
    await walk.type(["penstock", "exchange", "space", "create", "harbour", "--name", "Harbour", "--data", "exchange"])
    assert "submitted" in await typed(
        "provider", "publish --space harbour", TABLE, "--title", "Moored", "--id", "moored", "--sample", "5", *TERMS
    )
    TYPED.add("publish --sample 5")
    await walk.type(["penstock", "exchange", "review", "moored", "--data", "exchange"])
    assert "from security grade 3" in await typed("buyer", "space show main")
    graded = (TABLE, "--title", "Graded", "--id", "graded", *TERMS)
    assert "--tier leased --unit opening" in await typed("provider", "publish --grade 4", *graded, code=POLICY)
    (walk.folder / "rules.json").write_text(json.dumps({"tiers": ["leased"]}))
    dry = ("harbour", "--rules", str(walk.folder / "rules.json"), *REASON)
    assert "moored" in await typed("exchange", "exchange space change --dry-run", *dry)
    assert "harbour" in await typed(
        "exchange", "exchange space change", "harbour", "--rules", str(walk.folder / "rules.json"), *REASON
    )
    assert REASON[1] in await typed("buyer", "space rules harbour")
    assert "moored" not in await walk.type(["penstock", "find", "moored", "--data", "buyer"])
    assert "harbour" in await typed("exchange", "exchange space close", "harbour", *REASON)


async def test_a_product_has_versions_and_goes_back_to_one(walk, typed):
    publish = ["penstock", "publish", TABLE, "--id", "versions", *TERMS, "--data", "provider"]
    await walk.type([*publish, "--title", "Tides by the hour"])
    await walk.type(["penstock", "exchange", "review", "versions", "--data", "exchange"])
    await walk.type([*publish, "--title", "Tides by the hour, again"])
    review = ("exchange review", "versions", "--version", "2")
    assert ": listed" in await typed("exchange", *review, named="exchange review tides --version 2")
    compare = ("version compare", "versions", "1", "2")
    assert "again" in await typed("buyer", *compare, named="version compare tides 1 2")
    back = ("version roll-back", "versions", "1", *REASON)
    await typed("provider", *back, named='version roll-back tides 1 --reason "…"')
    assert "again" not in await walk.type(["penstock", "find", "hour", "--data", "buyer"])


async def test_a_service_goes_back_to_a_version(walk, typed):
    offer = ["penstock", "service", "offer", "service:tide", "--type", "analytics", *TERMS, "--data", "provider"]
    for number, title in enumerate(("Forecast", "Forecast, again"), 1):
        await walk.type([*offer, "--title", title])
        review = ["penstock", "exchange", "review", "service:tide", "--version", str(number), "--data", "exchange"]
        assert ": listed" in await walk.type(review)
    assert "version 1" in await typed("provider", "service roll-back", "service:tide", "1", *REASON)
    assert "again" not in await walk.type(["penstock", "find", "forecast", "--data", "buyer"])


async def test_a_listing_is_suspended_and_listed_again(walk, typed):
    await typed("exchange", "exchange suspend", "gauges", *REASON, named='exchange suspend PRODUCT --reason "…"')
    assert "gauges" not in await walk.type(["penstock", "find", "gauges", "--data", "buyer"])
    await walk.type(["penstock", "exchange", "resume", "gauges", "--data", "exchange"])
    assert "gauges" in await walk.type(["penstock", "find", "gauges", "--data", "buyer"])


async def test_a_member_is_suspended_and_let_in_again(walk, typed, here):
    await typed("exchange", "exchange member suspend", here.did("buyer"), *REASON)
    assert "suspended" in await walk.type(["penstock", "exchange", "member", "list", "--data", "exchange"])
    await walk.type(["penstock", "exchange", "member", "resume", here.did("buyer"), *REASON, "--data", "exchange"])
    assert "suspended" not in await walk.type(["penstock", "exchange", "member", "list", "--data", "exchange"])


async def test_a_member_plans_to_leave_and_the_plan_is_refused(walk, typed, here):
    assert "gauges" in (await typed("provider", "leave --plan")).lower()
    await typed("provider", "leave", *REASON, named='leave --reason "…"')
    assert here.did("provider") in await typed("exchange", "exchange leaving list")
    refuse = ["penstock", "exchange", "leaving", "refuse", here.did("provider"), *REASON, "--data", "exchange"]
    await walk.type(refuse)
    assert REASON[1] in await walk.type(["penstock", "leave", "--status", "--data", "provider"])


async def test_an_interface_is_published_bought_called_and_hung_up(walk):
    """What the exchange tells everybody of its spaces, sold by the call as docs/apis.md has it."""
    url = settings.load(walk.folder / "exchange", {}, {}).url
    says = ("--title", "Spaces", "--api", url, "--call", "GET /spaces/{id}", "--tier", "plain", "--unit", "call")
    terms = ("--price", "0.02", *TERMS[2:], "--id", "spaces-api")
    await walk.type(["penstock", "publish", *says, *terms, "--data", "provider"])
    await walk.type(["penstock", "exchange", "review", "spaces-api", "--data", "exchange"])
    purpose = ("--purpose", "Research")
    get = ["penstock", "get", "spaces-api", "--max-price", "1.00", *purpose, "--id", "spaces-api", "--data", "buyer"]
    await walk.type(get)
    agreement = (await walk.ask("buyer", "acquisitions/spaces-api"))["agreement"]
    call = ["penstock", "call", agreement, "/spaces/main", "--data", "buyer"]
    assert '"id":"main"' in (await walk.type(call)).replace(" ", "")
    await walk.type(["penstock", "call", agreement, "/members", "--data", "buyer"], 2)
    assert "ended: 1" in await walk.type(["penstock", "admin", "hangup", agreement, "--data", "buyer"])


async def test_a_stream_is_published_bought_followed_and_stopped(walk):
    """A file that is appended, sold by the message as docs/streams.md has it."""
    source, got = walk.folder / "rain.ndjson", walk.folder / "rain.got.ndjson"
    source.write_text('{"mm": 1}\n{"mm": 2}\n')
    says = ("--title", "Rain", "--stream", "rain.ndjson", "--tier", "plain", "--unit", "message")
    await walk.type(["penstock", "publish", *says, "--price", "0.01", *TERMS[2:], "--id", "rain", "--data", "provider"])
    await walk.type(["penstock", "exchange", "review", "rain", "--data", "exchange"])
    purpose = ("--purpose", "Research")
    await walk.type(["penstock", "get", "rain", "--max-price", "1.00", *purpose, "--id", "rain", "--data", "buyer"])
    agreement = (await walk.ask("buyer", "acquisitions/rain"))["agreement"]
    stream = ["penstock", "stream"]
    assert "following" in await walk.type([*stream, "follow", agreement, "--to", "rain.got.ndjson", "--data", "buyer"])
    with source.open("a") as file:
        file.write('{"mm": 3}\n')
    async with asyncio.timeout(60):
        while not got.exists() or got.read_text() != source.read_text():
            await asyncio.sleep(0.1)
    assert "rain.got.ndjson" in await walk.type([*stream, "list", "--data", "buyer"])
    assert "yes" in await walk.type([*stream, "sold", "--data", "provider"])
    assert "3 messages" in await walk.type([*stream, "stop", agreement, "--data", "buyer"])


async def test_a_control_plane_is_registered_and_its_flows_are_seen(walk):
    """The commands of docs/signaling.md; a flow itself is begun by a control plane (tests/interop/test_flows.py)."""
    add = ["penstock", "controlplane", "add", "edc", "--endpoint", "http://localhost:8090/signaling"]
    told = json.loads(await walk.type([*add, "--json", "--data", "provider"]))
    assert told["registration"]["authorization"]["clientSecret"] == told["token"]
    assert "edc" in await walk.type(["penstock", "controlplane", "list", "--data", "provider"])
    assert "no control plane has had" in await walk.type(["penstock", "flow", "list", "--data", "provider"])
    assert "no control plane has had" in await walk.type(["penstock", "flow", "list", "--data", "buyer"])
    await walk.type(["penstock", "flow", "end", "nothing", "--data", "provider"], 4)
    await walk.type(["penstock", "controlplane", "remove", "edc", "--data", "provider"])
    move = ["--endpoint", "http://localhost:8090/signaling", "--profile", "HttpData-PULL", "--label", "rows"]
    await walk.type(["penstock", "dataplane", "add", "mover", *move, "--data", "provider"])
    assert "HttpData-PULL" in await walk.type(["penstock", "dataplane", "list", "--data", "provider"])
    await walk.type(["penstock", "dataplane", "remove", "mover", "--data", "provider"])


async def test_a_found_table_names_the_buyer_whose_copy_it_is(walk, here):
    """A plain copy with a watermark, as docs/personal-data.md has it."""
    (walk.folder / "mm.csv").write_text("id,mm\n" + "".join(f"{at},{at * 7919 % 9973 / 100}\n" for at in range(2_000)))
    says = ("--title", "Rain by day", "--tier", "plain", "--mask", "mm=watermark:id", "--id", "rain-table")
    await walk.type(["penstock", "publish", "mm.csv", *says, *TERMS, "--data", "provider"])
    await walk.type(["penstock", "exchange", "review", "rain-table", "--data", "exchange"])
    get = ["--max-price", "9.00", "--purpose", "Research", "--id", "rain-table", "--to", "marked", "--data", "buyer"]
    await walk.type(["penstock", "get", "rain-table", *get])
    found = ["penstock", "vault", "trace", "marked/mm.csv", "--product", "rain-table", "--data", "provider"]
    assert here.did("buyer") in await walk.type(found)
    own = ["penstock", "vault", "trace", "mm.csv", "--product", "rain-table", "--data", "provider"]
    assert "names nobody" in await walk.type(own)


async def test_an_agreement_is_revoked_and_nothing_is_opened_under_it_any_more(walk, typed):
    gauges = (await walk.ask("buyer", "acquisitions/gauges"))["agreement"]
    await typed("provider", "admin revoke", gauges, *REASON, named='admin revoke AGREEMENT --reason "…"')
    opening = ["penstock", "open", "gauges", "--purpose", "Research", "--to", "nothing-more", "--data", "buyer"]
    await walk.type(opening, POLICY)
    assert not (walk.folder / "nothing-more").exists()


async def test_three_operators_check_each_other(walk, typed, here):
    add = ["penstock", "exchange", "operator", "add"]
    for post in ("system", "security", "audit"):
        await walk.type([*add, f"The {post} operator", "--post", post, "--to", f"{post}.key", "--data", "exchange"])
    credit = ["exchange", "credit", here.did("buyer"), "5"]
    before = await walk.money("buyer")
    assert "operator" in await walk.type(["penstock", *credit, "--data", "exchange"], POLICY)
    said = await walk.type(["penstock", "exchange", "--as", "system.key", *credit[1:], "--data", "exchange"])
    assert "waits" in said
    assert await walk.money("buyer") == before
    waiting = said.split()[-1][:12]  # as the list shows it
    assert waiting in await typed("exchange", "exchange --as security.key pending")
    await walk.type(["penstock", "exchange", "--as", "security.key", "assent", waiting, "--data", "exchange"])
    assert await walk.money("buyer") == before + 5


async def test_the_servers_logs_hold_words_and_no_traces(walk):
    for role, each in walk.servers.items():
        assert "Traceback" not in (each.data / "serve.log").read_text(), role


async def test_each_command_that_a_page_names_was_typed(page):
    named = {" ".join(text.split()) for name in PAGES for text in NAMED.findall((DOCS / name).read_text("utf-8"))}
    named -= {"serve"}  # in the blocks
    assert named == TYPED | set(ELSEWHERE)
    assert all((DOCS.parent / path).exists() for path in ELSEWHERE.values())
