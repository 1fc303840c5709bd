"""The control interface of the simulator's library: JSON requests and answers."""

from __future__ import annotations

import ctypes
import json
from pathlib import Path
from typing import Any

from ctp_py.sim._errors import ControlError, LibraryError
from ctp_py.sim._libraries import CORE, core

_ROOM = 1 << 16
_AGAIN = b'{"op":"again"}'

_library: ctypes.CDLL | None = None


def control(request: dict[str, Any]) -> dict[str, Any]:
    """Carries out a request such as `{"op": "advance", "exchange": "x", "duration": "1s"}` and returns its answer.

    It may be called from any thread, but one that lets time pass not from inside a callback. Other Python threads run
    meanwhile.

    Raises:
        ControlError: the exchange did not carry it out.
        LibraryError: the simulator's library is missing or cannot be loaded.
    """
    text = json.dumps(request, ensure_ascii=False)
    answer = json.loads(_ask(text))
    if answer.pop("ok", False) is True:
        return dict(answer)
    raise ControlError(str(answer.get("error", "the simulator gave no reason")), text)


def _ask(text: str) -> bytes:
    call = _load().ctp_sim_control
    request = text.encode()
    if b"\0" in request:
        raise ControlError("a control request has no NUL: remove it", text)
    answer = ctypes.create_string_buffer(_ROOM)
    length = call(request, answer, len(answer))
    if length >= len(answer):
        answer = ctypes.create_string_buffer(length + 1)
        length = call(_AGAIN, answer, len(answer))
    if not 0 <= length < len(answer):
        raise ControlError("the simulator gave no answer; its log on standard error says why", text)
    return answer.raw[:length]


def _load() -> ctypes.CDLL:
    global _library
    if _library is None:
        path = _present() or core()
        try:
            library = ctypes.CDLL(str(path))
            call = library.ctp_sim_control
        except (OSError, AttributeError) as error:
            raise LibraryError(f"cannot use {path}: {error}; reinstall ctp-py for this machine") from error
        call.restype = ctypes.c_int64
        call.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t]
        _library = library
    return _library


def _present() -> Path | None:
    """Returns the core that a library in this process has loaded, wherever it lies: another copy of it would know nothing
    of this one's exchanges."""
    try:
        mappings = Path("/proc/self/maps").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    files = (line.split(maxsplit=5)[5:] for line in mappings.splitlines())
    paths = (Path(file[0]) for file in files if file)
    return next((path for path in paths if path.name == CORE), None)
