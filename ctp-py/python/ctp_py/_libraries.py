"""The libraries that drop-ins load: chosen in code, else by the environment, else the simulator."""

from __future__ import annotations

import os
from os import PathLike

_chosen: dict[str, str | PathLike[str] | None] = {"md": None, "trader": None}

#: Where a library is looked for that was not chosen in code.
VARIABLES = {"md": "CTP_MD_LIBRARY", "trader": "CTP_TRADER_LIBRARY"}

#: How many ticks wait for a slow callback of `ctp_py.vnpy` before the oldest go.
tick_capacity = 16_384


def choose(md: str | PathLike[str] | None, trader: str | PathLike[str] | None) -> None:
    """Has drop-ins load these; `None` leaves what was chosen before."""
    for kind, library in (("md", md), ("trader", trader)):
        if library is not None:
            _chosen[kind] = library


def chosen(kind: str) -> str | PathLike[str] | None:
    """Returns the library, `None` for the simulator's."""
    return _chosen[kind] or os.environ.get(VARIABLES[kind]) or None
