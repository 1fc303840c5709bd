"""`python -m ctp_py.sim`: run somebody else's CTP script on the simulator, or say where its libraries lie."""

from __future__ import annotations

import argparse
import os
import sys

from ctp_py.sim import LibraryError, SimulatorError, libraries, versions
from ctp_py.sim._libraries import LOCALE
from ctp_py.sim._run import run

#: What a wrong call returns, as argparse does.
WRONG_CALL = 2


def main(arguments: list[str] | None = None) -> int:
    """Runs the command and returns the exit code; a script's own `SystemExit` goes through."""
    parser = argparse.ArgumentParser(prog="python -m ctp_py.sim", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    runner = commands.add_parser(
        "run",
        help="run a Python script that uses another CTP package on the simulator",
        usage="%(prog)s --as VERSION [--front ADDRESS] SCRIPT [ARGUMENT ...]\n"
        "       %(prog)s --as VERSION [--front ADDRESS] -m MODULE [ARGUMENT ...]",
    )
    _version(runner)
    runner.add_argument(
        "--front",
        metavar="ADDRESS",
        help="replaces every front that the script registers: sim://NAME or tcp://HOST:PORT; several with commas",
    )
    where = commands.add_parser("where", help="print the folder of a version's libraries, for LD_LIBRARY_PATH")
    _version(where)
    what = where.add_mutually_exclusive_group()
    what.add_argument("--ld-preload", action="store_true", help="print what LD_PRELOAD takes instead")
    what.add_argument("--core", action="store_true", help="print the library that all versions share instead")
    what.add_argument("--locale", action="store_true", help="print the stand-in for the locale zh_CN.GB18030 instead")
    commands.add_parser("versions", help="print the versions that there are")
    ours, command = _split(sys.argv[1:] if arguments is None else arguments)
    given = parser.parse_args(ours)
    try:
        if given.command == "versions":
            print("\n".join(versions()))
        elif given.command == "where":
            print(_where(given))
        else:
            return _run(runner, given, command)
    except SimulatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Returns our own arguments, and those from the script, or `-m`, on."""
    if arguments[:1] != ["run"]:
        return arguments, []
    place = 1
    while place < len(arguments) and arguments[place].startswith("-") and arguments[place] not in ("-m", "--"):
        place += 2 if arguments[place] in ("--as", "--front") else 1
    command = arguments[place + 1 :] if arguments[place : place + 1] == ["--"] else arguments[place:]
    return arguments[:place], command


def _version(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--as",
        dest="version",
        metavar="VERSION",
        required=True,
        help="the version of the CTP library that the client was built with, for example 6.7.11",
    )


def _where(given: argparse.Namespace) -> str:
    found = libraries(given.version)
    if given.core:
        return str(found.core)
    if given.locale:
        if found.locale is None:
            raise LibraryError(f"no {LOCALE} beside {found.folder}: the simulator is not complete; reinstall ctp-py")
        return str(found.locale)
    if given.ld_preload:
        return ":".join(str(path) for path in (found.md, found.trader, found.locale) if path)
    return str(found.folder)


def _run(parser: argparse.ArgumentParser, given: argparse.Namespace, command: list[str]) -> int:
    if not command or command == ["-m"]:
        parser.error("what is to be run is missing: name a script, or -m and a module")
    if command[0] != "-m" and not os.path.exists(command[0]):
        print(f"error: no such script: {command[0]}", file=sys.stderr)
        return WRONG_CALL
    run(given.version, given.front, command)
    return 0


if __name__ == "__main__":
    sys.exit(main())
