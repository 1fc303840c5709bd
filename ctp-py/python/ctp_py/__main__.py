"""`python -m ctp_py …` is the command `ctp …`; `demo` and `version` are answered in Python."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import ctp_py

#: The command, and the simulator's libraries that it is to use.
COMMAND = Path(__file__).resolve().parent / "_bin" / "ctp"
SIMULATOR = Path(__file__).resolve().parent / "_sim"

DEMOS = """\
usage: python -m ctp_py demo [-h]

Runs market data and trading on the simulator.
"""


def main(arguments: list[str] | None = None) -> int:
    """Runs the command and returns the exit code; the command `ctp` takes this process over."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        if given[:1] == ["demo"]:
            return demo(given[1:])
        if given[:1] == ["version"] and len(given) == 2 and not given[1].startswith("-"):
            return version(given[1])
        command(given)
    except (ctp_py.CtpError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
    return 1


def demo(arguments: list[str]) -> int:
    """Runs both demos, as if they were called without arguments."""
    if arguments:
        print(DEMOS, end="", file=sys.stdout if arguments[0] in ("-h", "--help") else sys.stderr)
        return 0 if arguments[0] in ("-h", "--help") else 2
    from ctp_py.demos import md_demo, td_demo

    print("== market data ==", flush=True)
    code = md_demo.main([])
    if code != 0:
        return code
    print("\n== trading ==", flush=True)
    return td_demo.main([])


def version(library: str) -> int:
    """Prints what a library is."""
    found = ctp_py.version(library)
    print(f"{found.text}{'  (simulator)' if found.is_simulator else ''}")
    return 0


def command(arguments: list[str]) -> None:
    """Becomes the command `ctp`, on the package's simulator unless `CTP_SIM_DIR` names another.

    Raises:
        OSError: it is not there, or cannot be run.
    """
    if not COMMAND.is_file():
        raise OSError(f"no command at {COMMAND}: it comes with the wheel; reinstall ctp-py")
    if not os.access(COMMAND, os.X_OK):
        # Who unpacks wheels without their permissions.
        COMMAND.chmod(COMMAND.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    environment = dict(os.environ)
    if not environment.get("CTP_SIM_DIR") and SIMULATOR.is_dir():
        environment["CTP_SIM_DIR"] = str(SIMULATOR)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(COMMAND, ["ctp", *arguments], environment)


if __name__ == "__main__":
    sys.exit(main())
