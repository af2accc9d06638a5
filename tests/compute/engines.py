"""Engines as a provider attaches them, each a file of one function."""

MEAN = b"""
def run(parameters, columns, tells):
    [cells] = columns
    there = [one for one in cells if one == one]
    return [sum(there) / len(there) + (parameters[0] if parameters else 0.0)]
"""
SHOUTS = b"""
import time
def run(parameters, columns, tells):
    if 777.0 in columns[0]:
        while parameters[0] == 1: time.sleep(1)
        if parameters[0] == 2: import os; os._exit(3)
        if parameters[0] == 3: return [float("nan")]
        if parameters[0] == 4: return "text"
        if parameters[0] == 5: return [1.0, 2.0]
        return [1e300]
    return [0.0]
"""
REMEMBERS = b"""
runs = []
def run(parameters, columns, tells):
    runs.append(1)
    return [float(len(runs))]
"""
# it tells how much of the world it reaches: 1 where nothing is
REACHES = b"""
import os, socket, subprocess
def tried(what):
    try:
        what()
    except OSError:
        return False
    return True
def run(parameters, columns, tells):
    reached = [
        tried(lambda: open("/tmp/penstock-engine-was-here", "w")),
        tried(lambda: open("/etc/passwd")),
        tried(lambda: socket.create_connection(("127.0.0.1", int(parameters[0])), timeout=1)),
        tried(lambda: open(f"/proc/{os.getppid()}/mem", "rb")),
        tried(lambda: open(parameters and "/root/.bashrc")),
        tried(lambda: os.kill(int(parameters[1]), 0)),
    ]
    return [float(sum(reached))]
"""
# a child of one block that would outlive it, and speak or remember for the next
LINGERS = b"""
import os, time
def run(parameters, columns, tells):
    others = [one for one in os.listdir("/proc") if one.isdigit() and _named(one)]
    if not os.fork():
        os.setsid()
        if not os.fork():
            time.sleep(60)
        os._exit(0)
    return [float(len(others))]
def _named(one):
    try:
        same = os.readlink(f"/proc/{one}/exe") == os.readlink("/proc/self/exe")
        return same and os.getsid(int(one)) == int(one) != os.getpid()
    except OSError:
        return False
"""
FILLS = b"""
def run(parameters, columns, tells):
    held = bytearray(8 << 30)
    return [float(len(held))]
"""
BROKEN = b"""
import nothing_like_it
"""
