"""The whole journey on the real data, once: every figure, and what strangers can see while it runs."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

import pytest

from connector.cli.answers import ANSWERS
from connector.demo import story
from connector.demo.story import GET_A, PRODUCT_A, PRODUCT_B
from connector.enforcement import decision_log as decisions
from connector.net.outbound import Outbound
from connector.runtime import data_folder
from connector.runtime.errors import explain_failure
from connector.store import offline
from connector.store.tables import TABLES
from contracts.onchain import artifacts
from tests.api.answers.shapes import unlike
from tests.api.secrets_told import leaks
from tests.drill import drill, recorded
from tests.journey.conftest import SEED
from tests.journey.printed import said

HERE = Path(__file__).parent
TABLE_ROWS = 336_776 + 26_115 + 3_322 + 1_458 + 16
SAMPLED_CHEATS = 8
SECONDS_MAX = 60  # on two idle cores; elsewhere what is measured is the neighbours

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="session")]


async def test_all_eight_steps_hold(shown):
    assert shown.outcome.failures == []


async def test_no_secret_stands_in_what_the_servers_wrote(shown):
    people = shown.cast.everyone()
    assert all((person.data / "serve.log").stat().st_size for person in people.values()), "there is nothing to look in"
    assert await asyncio.to_thread(leaks, people) == []
    assert shown.outcome.held


async def test_every_figure_comes_from_the_run(shown):
    found = shown.figures
    assert unlike(ANSWERS["demo"], found) == ""
    assert found["dataset_rows"] == TABLE_ROWS
    assert found["editions"] == 2
    assert found["rows_sealed"] == found["rows_verified"] >= 80
    assert found["bytes_delivered"] > 6_000_000
    assert found["windows_paid"] >= 8 + 3
    assert found["negotiation_rounds"] >= 3
    assert found["amount_agreed"] == found["amount_settled"] == sum(found["split"].values()) > 0
    assert found["split"]["provider"] > found["split"]["exchange"] > 0
    assert (found["openings_allowed"], found["openings_denied"]) == (3, 2)
    assert found["uses_refused"] == 1
    assert found["statements_answered"] == 1
    assert found["seed"] == SEED
    assert found["resumed_after_kill"] is True
    assert found["bytes_paid_twice"] == 0
    assert found["proofs_verified"] >= found["events_logged"] > 100
    assert found["audit"] == "clean"
    assert found["seconds"] < SECONDS_MAX * 3


async def test_each_forgery_is_named_by_what_was_forged(shown):
    dropped, altered, added = shown.figures["forgeries"]
    assert all(set(one) == {"what", "caught", "finding"} and one["caught"] is True for one in (dropped, altered, added))
    seq = dropped["what"].split()[-1]
    assert f"keys.released (seq {seq}) is missing" in dropped["finding"]
    index = altered["what"].split(" at index ")[1].split()[0]
    assert f"keys.released at index {index} says amount" in altered["finding"]
    index = added["what"].split(" at index ")[1]
    assert f"keys.released at index {index} is opening 4" in added["finding"]


async def test_the_policies_are_explained_in_both_languages(shown):
    for key, told in shown.figures["policies"].items():
        assert all(len(sentences) > 3 for sentences in told.values()), key
        assert "research or a kind of it" in told["en"][1]
        assert "研究或其下位用途" in told["zh"][1]
    assert any(told["en"][1] in line and told["zh"][1] in line for line in shown.outcome.lines)


async def test_what_a_person_reads_is_short(shown):
    assert len(shown.outcome.lines) + len(shown.addresses) <= 15
    assert all(line.startswith("ok") for line in shown.outcome.lines[:8])
    assert "all eight steps held" in shown.outcome.lines[-1]
    commands = [line.split("next: ")[1].split() for line in shown.addresses[:4]]
    assert all(command[0].endswith("penstock") for command in commands)
    assert [command[1] for command in commands] == ["log", "open", "show", "audit"]
    assert all("http://localhost:" in line for line in shown.addresses[:4])


async def test_the_audit_opens_no_file_of_anybody_else(shown):
    cast = shown.cast
    command = ["--exchange", cast.notes["exchange"]["url"], "--data", str(cast.regulator.data), "--development"]
    told = await said(sys.executable, str(HERE / "audit_opens.py"), *command)
    assert told["exit"] == 0
    assert told["answer"]["audit"] == "clean"
    assert told["started"] == []
    others = [str(person.data.resolve()) for role, person in cast.everyone().items() if role != "regulator"]
    others += [str((shown.folder / name).resolve()) for name in ("tables", "opened", "forged")]
    assert [path for path in told["opened"] if path.startswith(tuple(others))] == []
    assert any(path.startswith(str(cast.regulator.data.resolve())) for path in told["opened"]), "the hook sees nothing"


async def test_a_bundle_is_audited_again_with_no_network(shown, tmp_path):
    """The space by its DID, two logs by their URLs, the chain by its RPC; then the same from the file alone."""
    notes, bundle, shot = shown.cast.notes, tmp_path / "audit.zip", tmp_path / "audit.html"
    audit = [sys.executable, "-m", "connector.cli.main", "audit", "--json", "--data", str(shown.cast.regulator.data)]
    places = ["--space", notes["exchange"]["did"], "--development"]
    places += [word for role in ("provider", "buyer") for word in ("--log", notes[role]["url"] + "/log")]
    places += ["--rpc", notes["exchange"]["url"] + "/rpc", "--memory", str(tmp_path / "memory")]
    told = await said(*audit, *places, "--bundle", str(bundle), "--html", str(shot))
    again = await said(*audit, "--read", str(bundle))
    assert told == again
    assert told["audit"] == "clean"
    assert set(told["unread"]) == {notes[role]["did"] for role in ("exchange", "regulator")}
    assert told["decisions_replayed"] > 0
    assert told["figures"]["flows"][0]["to"] == "US-CA"
    assert "<h1>audit: clean</h1>" in shot.read_text()


async def test_a_sample_of_the_drill_is_caught(shown, tmp_path):
    """`make drill` tries them all; which are tried here, the seed of the test run draws."""
    played = await recorded.taken(shown.cast, tmp_path)
    draw = random.Random(int(os.environ["PENSTOCK_TEST_SEED"]))
    for cheat in [*draw.sample(drill.CHEATS, SAMPLED_CHEATS), draw.choice(drill.UNSEEN)]:
        outcome = await drill.tried(cheat, played)
        assert outcome.as_said, f"{cheat.by} {cheat.name}: {outcome.words()}"


async def test_a_stock_web3_elsewhere_reads_and_proves_a_licence(shown, tmp_path):
    cast = shown.cast
    view, agreement = cast.notes[GET_A], cast.notes["agreement " + GET_A]["agreement"]
    exchange = cast.notes["exchange"]["url"]
    async with Outbound(development=True) as outbound:
        document = (await outbound.get(exchange + "/space")).json()
    licences = document["deployment"]["addresses"]["licences"]
    artifact = str(artifacts.FOLDER / "licences.json")
    script = str(HERE / "stock_web3.py")
    told = await said(
        sys.executable, "-I", script, exchange + "/rpc", artifact, licences, view["agreement"], at=tmp_path
    )
    assert told["provider"] == told["proven"] == agreement["provider"]
    assert told["buyer"] == agreement["buyer"]
    assert told["priceCap"] == int(agreement["priceCap"])


@pytest.mark.parametrize("role", ["provider", "buyer"])
async def test_every_decision_comes_out_bit_by_bit_the_same_again(shown, role):
    database = shown.cast.everyone()[role].data / data_folder.DATABASE
    again = offline.look(database, TABLES, decisions.replayed)
    places = {row["place"] for row in offline.look(database, TABLES, lambda tx: tx.find("decisions"))}
    assert {"provider": {"negotiation", "transfer", "offer", "release"}, "buyer": {"negotiation"}}[role] <= places
    assert all(again.values()), [key for key, same in again.items() if not same]


async def test_what_is_kept_can_be_used_as_the_addresses_say(shown):
    found = await shown.cast.door("buyer").call("GET", "find?q=hourly")
    assert [row["id"] for row in found["products"]] == [PRODUCT_B]


# these leave new events behind, so they come last


@pytest.mark.parametrize(
    ("floor", "limit", "price"),
    [(420, 450, 420), (440, 450, 440), (350, 360, 360), (460, 450, None)],
)
async def test_a_changed_limit_changes_what_comes_of_the_negotiation(shown, floor, limit, price):
    """The same product between the same two, with other limits: another price, or no agreement at all."""
    cast = shown.cast
    name = f"planes-{floor}-{limit}"
    brief, _ = story.products(cast)
    planes = [path for path in brief["files"] if Path(path).stem == "planes"]
    await cast.door("provider").call("POST", "products", {**brief, "id": name, "floor": str(floor), "files": planes})
    await cast.door("exchange").call("POST", f"listings/{name}/review", {})
    mandate = {"bid": "320", "limit": str(limit), "purpose": story.LAWFUL, "deposit": None}
    await story.acquire(cast, name, "get-" + name, mandate)
    if price is None:
        with pytest.raises(Exception, match="no agreement") as refused:
            await story.watch(cast, "get-" + name)
        assert explain_failure(refused.value).exit_code == 3
        return
    view = await story.watch(cast, "get-" + name)
    assert view["negotiation"]["price"] == str(price)
    assert view["product"] != PRODUCT_A
