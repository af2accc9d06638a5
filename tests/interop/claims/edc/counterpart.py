"""The stock connector with its modules of DCP: its DID, tokens and credentials are those of a participant of ours."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.interop.edc import counterpart as stock
from tests.interop.resolve import COMPILE_SECONDS, MAVEN_SECONDS, TOOLS, end, run

HERE = Path(__file__).parent
VERSION = "0.14.0"
MAVEN = ["mvn", "-q", "-B", "dependency:build-classpath", "-Dmdep.outputFile=classpath", f"-Dedc.version={VERSION}"]
EXTENSION = "META-INF/services/org.eclipse.edc.spi.system.ServiceExtension"
# it is compiled to begin soon, not to run for days
JAVA = ("java", "-XX:TieredStopAtLevel=1", "-Xmx400m")
LOG = "counterpart.log"
SECRET = "sts"  # its name in the vault
DEMANDED = "MembershipCredential"
# what its policies say of a member, a name of its own vocabulary: `edc:…` on the wire
OPERAND = stock.NS + DEMANDED


@dataclass(frozen=True)
class Identity:
    """As whom the stock connector acts, by whose token service, and whom it believes."""

    did: str
    endpoint: str
    client: str
    secret: str
    issuer: str


async def resolve(folder: Path) -> str:
    """Return the class path of the stock connector, our extension on it; what there is not, in Maven's own words."""
    if absent := [tool for tool in TOOLS if shutil.which(tool) is None]:
        sys.exit(f"the stock connector cannot be resolved: {', '.join(absent)} absent; it needs Java 17 and Maven")
    shutil.copy(HERE / "pom.xml", folder)
    code, said = await run(MAVEN, folder, MAVEN_SECONDS)
    if code != 0:
        sys.exit(f"Eclipse EDC {VERSION} cannot be resolved:\n{said}")
    classpath, made = (folder / "classpath").read_text().strip(), folder / "extension"
    (made / EXTENSION).parent.mkdir(parents=True)
    (made / EXTENSION).write_text("counterpart.Credentials\n")
    compiled = ["javac", "-cp", classpath, "-d", str(made), str(HERE / "Credentials.java")]
    code, said = await run(compiled, folder, COMPILE_SECONDS)
    if code != 0:
        sys.exit(f"Eclipse EDC {VERSION} is another than we know:\n{said}")
    return f"{made}{os.pathsep}{classpath}"


@asynccontextmanager
async def running(folder: Path, classpath: str, identity: Identity, ports: list[int]):
    """Run the stock connector as a participant whose identity hub is elsewhere."""
    async with aiohttp.ClientSession() as session:
        found = stock.Counterpart(ports, identity.did, "", session, identity.did)
        settings = folder / "counterpart.properties"
        settings.write_text("".join(f"{name}={value}\n" for name, value in _settings(found, identity).items()))
        with (folder / LOG).open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *(*JAVA, f"-Dedc.fs.config={settings}", "-cp", classpath, stock.MAIN, "--log-level=DEBUG"),
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
            )
            try:
                await stock._ready(found, process, folder / LOG)
                yield found
            finally:
                await end(process)


def _settings(found: stock.Counterpart, identity: Identity) -> dict[str, str]:
    mocked = ("edc.mock.region", "edc.agent.identity.key")
    told = {name: value for name, value in stock._settings(found, "", "tuned").items() if name not in mocked}
    return told | {
        "edc.iam.issuer.id": identity.did,
        "edc.iam.did.web.use.https": "false",
        "edc.iam.sts.oauth.token.url": identity.endpoint,
        "edc.iam.sts.oauth.client.id": identity.client,
        "edc.iam.sts.oauth.client.secret.alias": SECRET,
        "edc.iam.trusted-issuer.one.id": identity.issuer,
        "edc.iam.trusted-issuer.one.supportedtypes": f'["{DEMANDED}"]',
        # what is revoked in a journey is seen in the next
        "edc.iam.credential.revocation.cache.validity": "0",
        "counterpart.secret.alias": SECRET,
        "counterpart.secret.value": identity.secret,
        "counterpart.operand": OPERAND,
        "counterpart.scope": f"org.eclipse.edc.vc.type:{DEMANDED}:read",
    }
