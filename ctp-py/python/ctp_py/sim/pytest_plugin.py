"""The pytest plugin of the simulator: the fixture `ctp_sim`, and clients of other packages pointed at it.

It is loaded by pytest wherever ctp-py is installed. In `pyproject.toml`::

    [tool.pytest.ini_options]
    ctp_sim_preload = "6.7.11"          # when the tests use another CTP package, built for that version
    ctp_sim_start = "2026-11-23 10:00:00"
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ctp_py.sim import Exchange

#: A Monday morning while every product trades.
START = "2026-11-23 10:00:00"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the settings of the plugin."""
    parser.addini("ctp_sim_start", "when the exchange of the fixture ctp_sim starts, in China", default=START)
    parser.addini("ctp_sim_preload", "version of the CTP library that another package was built with", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Points other CTP packages at the simulator before any test module is imported."""
    config.addinivalue_line("markers", "ctp_sim(start=…, SETTING=…): start and settings of the fixture ctp_sim")
    version = str(config.getini("ctp_sim_preload"))
    if version:
        from ctp_py.sim import SimulatorError, preload

        try:
            preload(version)
        except SimulatorError as error:
            raise pytest.UsageError(f"ctp_sim_preload: {error}") from error


@pytest.fixture
def ctp_sim(request: pytest.FixtureRequest) -> Iterator[Exchange]:
    """A fresh exchange in virtual time that passes only when the test says so; it ends with the test.

    A test may set its start and settings: ``@pytest.mark.ctp_sim(start="2026-11-23 21:00:00", crowd="off")``.
    """
    from ctp_py.sim import Exchange

    marker = request.node.get_closest_marker("ctp_sim")
    settings = dict(marker.kwargs) if marker else {}
    start = settings.pop("start", None) or str(request.config.getini("ctp_sim_start"))
    with Exchange(start=start, settings=settings) as exchange:
        yield exchange
