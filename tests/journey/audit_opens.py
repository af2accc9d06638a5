"""Run `penstock audit` and say which files its process opened.

    python tests/journey/audit_opens.py --exchange URL --data DIR [--development] …
    {"exit": 0, "opened": ["/abs/path", …], "started": ["program", …], "answer": {…}}

An audit hook of the interpreter sees every file that Python code opens, lists or gives to sqlite from here on, and
every process it starts (there should be none: it could open files unseen). What C libraries open by themselves (the
name resolver, OpenSSL's certificates) is not seen; they know nothing of participants.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys

FILE_EVENTS = {"open", "os.listdir", "os.scandir", "os.chdir", "os.link", "os.rename", "os.symlink", "sqlite3.connect"}
PROCESS_EVENTS = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"}

opened: dict[str, None] = {}
started: dict[str, None] = {}


def watch(event: str, arguments: tuple[object, ...]) -> None:
    if event in FILE_EVENTS:
        for path in arguments[:2] if event in ("os.link", "os.rename", "os.symlink") else arguments[:1]:
            if isinstance(path, str | bytes | os.PathLike):
                opened[os.path.realpath(os.fsdecode(path))] = None
    elif event in PROCESS_EVENTS:
        started[str(arguments[0])] = None


def main() -> None:
    sys.addaudithook(watch)
    from connector.cli.main import app

    output, code = io.StringIO(), 0
    with contextlib.redirect_stdout(output):
        try:
            app(["audit", "--json", *sys.argv[1:]])
        except SystemExit as ended:
            code = int(ended.code or 0)
    answer = json.loads(output.getvalue() or "null")
    told = {"exit": code, "opened": sorted(opened), "started": sorted(started), "answer": answer}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
