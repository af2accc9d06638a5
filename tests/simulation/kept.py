"""Seeds that were played and held, kept in a file: a run of hours that was interrupted goes on where it was.

A line each, after one that says of which program they are and which seed was the first. Another one begins anew:
what held with one says nothing of the next. A seed that broke is not kept, so it is played again.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def program():
    """Return what is played: the commit, and the digest of what differs from it."""

    def git(*words):
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=True).stdout

    return (
        f"{git('rev-parse', 'HEAD').decode().strip()} {hashlib.sha256(git('diff', 'HEAD', '--', '*.py')).hexdigest()}"
    )


class Kept:
    """What `path` holds of this program and of plans so drawn; `first` is its first seed, or the one that is given."""

    def __init__(self, path, first, **drawn):
        self.path, self.seeds, self.figures = path, set(), Counter()
        head, *lines = path.read_text().splitlines() if path.exists() else [""]
        begun = json.loads(head or "{}")
        of = {"program": program(), "drawn": drawn}
        if {name: begun.get(name) for name in of} != of:
            self.first = first
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(of | {"first": first}))
            return
        self.first = begun["first"]
        # a line that was cut off has no end
        for line in (one for one in lines if one.endswith("}}")):
            told = json.loads(line)
            self.seeds.add(told["seed"])
            self.figures.update(told["figures"])

    def keep(self, played):
        """Say that this seed has held."""
        with self.path.open("a") as file:
            # the end of a line before it, lest it goes on in one that was cut off
            file.write("\n" + json.dumps({"seed": played.seed, "figures": played.figures}))
