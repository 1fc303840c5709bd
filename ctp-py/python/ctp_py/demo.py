"""What the demo scripts share: options, contracts of the day, and an end without a traceback."""

from __future__ import annotations

import argparse
import asyncio
import io
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Any, TypeVar

import ctp_py

T = TypeVar("T")

SIMULATOR_FRONT = "sim://demo"

#: Exit code after Ctrl-C, as shells expect it.
INTERRUPTED = 130


class DemoError(Exception):
    """Something that the user of a demo should read."""


@dataclass
class Options:
    """Where to connect and as whom, in the words of `MdClient` and `TdClient`; and what to show."""

    #: A configuration file or a simulated front; `None` when everything stands in the settings.
    source: str | None = SIMULATOR_FRONT
    #: Keywords over it: front, library, broker_id, user_id, app_id, flow_dir.
    settings: dict[str, Any] = field(default_factory=dict, repr=False)
    instruments: list[str] = field(default_factory=list)
    ticks: int = 5
    timeout: float = 30.0
    place_order: bool = False

    @property
    def front_shown(self) -> str:
        """The front without the proxy that may stand behind it with a password."""
        front: str = self.settings.get("front") or self.source or ""
        return front.split(" ")[0]


def parse(description: str, arguments: list[str] | None) -> Options:
    """Reads the command line. What it leaves out is taken from the file, the environment, or the simulator."""
    parser = argparse.ArgumentParser(
        description=description,
        epilog="Secrets never stand on the command line: CTP_PASSWORD and CTP_AUTH_CODE, or password and "
        "auth_code in the file. Without --config and --library everything runs on the simulator.",
    )
    parser.add_argument("--config", metavar="FILE", help="ctp.toml (docs/configuration.md), or connect_ctp.json")
    parser.add_argument("--library", metavar="PATH", help="a CTP library, or a folder of both, instead of the simulator")
    parser.add_argument("--front", metavar="ADDRESS", help="front address, tcp://host:port")
    parser.add_argument("--broker", metavar="ID", help="broker id")
    parser.add_argument("--user", metavar="ID", help="user id, also used as investor id")
    parser.add_argument("--app-id", metavar="ID", help="client id for authentication")
    parser.add_argument("--flow-dir", metavar="PATH", help="directory of the library's own files")
    parser.add_argument("--instruments", help="contract ids, separated by commas")
    parser.add_argument("--ticks", type=int, help="ticks to print per contract")
    parser.add_argument("--timeout", type=float, help="seconds to wait for an answer")
    parser.add_argument(
        "--place-order",
        action="store_true",
        default=None,
        help="on a library that is not our simulator: send one lot at the far daily limit, and cancel it",
    )
    given = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}
    names = {
        "library": "library",
        "front": "front",
        "broker": "broker_id",
        "user": "user_id",
        "app_id": "app_id",
        "flow_dir": "flow_dir",
    }
    settings = {name: given.pop(option) for option, name in names.items() if option in given}
    if "instruments" in given:
        given["instruments"] = [part.strip() for part in given["instruments"].split(",") if part.strip()]
    return complete(Options(given.pop("config", None), settings, **given))


def complete(options: Options) -> Options:
    """Fills in the simulator, or says what a real front needs."""
    settings = options.settings
    if options.source is None and "library" not in settings:
        front = settings.pop("front", SIMULATOR_FRONT)
        if not front.startswith("sim://"):
            raise DemoError(f"front {front.split(' ')[0]} needs a CTP library: pass --library")
        options.source = front
    elif options.source is None and "front" not in settings:
        raise DemoError("a library needs a front: pass --front tcp://host:port")
    if not options.instruments:
        options.instruments = [main_contract("rb"), main_contract("IF")]
    return options


async def within(options: Options, work: Awaitable[T], what: str) -> T:
    """Waits for something, as long as the options say."""
    try:
        return await asyncio.wait_for(work, options.timeout)
    except asyncio.TimeoutError:
        wait = f"{options.timeout:g} s"
        raise DemoError(f"no {what} within {wait}; check front, contracts and trading hours") from None


def main_contract(product: str, today: date | None = None) -> str:
    """Returns a contract that is listed and traded now: a good guess, not a lookup.

    `rb` trades most in January, May and October; of `IF` the next month is always listed.
    """
    today = today or (datetime.now(timezone.utc) + timedelta(hours=8)).date()
    months = {"rb": (1, 5, 10)}.get(product, range(1, 13))
    year, month = today.year, today.month
    for _ in range(12):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        is_near = product == "rb" and (year - today.year) * 12 + month - today.month < 2
        if month in months and not is_near:
            break
    return f"{product}{year % 100:02}{month:02}"


def price(value: float | None) -> str:
    """Returns a price for people; CTP's missing price is a dash."""
    return "-" if value is None else f"{value:g}"


def run(demo: Callable[[], None]) -> int:
    """Runs a demo and returns the exit code: errors are one line, Ctrl-C ends without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal without Chinese characters shows question marks instead of a traceback.
            stream.reconfigure(errors="replace")
    try:
        demo()
    except (DemoError, ctp_py.CtpError, ValueError, TypeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted 已中断")
        return INTERRUPTED
    return 0
