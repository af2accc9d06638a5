"""The static identity of development: said at each start, warned of by the doctor, refused outside development."""

from __future__ import annotations

import aiohttp
import pytest

from connector.demo.processes import Participant, free_ports
from connector.runtime import settings

STATIC = {"development__static_token": "static-secret", "development__static_peer": "THE_OTHER"}
BANNER = "DEVELOPMENT: whoever sends `development.static_token` is taken for `THE_OTHER`; never in public"


async def test_the_start_says_it_and_it_is_what_it_says(participant):
    data = participant(server__port=free_ports(1)[0], participant__roles=("provider", "buyer"), **STATIC)
    url = settings.load(data, {}).url + "/dsp/negotiations/unknown"
    running = Participant(data)
    try:
        await running.start()
        said = (data / "serve.log").read_text()
        assert BANNER in said
        assert "static-secret" not in said
        async with aiohttp.ClientSession() as session:
            seen = {}
            for header in ("static-secret", "Bearer static-secret", ""):
                async with session.get(url, headers={"Authorization": header}) as answer:
                    seen[header] = (answer.status, (await answer.json())["code"])
        assert seen.pop("static-secret") == (404, "unknown"), "its process is looked for"
        assert set(seen.values()) == {(404, "token")}, "nobody else is heard"
    finally:
        await running.stop()


def test_the_doctor_warns_of_it(penstock, participant):
    data = participant(server__port=free_ports(1)[0], participant__roles=("exchange",), **STATIC)
    said = penstock("doctor", "--data", data, "--json")
    (found,) = (row for row in said.json["checks"] if row["name"] == "development")
    assert found["state"] == "warn"
    assert "taken for `THE_OTHER`" in found["text"]
    assert "static-secret" not in said.out + said.err


@pytest.mark.parametrize("verb", ["serve", "doctor"])
def test_outside_development_it_is_a_fault_and_nothing_starts(penstock, participant, verb):
    data = participant()
    lines = ['[server]\npublic_url = "https://provider.example"', '[development]\nstatic_token = "static-secret"']
    (data / settings.FILE_NAME).write_text("\n".join(lines) + '\nstatic_peer = "THE_OTHER"\n')
    said = penstock(verb, "--data", data)
    assert said.code == 2
    assert "`development.static_token` needs `server.development`" in said.out + said.err
    assert not (data / "penstock.db").exists()
