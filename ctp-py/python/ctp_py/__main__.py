"""`python -m ctp_py demo` and `python -m ctp_py version LIBRARY`."""

from __future__ import annotations

import argparse
import sys

import ctp_py


def main(arguments: list[str] | None = None) -> int:
    """Runs the command and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ctp_py", description="The CTP gateway for Python.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help="run market data and trading on the simulator")
    show = commands.add_parser("version", help="show the version of a CTP library")
    show.add_argument("library", metavar="LIBRARY")
    given = parser.parse_args(arguments)
    try:
        return demo() if given.command == "demo" else version(given.library)
    except ctp_py.CtpError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def demo() -> int:
    """Runs both demos, as if they were called without arguments."""
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


if __name__ == "__main__":
    sys.exit(main())
