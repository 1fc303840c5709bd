"""The simulator that comes with the package: for tests, and for CTP clients that somebody else wrote.

A fresh exchange in virtual time, moved by hand::

    from ctp_py import sim

    with sim.Exchange(start="2026-11-23 10:00:00") as exchange:
        api.RegisterFront(exchange.front)
        exchange.advance("1s")

Another client's library, pointed at the simulator without touching a file or the environment::

    from ctp_py import sim

    sim.preload("6.7.11")
    from openctp_ctp import tdapi

The same for a whole script: ``python -m ctp_py.sim run --as 6.7.11 script.py``. For pytest there is the fixture
``ctp_sim``.
"""

from __future__ import annotations

from ctp_py.sim._errors import (
    AlreadyLoaded as AlreadyLoaded,
    ControlError as ControlError,
    LibraryError as LibraryError,
    SimulatorError as SimulatorError,
    UnknownVersion as UnknownVersion,
)
from ctp_py.sim._exchange import (
    Answer as Answer,
    Exchange as Exchange,
    Setting as Setting,
)
from ctp_py.sim._libraries import Libraries as Libraries, libraries as libraries, versions as versions
from ctp_py.sim._preload import Preloaded as Preloaded, preload as preload
from ctp_py.sim._rows import (
    Account as Account,
    Order as Order,
    Position as Position,
    Session as Session,
    Trade as Trade,
)
