"""What the demo scripts share: options, contracts of the day, and an end without a traceback."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import ctp_py

SIMULATOR_FRONT = "sim://demo"

#: Exit code after Ctrl-C, as shells expect it.
INTERRUPTED = 130


class DemoError(Exception):
    """Something that the user of a demo should read."""


@dataclass
class Options:
    """Where to connect, and as whom. The defaults are those of the simulator."""

    library: str | None = None
    front: str = field(default="", repr=False)
    broker: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    app_id: str = ""
    auth_code: str = field(default="", repr=False)
    flow_dir: str | None = None
    instruments: list[str] = field(default_factory=list)
    ticks: int = 5
    timeout: float = 30.0
    place_order: bool = False

    @property
    def front_shown(self) -> str:
        """The front without the proxy that may stand behind it with a password."""
        return self.front.split(" ")[0]


def parse(description: str, arguments: list[str] | None) -> Options:
    """Reads command line, environment and configuration file, in this order of precedence."""
    parser = argparse.ArgumentParser(
        description=description,
        epilog="Secrets never stand on the command line: CTP_PASSWORD and CTP_AUTH_CODE, or password and "
        "auth_code in the file. Without --library everything runs on the simulator.",
    )
    parser.add_argument("--config", metavar="FILE", help="TOML file with the same names (app_id, flow_dir, …)")
    parser.add_argument("--library", metavar="PATH", help="a CTP library instead of the simulator")
    parser.add_argument("--front", metavar="ADDRESS", help="front address, tcp://host:port")
    parser.add_argument("--broker", help="broker id")
    parser.add_argument("--user", help="user id, also used as investor id")
    parser.add_argument("--app-id", help="client id for authentication")
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
    if "instruments" in given:
        given["instruments"] = [part.strip() for part in given["instruments"].split(",") if part.strip()]
    settings = read_config(given.pop("config", None))
    for name, variable in (("password", "CTP_PASSWORD"), ("auth_code", "CTP_AUTH_CODE")):
        if os.environ.get(variable):
            settings[name] = os.environ[variable]
    return complete(Options(**{**settings, **given}))


def read_config(path: str | None) -> dict[str, Any]:
    """Reads a TOML file into the names of `Options`."""
    if path is None:
        return {}
    if sys.version_info < (3, 11):
        raise DemoError(f"cannot read {path}: --config needs Python 3.11 or newer; use arguments instead")
    import tomllib

    try:
        values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DemoError(f"cannot read {path}: {error}") from None
    # Orders on a real front are allowed by the argument alone, each time.
    known = [name for name in Options.__dataclass_fields__ if name != "place_order"]
    for name in values:
        if name not in known:
            raise DemoError(f"{path}: unknown name {name}; known are {', '.join(known)}")
        if name in ("ticks", "timeout") and not isinstance(values[name], (int, float)):
            raise DemoError(f"{path}: {name} is a number; write it without quotes")
        if name not in ("ticks", "timeout", "instruments") and not isinstance(values[name], str):
            raise DemoError(f"{path}: {name} is text; write it in quotes")
    if isinstance(values.get("instruments"), str):
        values["instruments"] = [values["instruments"]]
    return values


def complete(options: Options) -> Options:
    """Fills in the simulator's defaults, or says what a real front needs."""
    if options.library is None:
        options.front = options.front or SIMULATOR_FRONT
        if not options.front.startswith("sim://"):
            raise DemoError(f"front {options.front_shown} needs a CTP library: pass --library")
        options.broker = options.broker or "9999"
        options.user = options.user or "demo"
        options.password = options.password or "simulator"
        options.app_id = options.app_id or "ctp_py_demo"
        options.auth_code = options.auth_code or "0000000000000000"
    elif not options.front:
        raise DemoError("a library needs a front: pass --front tcp://host:port")
    if not options.instruments:
        options.instruments = [main_contract("rb"), main_contract("IF")]
    return options


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


def explain(rsp_info: ctp_py.RspInfoField | None) -> str | None:
    """Returns what went wrong, or `None` when nothing did."""
    if rsp_info is None or rsp_info.ErrorID == 0:
        return None
    symbol = ctp_py.error_symbol(rsp_info.ErrorID)
    return f"{rsp_info.ErrorMsg} (error {rsp_info.ErrorID}{f' {symbol}' if symbol else ''})"


def price(value: float | None) -> str:
    """Returns a price for people; CTP's missing price is a dash."""
    return "-" if value is None else f"{value:g}"


def run(demo: Callable[[list[str] | None], None], arguments: list[str] | None) -> int:
    """Runs a demo and returns the exit code: errors are one line, Ctrl-C ends without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal without Chinese characters shows question marks instead of a traceback.
            stream.reconfigure(errors="replace")
    try:
        demo(arguments)
    except (DemoError, ctp_py.CtpError, ValueError, TypeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted 已中断")
        return INTERRUPTED
    return 0


