"""`python -m tests.simulation`: see `tests.simulation.simulate`."""

import os
import sys

from tests.simulation.simulate import main

if __name__ == "__main__":
    # the order of a set is drawn by each process anew, unless it is told
    if os.environ.get("PYTHONHASHSEED") != "0":
        told = [sys.executable, "-m", "tests.simulation", *sys.argv[1:]]
        os.execve(sys.executable, told, {**os.environ, "PYTHONHASHSEED": "0"})
    sys.exit(main())
