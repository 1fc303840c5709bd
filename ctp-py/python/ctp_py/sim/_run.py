"""`python -m ctp_py.sim run`: a script that knows nothing of the simulator, run on it."""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Sequence

from ctp_py.sim._preload import preload


def run(version: str, front: str | None, command: Sequence[str]) -> None:
    """Runs a script, or with `-m` a module, as if Python had been started with it, on the simulator.

    It returns when the script does; what the script raises, `SystemExit` as well, goes through.

    Raises:
        SimulatorError: the simulator's libraries cannot be loaded.
    """
    preload(version, front)
    first, *rest = command
    if first == "-m":
        module, *rest = rest
        # The script's view of `sys.path` is that of `python -m`.
        sys.path[0] = os.getcwd()
        sys.argv = [module, *rest]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return
    sys.argv = [first, *rest]
    sys.path[0] = os.path.dirname(os.path.realpath(first))
    runpy.run_path(first, run_name="__main__")
