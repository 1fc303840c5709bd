"""Pointing other clients of this process at the simulator."""

from __future__ import annotations

import atexit
import ctypes
import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path

from ctp_py.sim._errors import AlreadyLoaded, LibraryError
from ctp_py.sim._libraries import Libraries, libraries

#: Libraries of the vendor's, under whatever name a package gives them.
_VENDOR = re.compile(r"thost(?:mduser|trader)api")

_LC_CTYPE_MASK = 1
_GB18030 = b"zh_CN.GB18030"

_lock = threading.Lock()
_done: Preloaded | None = None
#: Handles are kept: a library that is closed would leave the search order.
_handles: list[ctypes.CDLL] = []


@dataclass(frozen=True)
class Preloaded:
    """What was loaded."""

    #: The libraries that clients imported from now on are bound to.
    libraries: Libraries
    #: Whether Chinese is decoded without the system's locale zh_CN.GB18030, because it has none.
    locale: bool


def preload(version: str, front: str | None = None) -> Preloaded:
    """Loads the simulator's libraries of a version so that CTP clients imported afterwards use them.

    `version` is that of the library which the client was built with (`6.7.11` for openctp-ctp 6.7.11.*, `6.7.13` for
    ctp-python 6.7.13), because the layout of records and callbacks differs between versions. `front`, when given,
    replaces every front that clients of this process register: several are separated by commas.

    A second call with the same version changes the front only.

    Raises:
        AlreadyLoaded: a CTP library is in the process already, or another version was preloaded.
        UnknownVersion: the simulator has no library of that version.
        LibraryError: a library is missing or cannot be loaded.
    """
    global _done
    wanted = libraries(version)
    with _lock:
        if _done is None:
            _refuse_loaded(wanted)
            _done = _load(wanted)
        elif _done.libraries != wanted:
            raise AlreadyLoaded(
                f"version {_done.libraries.label} was preloaded before, {wanted.label} cannot be added: "
                "start another process for it"
            )
    if front is not None:
        os.environ["CTP_SIM_FRONT"] = front
    return _done


def _refuse_loaded(wanted: Libraries) -> None:
    """Refuses when a library of the vendor's is in the process: what uses it is bound to it for good."""
    ours = (wanted.core.parent, wanted.folder.parent)
    for path in _mapped():
        if _VENDOR.search(path.name) and not any(folder in path.parents for folder in ours):
            raise AlreadyLoaded(
                f"the CTP library {path} is loaded already: call ctp_py.sim.preload() before the client that brings "
                "it is imported"
            )


def _mapped() -> list[Path]:
    """Returns the files that are mapped into the process."""
    try:
        lines = Path("/proc/self/maps").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        # Without /proc nothing is known, and nothing is refused.
        return []
    fields = (line.split(maxsplit=5) for line in lines)
    return [Path(name) for name in dict.fromkeys(field[5] for field in fields if len(field) == 6)]


def _load(wanted: Libraries) -> Preloaded:
    # First the core: the others only say on standard error that they cannot load it.
    core = _open(wanted.core, ctypes.RTLD_LOCAL)
    # Scripts end without Release: Python then deletes what receives callbacks while they go on.
    atexit.register(core.ctp_sim_hush)
    _open(wanted.md, ctypes.RTLD_GLOBAL)
    _open(wanted.trader, ctypes.RTLD_GLOBAL)
    stands_in = wanted.locale is not None and not _has_locale()
    if stands_in and wanted.locale is not None:
        _open(wanted.locale, ctypes.RTLD_GLOBAL)
    return Preloaded(libraries=wanted, locale=stands_in)


def _open(path: Path, mode: int) -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(str(path), mode=mode)
    except OSError as error:
        raise LibraryError(f"cannot load {path}: {error}; reinstall ctp-py for this machine") from error
    _handles.append(library)
    return library


def _has_locale() -> bool:
    """Returns whether the system has the locale that clients ask the C++ library for."""
    try:
        library = ctypes.CDLL(None)
        library.newlocale.restype = ctypes.c_void_p
        library.newlocale.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p]
        library.freelocale.argtypes = [ctypes.c_void_p]
        found = library.newlocale(_LC_CTYPE_MASK, _GB18030, None)
    except (OSError, AttributeError):
        return False
    if not found:
        return False
    library.freelocale(found)
    return True
