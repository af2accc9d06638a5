"""Verbs that talk to the own server: what they ask, what they print, and how the server's faults end them."""

from __future__ import annotations

import json
import socket

import pytest

from connector.runtime.errors import Absent, NotPermitted, explain_failure

BILLED = {
    "bytes": "16000", "data": "15000", "list": "1000", "files": "4",
    "words": {"en": "16 kB billed: 15 kB of data, 1.0 kB of the list of files", "zh": "计费 16 kB"},
}  # fmt: skip
PRODUCT = {
    "id": "p", "title": "T", "rows": 9, "edition": "ab" * 32, "state": "submitted", "number": 1, "plainBytes": "100",
    "repeatedBytes": "0", "provider": "did:web:p", "tableRows": 1, "unchanged": False, "listing": "submitted",
    "billed": BILLED,
}  # fmt: skip
VIEW = {
    "id": "a", "title": "T", "price": "9 a row", "cap": "90", "most": "0.90 CNY", "state": "complete",
    "progress": {"text": "9 rows", "windows": 2}, "mark": "2", "turn": None,
}  # fmt: skip
OPENED = {"number": 1, "bytes": 5, "files": ["x"], "charged": "250"}

PROCESS = {
    "id": "urn:uuid:1", "kind": "transfer", "role": "consumer", "peer": "did:web:p", "peerPid": "urn:uuid:2",
    "about": "ab" * 32, "state": "STARTED", "pending": "SUSPENDED", "reason": "503 Service Unavailable", "turn": "ours",
    "deadline": "2026-03-01T12:10:00+00:00", "due": None, "created": "2026-03-01T12:00:00+00:00",
    "updated": "2026-03-01T12:00:00+00:00",
    "message": {
        "kind": "suspension", "url": "http://p/dsp/transfers/urn:uuid:2/suspension", "attempts": 3,
        "error": "503 Service Unavailable", "due": "2026-03-01T12:01:00+00:00", "deadline": "2026-03-01T12:10:00+00:00",
    },
}  # fmt: skip
ACCOUNT = {"name": "ada", "roles": ["buyer"], "operator": True, "locked": "2026-03-01T12:15:00+00:00"}
ENDED = PROCESS | {"state": "TERMINATED", "pending": "", "turn": "nobody", "deadline": None, "message": None}
ONE = "processes/urn:uuid:1"

# arguments → (method, path, body or None for "do not care", answer, a line for people)
QUOTED = {
    "product": "a/b", "title": "T", "provider": "did:web:p", "tier": "kept", "columns": [], "pieces": 3,
    "bytes": "2621440", "price": "5.00 CNY per MiB", "asked": "500", "of": "all", "amount": "1250",
    "sum": "12.50 CNY", "billed": BILLED,
}  # fmt: skip
REASON = {"code": "words", "points": 40, "of": 50, "en": "words that are in it: weather", "zh": "命中词: weather"}
MET = {"product": "p", "title": "Weather", "tier": "kept", "provider": "did:web:p", "score": 90, "reasons": [REASON]}
LOOKED_FOR = {"id": "d", "title": "weather", "state": "matched", "until": "2027-01-01T00:00:00+00:00"}
APPLIED = {
    "did": "did:web:b", "name": "B", "role": "buyer", "region": "US", "message": "", "reason": "no address",
    "due": "2026-11-23T00:00:00+00:00",
    "proven": {"level": "2", "name": "B Ltd", "code": "91440000MA0000005H", "credential": "00" * 32},
}  # fmt: skip
FIGURE = {
    "key": "deal-rate", "en": "deal rate", "zh": "成交率", "value": "25.0", "unit": "%", "national": "17.9 % (2023)",
    "formula": "sold ÷ listed", "source": "the chain",
}  # fmt: skip
POSTED = {
    "id": "d", "title": "weather", "description": "", "where": ["tier=kept"], "purpose": "Research", "place": "CN-44",
    "most": "5", "unit": "byte", "currency": "", "until": "2027-01-01T00:00:00Z",
}  # fmt: skip
CALLS = {
    f"demand post weather --until {POSTED['until']} --id d --where tier=kept --purpose Research --in CN-44 --most 5": (
        "POST", "demands", POSTED, LOOKED_FOR | {"matches": [MET]}, "         40 of 50: words that are in it: weather",
    ),
    "join --message tides": (
        "POST", "membership", {"message": "tides"}, APPLIED | {"state": "applied"}, "to be answered until 2026-11-23",
    ),
    "join --status": ("GET", "membership", None, APPLIED | {"state": "refused"}, "refused, no address"),
    "exchange applications": (
        "GET", "applications?state=applied", None, {"applications": [APPLIED | {"overdue": True}]},
        "B Ltd (91440000MA0000005H), level 2",
    ),
    "exchange reject did:web:b --reason no": (
        "POST", "applications/refusals", {"did": "did:web:b", "reason": "no"}, APPLIED | {"state": "refused"},
        "B: refused",
    ),
    "exchange indicators": (
        "GET", "indicators", None, {"block": "7", "currency": "EUR", "indicators": [FIGURE]},
        "deal rate · 成交率: 25.0 %   national: 17.9 % (2023)",
    ),
    "exchange listings --state listed": (
        "GET", "listings?state=listed&first=0", None, {"listings": []}, "no listing is listed",
    ),
    "exchange suspend p --reason why": (
        "POST", "listings/p/moves", {"move": "suspend", "reason": "why"}, {"id": "p", "state": "suspended"},
        "p: suspended",
    ),
    "exchange resume p": (
        "POST", "listings/p/moves", {"move": "resume", "reason": ""}, {"id": "p", "state": "listed"}, "p: listed",
    ),
    "exchange refuse p --reason why": (
        "POST", "listings/p/moves", {"move": "refuse", "reason": "why"}, {"id": "p", "state": "refused"}, "p: refused",
    ),
    "demand list": ("GET", "demands?first=0", None, {"demands": []}, "no demand"),
    "demand list --mine": ("GET", "demands?first=0&mine=1", None, {"demands": [LOOKED_FOR]}, "d   matched"),
    "demand list --for a/b": (
        "GET", "matches/a%2Fb", None, {"demands": [LOOKED_FOR | {"score": 75}]}, " 75  d   matched",
    ),
    "demand show d": ("GET", "demands/d", None, LOOKED_FOR | {"matches": []}, "nothing listed meets it yet"),
    "demand negotiate d p": (
        "POST", "demands/d/negotiate", {"product": "p"}, LOOKED_FOR | {"product": "p"}, "product p",
    ),
    "demand meet d 00": ("POST", "demands/d/meet", {"agreement": "00"}, LOOKED_FOR, "d  weather"),
    "demand reopen d": ("POST", "demands/d/reopen", {"reason": ""}, LOOKED_FOR, "d  weather"),
    "demand withdraw d --reason late": (
        "POST", "demands/d/withdraw", {"reason": "late"}, LOOKED_FOR | {"reason": "late"}, "reason late",
    ),
    "find weather": ("GET", "find?q=weather&first=0", None, {"products": [], "found": 0}, "nothing found"),
    "find a&b c/d": ("GET", "find?q=a%26b%20c/d&first=0", None, {"products": [], "found": 0}, "nothing found"),
    "find flights": (
        "GET", "find?q=flights&first=0", None,
        {"products": [{"id": "p", "title": "T", "price": "5", "tier": "kept"}], "found": 3}, "and 2 more",
    ),
    "find songs": (
        "GET", "find?q=songs&first=0", None,
        {"products": [{"id": "p", "title": "T", "price": "5", "tier": "kept"}], "found": 9, "looked": 4},
        "and 5 more; add a word, or --first 4",
    ),
    "find --where tier=kept --first 1 --counts": (
        "GET", "find?where=tier%3Dkept&first=1&counts=1", None,
        {"products": [], "found": 1, "counts": {"tier": [{"value": "kept", "count": 2, "en": "sealed", "zh": "密封"}]}},
        "tier=kept                                2 ████████████████████  sealed · 密封",
    ),
    "find --at did:web:x%3A1": (
        "GET", "catalogue?peer=did:web:x%253A1", None,
        {"catalogues": [], "unread": [{"did": "did:web:x", "at": "https://x/2", "why": "stopped"}]}, "not read: https://x/2",
    ),
    "show": ("GET", "status", None, {"did": "did:web:x"}, "did:web:x"),
    "show a/b": ("GET", "things/a%2Fb", None, {"id": "a/b"}, "a/b"),
    "quote a/b": (
        "GET", "quotes/a%2Fb", None, QUOTED, "penstock get a/b --max-price 5.00 --max-total 12.50 --purpose TERM",
    ),
    "quote 潮位": (
        "GET", "quotes/%E6%BD%AE%E4%BD%8D", None, QUOTED | {"product": "潮位 一"},
        "penstock get '潮位 一' --max-price 5.00",
    ),
    "quote o": ("GET", "quotes/o", None, QUOTED | {"of": "opening", "columns": ["x"]}, "one opening: 12.50 CNY"),
    "settle": (
        "POST", "settlements", {"agreement": None}, {"channels": [], "withdrawn": "1250", "currency": "EUR"},
        "nothing to settle\n12.50 EUR withdrawn",
    ),
    "log head": ("GET", "log", None, {"origin": "o/log", "size": 3, "root": "00"}, "o/log: 3 events"),
    "log anchor": (
        "POST", "log/anchor", {}, {"size": 3, "block": 7, "signed": "ecdsa", "dropped": []},
        "anchored 3 events in block 7 by a signature of each witness",
    ),
    "log mark": ("POST", "log/marks", {}, {"event": "9"}, "entry 9 marks the time"),
    "log erase 7 --why asked": (
        "POST", "log/erasures", {"index": "7", "why": "asked"}, {"erased": "7", "event": "9"}, "entry 9 says so",
    ),
    "log disclose": (
        "POST", "log/disclosures", {}, {"to": "did:web:r", "events": "7", "event": "9"},
        "7 events are now disclosed to did:web:r; entry 9 says so",
    ),
    "exchange admit did:web:b": (
        "POST", "members", {"did": "did:web:b"}, {"name": "B", "role": "buyer", "region": "US"}, "B (buyer, US)",
    ),
    "exchange credit did:web:b 50": (
        "POST", "credits", {"did": "did:web:b", "amount": "50"},
        {"did": "did:web:b", "amount": "50", "currency": "EUR"}, "credited 0.50 EUR",
    ),
    "exchange review p": (
        "POST", "listings/p/review", {}, {"title": "T", "opened": 4, "bound": "b", "state": "listed"},
        "4 pieces opened",
    ),
    "exchange attest": ("POST", "attestations", {}, {"signers": ["a"], "heads": [1, 2]}, "1 witnesses attest 2 heads"),
    "admin list": ("GET", "processes?rows=50", None, {"processes": [], "next": None}, "nothing is negotiated"),
    "admin list --turn peer --kind transfer --state STARTED --rows 1": (
        "GET", "processes?kind=transfer&state=STARTED&turn=peer&rows=1", None,
        {"processes": [PROCESS], "next": "7-urn:uuid:1"}, "more: --after 7-urn:uuid:1",
    ),
    "admin show urn:uuid:1": ("GET", ONE, None, PROCESS, "tried 3 times, next 2026-03-01 12:01:00"),
    "admin retry urn:uuid:1": ("POST", ONE + "/retry", {}, PROCESS | {"did": "asked"}, "asked"),
    "admin terminate urn:uuid:1": (
        "POST", ONE + "/terminate", {"reason": "ended by the operator"}, ENDED, "TERMINATED",
    ),
    "admin suspend urn:uuid:1 --reason rest": (
        "POST", ONE + "/suspend", {"reason": "rest"}, PROCESS, "STARTED > SUSPENDED",
    ),
    "admin resume urn:uuid:1": ("POST", ONE + "/resume", {}, PROCESS, "urn:uuid:1"),
    "admin complete urn:uuid:1": ("POST", ONE + "/complete", {}, ENDED, "nobody"),
    "admin account add ada --operator --role buyer": (
        "POST", "accounts", {"name": "ada", "roles": ["buyer"], "operator": True},
        ACCOUNT | {"password": "abcd-efgh", "codes": "otpauth://totp/ada"}, "otpauth://totp/ada",
    ),
    "admin account add eve": (
        "POST", "accounts", {"name": "eve", "roles": [], "operator": False},
        ACCOUNT | {"password": "abcd-efgh", "codes": None}, "abcd-efgh",
    ),
    "admin account list": (
        "GET", "accounts", None, {"accounts": [ACCOUNT]}, "LOCKED UNTIL\nada   act  buyer  2026-03-01T12:15:00+00:00\n",
    ),
    "admin account link ada": (
        "POST", "accounts/ada/link", {}, {"name": "ada", "url": "http://localhost/console/enter", "expires": "2026"},
        "good once, until 2026",
    ),
    "admin account remove ada": ("POST", "accounts/ada/removal", {}, ACCOUNT, "removed ada"),
    "open a --purpose Research --id o": (
        "POST", "openings", {"id": "o", "acquisition": "a", "purpose": "Research", "to": None}, OPENED, "charged 250",
    ),
}  # fmt: skip


@pytest.mark.parametrize("line", CALLS)
def test_a_verb_asks_and_answers(line, penstock, management):
    method, path, body, value, words = CALLS[line]
    management.answers[path.partition("?")[0]] = (200, value)
    arguments = ["find", "a&b", "c/d"] if line == "find a&b c/d" else line.split()
    said = penstock(*arguments, "--data", management.data)
    assert said.code == 0, said.err
    assert words in said.out
    asked = management.asked[0]
    assert asked[0] == method
    assert asked[1].replace("+", "%20") == path
    assert asked[2] == body
    assert penstock(*arguments, "--data", management.data, "--json").json == value


def test_nothing_to_look_for_is_2(penstock, management):
    said = penstock("find", "--data", management.data)
    assert said.code == 2
    assert "--at DID" in said.err
    assert management.asked == []


PREVIEW = {
    "title": "T",
    "files": [{"path": "f.csv", "bytes": "4", "rows": "1", "columns": ["a"]}],
    "bytes": "4",
    "billed": BILLED,
    "rows": "1",
    "grade": 1,
    "because": ["nothing hints at people"],
    "price": {"en": "0.05 CNY a MiB"},
    "words": {"en": ["You may use it for research."]},
}


def test_publish_sends_what_was_said(penstock, management, tmp_path):
    (tmp_path / "f.csv").write_text("a\n1\n")
    progress = {"bytesSealed": "0", "bytes": "4", "bytesPerSecond": None, "secondsLeft": None}
    management.answers["publications"] = (202, {"id": "p"})
    management.answers["publications/p"] = [(200, {"id": "p", "state": "draft", "progress": progress}), (200, PRODUCT)]
    arguments = [
        "--title",
        "T",
        "--price",
        "5",
        "--purpose",
        "Research",
        "--until",
        "2027-01-01T00:00:00Z",
        "--region",
        "US",
        "--keyword",
        "k",
        "--class",
        "topic=B0300",
        "--class",
        "industry",
    ]
    said = penstock("publish", tmp_path / "f.csv", *arguments, "--data", management.data)
    assert said.code == 0
    assert "exchange review p" in said.out
    assert BILLED["words"]["en"] in said.out
    assert said.err == "", "nobody watches"
    begun, *asked = management.asked
    assert [one[:2] for one in asked] == [("GET", "publications/p?wait=5")] * 2
    body = begun[2]
    assert body["files"] == [str(tmp_path / "f.csv")]
    assert (body["price"], body["floor"], body["keywords"], body["openings"]) == ("5", "5", ["k"], None)
    assert body["pack"] == "auto"
    assert (body["classes"], body["grade"], body["frequency"]) == (
        {"topic": "B0300", "industry": ""},
        None,
        "irregular",
    )


def test_a_dry_run_of_publish_asks_for_a_preview_alone(penstock, management, tmp_path):
    (tmp_path / "f.csv").write_text("a\n1\n")
    management.answers["previews"] = (200, PREVIEW)
    arguments = (
        "--title",
        "T",
        "--price",
        "5",
        "--purpose",
        "Research",
        "--until",
        "2027-01-01T00:00:00Z",
        "--dry-run",
    )
    said = penstock("publish", tmp_path / "f.csv", *arguments, "--data", management.data)
    assert said.code == 0
    assert [(method, path) for method, path, _ in management.asked] == [("POST", "previews")]
    assert "T: 1 files, 4 bytes, 1 rows" in said.out
    assert BILLED["words"]["en"] in said.out
    assert "security grade 1: nothing hints at people" in said.out
    assert "nothing was published" in said.out


def test_get_follows_until_the_end(penstock, management):
    turn = {"whose": "buyer", "until": "2026-03-01T12:10:00+00:00", "why": "no space left"}
    steps = [{**VIEW, "state": "pulling", "mark": "1"}, {**VIEW, "state": "pulling", "mark": "1", "turn": turn}, VIEW]
    management.answers = {"acquisitions": (200, {}), "acquisitions/a": [(200, step) for step in steps]}
    said = penstock(
        *["get", "p", "--max-price", "9", "--purpose", "Research", "--id", "a", "--json", "--data"], management.data
    )
    assert said.code == 0
    assert said.json == VIEW
    assert said.err == "  pulling: no space left\n", "what it waits for is told, and nothing of how far it is"
    assert [path for _, path, _ in management.asked] == [
        "acquisitions", "acquisitions/a?wait=5&after=", *["acquisitions/a?wait=5&after=1"] * 2,
    ]  # fmt: skip


def test_a_failed_acquisition_ends_with_its_reason(penstock, management):
    reason = json.dumps(explain_failure(NotPermitted("the policy says no")).as_json())
    management.answers = {
        "acquisitions": (200, {}),
        "acquisitions/a": (200, VIEW | {"state": "failed", "reason": reason}),
    }
    said = penstock(*["get", "p", "--max-price", "9", "--purpose", "Research", "--id", "a", "--data"], management.data)
    assert said.code == 3
    assert "the policy says no" in said.err


def test_the_servers_fault_is_the_verbs_fault(penstock, management):
    management.answers["status"] = (404, explain_failure(Absent("there is no such thing", "ask for another")).as_json())
    said = penstock("show", "--json", "--data", management.data)
    assert said.code == 4
    assert said.json["text"] == "there is no such thing"
    assert "ask for another" in said.err


def test_no_server_says_how_to_start_one(penstock, participant):
    data = participant()
    said = penstock("show", "--data", data)
    assert said.code == 7
    assert "penstock serve" in said.err


def test_a_server_that_died_says_so(penstock, participant):
    data = participant()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    (data / "server.json").write_text(json.dumps({"url": f"http://localhost:{port}", "pid": 1}))
    said = penstock("show", "--data", data)
    assert said.code == 7
    assert "penstock serve" in said.err
    (data / "server.json").write_text("{}")
    assert "damaged" in penstock("show", "--data", data).err


def test_a_wrong_token_is_no_crash(penstock, management):
    (management.data / "management.token").write_text("another")
    assert penstock("show", "--data", management.data).code == 2
