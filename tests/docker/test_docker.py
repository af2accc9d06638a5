"""The image and the compose file, checked as text: no engine is needed, and none of these can be forgotten."""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from connector.runtime import settings
from tests.custody.real_s3 import VERSION
from tests.onchain import nodes

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "docker/Dockerfile"
DOCKERFILES = sorted((ROOT / "docker").glob("*Dockerfile"))
COMPOSE = ROOT / "docker/compose.yaml"
ROLES = {"provider", "buyer", "exchange", "regulator"}
# what each role leans on beside the others
AROUND = {"exchange": {"chain", "database"}, "provider": {"exchange", "buckets"}}
SECRET = re.compile(r"key|token|secret|pass", re.IGNORECASE)
# a name of a key that is no secret itself
NAMES = {"AWS_ACCESS_KEY_ID"}
COMPOSED = ("docker", "compose", "version")
HANDED_IN = "${TRIAL_SECRET:?write it into docker/.env}"


def instructions(text: str) -> list[tuple[str, str]]:
    """Return (word, rest) of every instruction, continued lines joined."""
    joined = re.sub(r"\\\n\s*", "", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    return [(line.split(None, 1)[0].upper(), line.split(None, 1)[1]) for line in joined.splitlines() if line.strip()]


def yaml(text: str) -> dict:
    """Read the part of YAML that our compose file uses: maps, lists, scalars, one anchor, merge keys; else fail."""
    rows = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    anchors: dict = {}

    def depth(row: str) -> int:
        return len(row) - len(row.lstrip(" "))

    def block(level: int):
        if rows[0].lstrip().startswith("- "):
            return listed(level)
        found: dict = {}
        while rows and depth(rows[0]) == level:
            key, _, rest = rows.pop(0).strip().partition(":")
            rest = rest.strip()
            assert key not in found, f"`{key}` stands twice"
            if key == "<<":
                found.update(anchors[rest.removeprefix("*")])
            elif rest and not rest.startswith("&"):
                found[key] = rest.strip('"')
            elif rows and depth(rows[0]) > level:
                found[key] = block(depth(rows[0]))
            else:
                found[key] = None
            if rest.startswith("&"):
                anchors[rest[1:]] = found[key]
        assert not rows or depth(rows[0]) < level, f"unexpected indent: {rows[0]}"
        return found

    def listed(level: int):
        items = []
        while rows and depth(rows[0]) == level and rows[0].lstrip().startswith("- "):
            items.append(rows.pop(0).strip()[2:].strip('"'))
        return items

    found = block(0)
    assert not rows
    return found


@pytest.fixture(scope="module")
def image():
    return instructions(DOCKERFILE.read_text())


@pytest.fixture(scope="module")
def everything():
    return yaml(COMPOSE.read_text())["services"]


@pytest.fixture(scope="module")
def services(everything):
    return {role: everything[role] for role in ROLES}


def test_the_base_is_pinned_and_every_stage_is_used(image):
    stages = [rest for word, rest in image if word == "FROM"]
    assert len(stages) == 2
    for stage in stages:
        assert re.match(r"python:3\.11-slim-bookworm( AS \w+)?$", stage)
    assert any(word == "COPY" and "--from=build" in rest for word, rest in image)


def test_the_program_is_not_root(image):
    last = max(at for at, (word, _) in enumerate(image) if word == "FROM")
    users = [rest for word, rest in image[last:] if word == "USER"]
    assert users == ["10001:10001"]
    after = [word for word, _ in image[image.index(("USER", users[0])) :]]
    assert "RUN" not in after
    assert "COPY" not in after


def test_only_what_is_named_comes_in_and_it_exists(image):
    allowed = (ROOT / "docker/Dockerfile.dockerignore").read_text().splitlines()
    assert "**" in allowed
    for word, rest in image:
        assert word != "ADD"
        if word != "COPY" or "--from=" in rest:
            continue
        sources = [part for part in rest.split() if not part.startswith("--")][:-1]
        for source in sources:
            assert (ROOT / source).exists(), source
            assert "!" + source in allowed, source
            assert source != "."


def test_no_secret_is_baked_in(image):
    assert not [rest for word, rest in image if word == "ARG"]
    for word, rest in image:
        if word == "ENV":
            assert not SECRET.search(rest)


def test_it_says_whether_it_is_well_and_starts_by_list(image):
    by_word = dict(image)
    assert "CMD [" in by_word["HEALTHCHECK"]
    assert "/health" in by_word["HEALTHCHECK"]
    assert by_word["ENTRYPOINT"].startswith("[")
    assert by_word["CMD"] == '["serve"]'
    assert by_word["VOLUME"] == "/data /kek"


def test_the_health_check_is_a_program_that_compiles(image):
    code = re.search(r'"-c", "(.*)"\]', dict(image)["HEALTHCHECK"])[1]
    compile(code, "HEALTHCHECK", "exec")
    assert "'/data/server.json'" in code


def test_the_start_script_is_sound():
    script = ROOT / "docker/start.sh"
    assert script.stat().st_mode & 0o111
    assert subprocess.run(["sh", "-n", str(script)], check=False).returncode == 0
    assert "set -eu" in script.read_text()
    assert settings.FILE_NAME in script.read_text()


def start(folder: Path, *arguments: str) -> list[str]:
    """Run the start script with a `penstock` that only notes how it was called."""
    folder.mkdir(exist_ok=True)
    stub = folder / "penstock"
    stub.write_text(f'#!/bin/sh\necho "$@" >> {folder}/calls\n[ "$1" != init ] || touch {folder}/penstock.toml\n')
    stub.chmod(0o755)
    environment = {"PATH": f"{folder}:/usr/bin:/bin", "PENSTOCK_DATA": str(folder)}
    subprocess.run([str(ROOT / "docker/start.sh"), *arguments], check=True, env=environment)
    return (folder / "calls").read_text().splitlines()


def test_a_fresh_volume_is_initialised_once(tmp_path):
    assert start(tmp_path, "serve") == ["init", "serve"]
    assert start(tmp_path, "serve") == ["init", "serve", "serve"]


def test_one_service_for_each_role_and_what_they_lean_on(services, everything):
    assert set(everything) == ROLES | {"chain", "database", "buckets"}
    assert {name: service["environment"]["PENSTOCK_PARTICIPANT_ROLES"] for name, service in services.items()} == {
        role: role for role in ROLES
    }


def test_every_variable_is_a_setting_and_the_settings_agree(services, tmp_path):
    (tmp_path / settings.FILE_NAME).write_text("")
    for name, service in services.items():
        loaded = settings.load(tmp_path, service["environment"])
        assert loaded.url == f"http://{name}:{loaded.server.port}"
        assert loaded.space.exchange == ("" if name == "exchange" else "http://exchange:7001")
        assert service["ports"] == [f"127.0.0.1:{loaded.server.port}:{loaded.server.port}"]
        assert loaded.chain.rpc == "http://chain:8545"
        assert bool(loaded.store.database) == (name == "exchange")
        assert bool(loaded.vault.blobs) == (name == "provider")


def test_a_secret_is_handed_in_and_stands_nowhere(everything):
    for service in everything.values():
        for variable, value in service.get("environment", {}).items():
            if SECRET.search(variable) and variable not in NAMES:
                assert value == HANDED_IN
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert "docker/.env" in ignored


def test_peers_live_in_the_network_that_is_allowed(services):
    compose = yaml(COMPOSE.read_text())
    subnet = re.search(r"subnet: (\S+)", COMPOSE.read_text())[1]
    assert ipaddress.ip_network(subnet).is_private
    assert set(compose["networks"]) == {"space"}
    for service in services.values():
        assert service["environment"]["PENSTOCK_SERVER_NETWORKS"] == subnet


def test_no_service_has_more_power_than_it_needs(everything):
    for name, service in everything.items():
        assert ("ports" in service) == (name in ROLES)
        assert "privileged" not in service
        assert "network_mode" not in service
        assert "pid" not in service
        assert service["read_only"] == "true"
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["mem_limit"]
        assert not [volume for volume in service["volumes"] if volume.startswith(("/", "."))]


def test_each_service_keeps_its_own_volume(services, everything):
    volumes = yaml(COMPOSE.read_text())["volumes"]
    used = [volume.partition(":")[0] for service in everything.values() for volume in service["volumes"]]
    assert sorted(used) == sorted(volumes)
    assert {name: service["volumes"] for name, service in services.items()} == {
        role: [f"{role}:/data", f"{role}-kek:/kek"] for role in ROLES
    }


def test_everybody_waits_for_what_it_leans_on(services):
    for name, service in services.items():
        waits = service["depends_on"]
        assert set(waits) == AROUND.get(name, {"exchange"})
        assert all(one == {"condition": "service_healthy"} for on, one in waits.items() if on != "buckets")


def test_chain_and_buckets_are_what_the_tests_run_against():
    assert nodes.ANVIL in (ROOT / "docker/anvil.Dockerfile").read_text()
    assert f"s3s-fs --version {VERSION} --features binary" in (ROOT / "docker/s3.Dockerfile").read_text()


def test_the_reader_refuses_what_it_does_not_know():
    with pytest.raises(AssertionError):
        yaml("a: 1\na: 2\n")
    with pytest.raises(AssertionError):
        yaml("a:\n  b: 1\n    c: 2\n")


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_hadolint_finds_nothing(path, absent):
    hadolint = shutil.which("hadolint", path=Path(sys.executable).parent) or shutil.which("hadolint")
    if hadolint is None:
        absent("hadolint is not installed (development extra)")
    done = subprocess.run([hadolint, str(path)], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_compose_itself_reads_the_file(absent):
    if shutil.which("docker") is None or subprocess.run(COMPOSED, check=False, capture_output=True).returncode:
        absent("docker compose is not here", optional=True)
    environment = {**os.environ, "TRIAL_SECRET": "x"}
    done = subprocess.run(
        [*COMPOSED[:2], "--file", str(COMPOSE), "config", "--quiet"],
        check=False, capture_output=True, text=True, env=environment,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
