"""The link goes down, disks run full: told in `tests.fault.apart`, each in a namespace of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.fault.apart import APART, STORIES
from tests.fault.extent import APARTS, drawn

LONGEST_SECONDS = 300

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def namespace(absent):
    """The beginning of a command that runs in a namespace with a link and mounts of its own."""
    tried = [*APART, "sh", "-c", "ip link set lo up && mount -t tmpfs none /mnt"]
    said = subprocess.run(tried, capture_output=True, text=True, check=False)
    if said.returncode:
        absent(f"no namespace with a link and a disk of its own can be made here: {said.stderr.strip()}")
    return APART


@pytest.mark.parametrize("story", drawn(STORIES, 1))
def test_a_story_in_a_namespace_ends_right(tmp_path, namespace, story, record_property):
    told = [*namespace, sys.executable, "-m", "tests.fault.apart", story, str(tmp_path)]
    said = subprocess.run(told, stderr=subprocess.PIPE, text=True, timeout=LONGEST_SECONDS, check=False)
    assert said.returncode == 0, said.stderr
    record_property(APARTS, 1)
