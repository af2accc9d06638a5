"""The command line in this process, and a server in a thread for the verbs that talk to one."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import ExitStack, contextmanager

import pytest
from aiohttp import web
from click.testing import CliRunner

from connector.cli import speak
from connector.identity import keys
from connector.runtime import settings
from tests.api.command import COMMAND

TOKEN = "a-management-token"


class Said:
    """What a command printed and how it ended."""

    def __init__(self, result):
        self.code, self.out, self.err = result.exit_code, result.stdout, result.stderr
        self.fault = result.exception

    @property
    def json(self):
        lines = self.out.splitlines()
        assert len(lines) == 1, f"not one object on stdout: {self.out!r}"
        return json.loads(lines[0])


@pytest.fixture
def penstock(monkeypatch):
    """Run a command, for example penstock("find", "weather")."""
    monkeypatch.delenv("PENSTOCK_DATA", raising=False)
    monkeypatch.setattr(speak, "ACTING", [])

    def run(*arguments):
        said = Said(CliRunner().invoke(COMMAND(), [str(each) for each in arguments]))
        assert said.fault is None or isinstance(said.fault, SystemExit), said.fault
        return said

    return run


@contextmanager
def serving(application):
    """Serve an aiohttp application from a thread; yield its base URL."""
    loop, ready, where = asyncio.new_event_loop(), threading.Event(), []
    over = asyncio.Event()  # a loop that is told to stop before it runs for ever would not hear it

    async def serve():
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        where.append(runner.addresses[0][1])
        ready.set()
        await over.wait()
        await runner.cleanup()

    def work():
        loop.run_until_complete(serve())
        loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert ready.wait(10)
    try:
        yield f"http://localhost:{where[0]}"
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()


@pytest.fixture
def served():
    """Serve applications until the end of the test."""
    with ExitStack() as stack:
        yield lambda application: stack.enter_context(serving(application))


@pytest.fixture
def participant(tmp_path):
    """Make a data directory with settings ("section.key" → value), keys and a management token."""

    def make(**values):
        data = tmp_path / "data"
        data.mkdir(mode=0o700)
        told = {key.replace("__", "."): value for key, value in values.items()}
        settings.write_default(data / settings.FILE_NAME, {"server.development": True} | told)
        keys.create(data / "keys")
        token = data / "management.token"
        token.write_text(TOKEN)
        token.chmod(0o600)
        return data

    return make


class Management:
    """A management API that answers what it was given and keeps what it was asked."""

    def __init__(self):
        self.asked, self.answers = [], {}
        self.application = web.Application()
        self.application.router.add_route("*", "/management/{tail:.+}", self.handle)

    async def handle(self, request):
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({}, status=401)
        body = await request.json() if request.can_read_body else None
        self.asked.append((request.method, request.path_qs.removeprefix("/management/"), body))
        path = request.rel_url.raw_path.removeprefix("/management/")
        answer = self.answers[path]
        status, value = (answer.pop(0) if len(answer) > 1 else answer[0]) if isinstance(answer, list) else answer
        return web.json_response(value, status=status)


@pytest.fixture
def management(served, participant):
    """A participant whose server is a `Management`; `.data` is its directory."""
    made = Management()
    made.data = participant()
    url = served(made.application)
    (made.data / "server.json").write_text(json.dumps({"url": url, "pid": 1}))
    return made
