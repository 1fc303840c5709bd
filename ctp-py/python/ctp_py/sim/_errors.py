"""What can go wrong; every message names the value and what to do."""

from __future__ import annotations


class SimulatorError(Exception):
    """Base of the errors of `ctp_py.sim`."""


class UnknownVersion(SimulatorError, ValueError):
    """There is no library of that version."""


class LibraryError(SimulatorError, OSError):
    """A library of the simulator is missing or cannot be loaded."""


class AlreadyLoaded(SimulatorError, RuntimeError):
    """Another CTP library is in the process already, so that clients are, or would be, bound to it."""


class ControlError(SimulatorError, RuntimeError):
    """The exchange did not carry out what it was asked; `request` is what it was asked.

    The text is the exchange's own: it names the value that cannot be and what can.
    """

    def __init__(self, text: str, request: str = "") -> None:
        super().__init__(text)
        self.request = request
