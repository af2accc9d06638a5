"""The official kit as a class path: resolved by Maven when it is asked for; nothing of it is kept here."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
TOOLS = ("java", "javac", "mvn")
MAVEN = ["mvn", "-q", "-B", "dependency:build-classpath", "-Dmdep.outputFile=classpath"]
# a cold resolution fetches some forty artefacts
MAVEN_SECONDS = 600
COMPILE_SECONDS = 120
GROUP = "org.eclipse.dataspacetck.dsp"
NEWEST = "1.0.1"
PARTS = ("dsp-api", "dsp-system", "dsp-metadata", "dsp-catalog", "dsp-contract-negotiation", "dsp-transfer-process")
PARTS += ("core", "boot", "tck-runtime")
PARTS_VERSION = "1.0.0-RC6"
# the first that Maven finds is run
CANDIDATES = {
    f"dsp-tck {NEWEST}": [(GROUP, "dsp-tck", NEWEST)],
    f"dsp-tck {PARTS_VERSION}, by its modules": [(GROUP, part, PARTS_VERSION) for part in PARTS],
}
# the HTTP client's own artefact is an empty shell to Maven, which does not read its other metadata
CLIENT = ("com.squareup.okhttp3", "okhttp-jvm", "5.3.0")


async def resolve(folder: Path, candidates=CANDIDATES, programs: Path = HERE) -> tuple[str, str]:
    """Return which version there is and its class path, our programs on it; what there is not, in Maven's own words."""
    if absent := [tool for tool in TOOLS if shutil.which(tool) is None]:
        sys.exit(f"the kit cannot be resolved: {', '.join(absent)} absent; it needs Java 17 and Maven")
    for version, dependencies in candidates.items():
        (folder / "pom.xml").write_text(_project([*dependencies, CLIENT]))
        code, said = await run(MAVEN, folder, MAVEN_SECONDS)
        if code == 0:
            classpath = (folder / "classpath").read_text().strip()
            return version, await _compiled(folder, classpath, programs)
        why = next((line for line in said.splitlines() if "ERROR" in line), said)
        sys.stdout.write(f"{version} cannot be resolved: {why.rpartition('[ERROR] ')[2].strip()}\n")
    sys.exit("the kit cannot be resolved, in no version that we know; nothing else stands in for it")


async def _compiled(folder: Path, classpath: str, programs: Path) -> str:
    written = map(str, sorted(programs.glob("*.java")))
    code, said = await run(["javac", "-cp", classpath, "-d", str(folder), *written], folder, COMPILE_SECONDS)
    if code != 0:
        sys.exit(f"the kit is another than we know\n{said}")
    return f"{folder}{os.pathsep}{classpath}"


async def run(command: list[str], folder: Path, seconds: float) -> tuple[int, str]:
    """Run a command to its end; return its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(seconds):
            said, _ = await process.communicate()
    except TimeoutError:
        return 1, f"ERROR: `{command[0]}` did not end within {seconds} s"
    finally:
        await end(process)
    return process.returncode or 0, said.decode(errors="replace")


async def end(process: asyncio.subprocess.Process) -> None:
    """Kill a process that still runs, and wait for it."""
    if process.returncode is None:
        process.kill()
    await process.wait()


def _project(dependencies) -> str:
    rows = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version></dependency>"
        for group, name, version in dependencies
    )
    head = '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
    named = "<groupId>x</groupId><artifactId>x</artifactId><version>1</version>"
    return f"{head}{named}<dependencies>{rows}</dependencies></project>"
