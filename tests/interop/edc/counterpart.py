"""A stock Eclipse Dataspace Connector: resolved by Maven, run from its class path, driven by its management API v3.

Its identity is the development one of its own (`iam-mock`): a JSON object in `Authorization`, of which `region` is read
as who sends. One such text serves both directions with a static development peer of ours.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connector.demo.processes import free_ports
from tests.interop.resolve import MAVEN_SECONDS, end, run

HERE = Path(__file__).parent
VERSION = os.environ.get("EDC_VERSION", "0.14.0")
# up to 0.14 it keeps the references to data of its pulls for its users; later ones are told by a callback
KEEPS_REFERENCES = tuple(map(int, VERSION.split(".")[:2])) < (0, 15)
MAVEN = ["mvn", "-q", "-B", "dependency:build-classpath", "-Dmdep.outputFile=classpath", f"-Dedc.version={VERSION}"]
MAVEN += [] if KEEPS_REFERENCES else ["-Dno.references"]
MAIN = "org.eclipse.edc.boot.system.runtime.BaseRuntime"
NAME, KEY = "counterpart", "password"
NS = "https://w3id.org/edc/v0.0.1/ns/"
CONTEXT = {"@vocab": NS}
PROTOCOL = "dataspace-protocol-http:2025-1"
MACHINES = ("negotiation.consumer", "negotiation.provider", "transfer", "dataplane")
DOORS = ("default", "control", "management", "protocol", "public", "version")
READY_SECONDS = 180
STEP_SECONDS = 180.0  # of a negotiation or a transfer among many; alone it takes two with the default loop
READY_EACH_SECONDS = 0.2
LOG_LINES = 80
# the first is how often its state machines look, as it comes and as its operators tune it
LOOPS = {"default": {}, "tuned": {"iteration-wait-millis": "20", "batch-size": "100"}}


async def resolve(folder: Path) -> str:
    """Return the class path of the stock connector; what there is not, in Maven's own words."""
    if absent := [tool for tool in ("java", "mvn") if shutil.which(tool) is None]:
        sys.exit(f"the stock connector cannot be resolved: {', '.join(absent)} absent; it needs Java 17 and Maven")
    shutil.copy(HERE / "pom.xml", folder)
    code, said = await run(MAVEN, folder, MAVEN_SECONDS)
    if code != 0:
        sys.exit(f"Eclipse EDC {VERSION} cannot be resolved:\n{said}")
    return (folder / "classpath").read_text().strip()


def dsp(ports) -> str:
    """Return below which address a stock connector with these ports answers the protocol."""
    return f"http://localhost:{dict(zip(DOORS, ports, strict=True))['protocol']}/dsp"


class Counterpart:
    """A running stock connector; `authorization` is what it sends us, and takes from us."""

    def __init__(self, ports, us: str, url: str, session: aiohttp.ClientSession, name: str = NAME) -> None:
        self.ports, self._session, self.name, self.pid = dict(zip(DOORS, ports, strict=True)), session, name, 0
        self.dsp = dsp(ports)
        self.protocol = f"{self.dsp}/2025-1"
        # as its own JSON writes it, member by member
        said = {"region": us, "audience": f"{url}/dsp", "clientId": name}
        self.authorization = orjson.dumps(said).decode()

    async def call(self, method: str, path: str, body=None):
        """Call the management API; return what it answers, as decoded JSON, or what it refuses with."""
        url = f"http://localhost:{self.ports['management']}/management/v3/{path}"
        async with self._session.request(method, url, json=body, headers={"x-api-key": KEY}) as answer:
            text = await answer.text()
            assert answer.status < 300, f"{method} {path}: {answer.status} {text}"
            return orjson.loads(text) if text else None

    async def until(self, path: str, states, seconds: float = STEP_SECONDS):
        """Return the process at `path` as soon as it is in one of `states`."""
        found = None
        try:
            async with asyncio.timeout(seconds):
                while (found := await self.call("GET", path))["state"] not in states:
                    await asyncio.sleep(0.05)
        except TimeoutError as late:
            raise AssertionError(f"after {seconds:g} s it is {found}") from late
        return found

    async def reference(self, pid: str, seconds: float = STEP_SECONDS) -> dict[str, str]:
        """Return its reference to the data of a transfer, which it keeps a moment after the start."""
        async with asyncio.timeout(seconds):
            while not await self.call("POST", "edrs/request", _query("transferProcessId", pid)):
                await asyncio.sleep(READY_EACH_SECONDS)
        return await self.call("GET", f"edrs/{pid}/dataaddress")


def _query(field: str, value: str) -> dict:
    one = {"@type": "Criterion", "operandLeft": field, "operator": "=", "operandRight": value}
    return {"@context": CONTEXT, "@type": "QuerySpec", "filterExpression": [one]}


@asynccontextmanager
async def running(folder: Path, classpath: str, us: str, url: str, loop: str = "default", name: str = NAME):
    """Run the stock connector, called `name`, as a peer of `us` at `url`: it says who it is as `us`, to whomever."""
    ports = free_ports(len(DOORS))
    async with aiohttp.ClientSession() as session:
        found = Counterpart(ports, us, url, session, name)
        settings = folder / f"{loop}.properties"
        settings.write_text("".join(f"{name}={value}\n" for name, value in _settings(found, us, loop).items()))
        with (folder / f"{loop}.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                "java",
                f"-Dedc.fs.config={settings}",
                "-cp",
                classpath,
                MAIN,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
            )
            found.pid = process.pid
            try:
                await _ready(found, process, folder / f"{loop}.log")
                yield found
            finally:
                await end(process)


async def _ready(found: Counterpart, process, log: Path) -> None:
    async with asyncio.timeout(READY_SECONDS):
        while process.returncode is None:
            try:
                await found.call("POST", "assets/request", {"@context": CONTEXT, "@type": "QuerySpec"})
            except (aiohttp.ClientError, AssertionError):
                await asyncio.sleep(READY_EACH_SECONDS)
            else:
                return
    said = "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:])
    sys.exit(f"the stock connector did not begin:\n{said}")


def _settings(found: Counterpart, us: str, loop: str) -> dict[str, str]:
    paths = {"default": "/api", "version": "/version", "protocol": "/dsp"}
    told = {}
    for door, port in found.ports.items():
        infix = "" if door == "default" else f"{door}."
        told |= {f"web.http.{infix}port": str(port), f"web.http.{infix}path": paths.get(door, f"/{door}")}
    told |= {
        "edc.participant.id": found.name,
        "edc.runtime.id": found.name,
        "web.http.management.auth.type": "tokenbased",
        "web.http.management.auth.key": KEY,
        "edc.dsp.callback.address": found.dsp,
        "edc.agent.identity.key": "region",
        "edc.mock.region": us,
        "edc.dataplane.api.public.baseurl": f"http://localhost:{found.ports['public']}/public",
        "edc.dpf.selector.url": f"http://localhost:{found.ports['control']}/control/v1/dataplanes",
    }
    for name, value in LOOPS[loop].items():
        told |= {f"edc.{machine}.state-machine.{name}": value for machine in MACHINES}
    return told | _token_keys()


def _token_keys() -> dict[str, str]:
    """Draw the key pair of its pull tokens, as settings that stand in for secrets of a vault."""
    key, pem = ec.generate_private_key(ec.SECP256R1()), serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    told = {
        "edc.transfer.proxy.token.signer.privatekey.alias": "private",
        "edc.transfer.proxy.token.verifier.publickey.alias": "public",
        "private": private.decode(),
        "edc.iam.publickeys.own.id": "public",
        "edc.iam.publickeys.own.value": public.decode(),
    }
    return {name: value.replace("\n", "\\n") for name, value in told.items()}
