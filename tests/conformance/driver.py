"""Plays one client of a scenario: a foreign Python client of CTP, on the simulator, told what to do by JSON lines.

The scenario runner (tests/conformance/main.rs) starts this beside the client's own Python, once per file. Each line on
standard input is a request, each line on standard output its answer, with every callback that came meanwhile. What the
client prints goes to standard error.
"""

from __future__ import annotations

import argparse
import ctypes
import datetime
import json
import os
import queue
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

import clients


class Exchange:
    """The control interface of the simulator in this process."""

    def __init__(self, core: ctypes.CDLL) -> None:
        self._call = core.ctp_sim_control
        self._call.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t]
        self._call.restype = ctypes.c_int64

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        length = 1 << 16
        answer = ctypes.create_string_buffer(length)
        needed = self._call(json.dumps(request).encode(), answer, length)
        if needed >= length:
            length = needed + 1
            answer = ctypes.create_string_buffer(length)
            self._call(b'{"op":"again"}', answer, length)
        parsed: dict[str, Any] = json.loads(answer.value.decode())
        return parsed


def quiet(patience: float) -> None:
    """Waits until every other thread of the process sleeps.

    Needed for a client with a queue of its own between the library's thread and its callbacks: a thread that waits for
    the interpreter gets it while this one sleeps, so one that sleeps twice, without having run, waits for work.
    """

    def threads() -> list[tuple[str, str, str]]:
        me = str(threading.get_native_id())
        seen = []
        for task in os.listdir("/proc/self/task"):
            if task == me:
                continue
            try:
                status = Path(f"/proc/self/task/{task}/status").read_text()
            except OSError:
                continue
            lines = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
            switches = lines["voluntary_ctxt_switches"] + "/" + lines["nonvoluntary_ctxt_switches"]
            seen.append((task, lines["State"][:1], switches))
        return seen

    end = time.monotonic() + patience
    before = threads()
    while time.monotonic() < end:
        time.sleep(0.0003)
        now = threads()
        if now == before and all(state == "S" for _, state, _ in now):
            return
        before = now


class Driver:
    """The clients of one exchange, by number."""

    def __init__(self, client: clients.Client, exchange: Exchange) -> None:
        self._client = client
        self._exchange = exchange
        self._callbacks: dict[str, set[str]] = {}
        self._objects: dict[int, clients.Api] = {}
        # Appended to by the library's thread; what is taken has arrived.
        self._events: queue.SimpleQueue[list[Any]] = queue.SimpleQueue()

    def hello(self, callbacks: dict[str, list[str]]) -> dict[str, Any]:
        """Takes all callbacks of the version by API; answers with those that the client's SPIs name."""
        self._callbacks = {kind: set(names) for kind, names in callbacks.items()}
        named = {kind: sorted(self._client.callbacks(kind)) for kind in callbacks}
        return {
            "package": self._client.package(),
            "library": self._client.version(),
            "today": datetime.date.today().isoformat(),
            "callbacks": named,
        }

    def fields(self, record: str) -> dict[str, Any]:
        return {"fields": self._client.fields(record)}

    def open(
        self, client: int, kind: str, flow: str, front: str, private: int, number: int, public: int
    ) -> dict[str, Any]:
        # A name of the flow files is a prefix: as a folder it must exist and end in a slash.
        Path(flow).mkdir(parents=True, exist_ok=True)

        def seen(callback: str, arguments: tuple[Any, ...]) -> None:
            self._events.put([client, callback, *clients.copied(arguments, self._client)])

        # A client may call one that its class does not name.
        callbacks = self._client.callbacks(kind) | self._callbacks[kind]
        api = self._client.create(kind, flow + "/", callbacks, seen)
        self._objects[client] = api
        api.start(front, private, number, public)
        return {}

    def request(self, client: int, name: str, record: str, fields: list[Any], id: int) -> dict[str, Any]:
        return {"code": self._objects[client].request(name, record, fields, id)}

    def subscribe(self, client: int, name: str, ids: list[str]) -> dict[str, Any]:
        return {"code": self._objects[client].subscribe(name, ids)}

    def release(self, client: int) -> dict[str, Any]:
        api = self._objects.pop(client, None)
        if api is not None:
            api.release()
        return {}

    def control(self, **request: Any) -> dict[str, Any]:
        return {"answer": self._exchange.ask(request)}

    def answer(self, op: str, request: dict[str, Any]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self, op)(**request)
        except clients.Cannot as cannot:
            answer = {"cannot": str(cannot)}
        except Exception as error:  # The client's, whatever it raises.
            answer = {"error": f"{type(error).__name__}: {error}"}
        if self._client.queues and op in ("open", "control", "release"):
            quiet(5.0)
        answer["events"] = [self._events.get() for _ in range(self._events.qsize())]
        return answer


def serve(driver: Driver, lines: TextIO, answers: TextIO) -> None:
    for line in lines:
        request = json.loads(line)
        answer = driver.answer(request.pop("do"), request)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--client", choices=sorted(clients.CLIENTS), required=True)
    parser.add_argument("--core", required=True, help="libctp_sim.so")
    parser.add_argument("--md", required=True, help="the market-data facade of the client's version")
    parser.add_argument("--trader", required=True, help="the trader facade of the client's version")
    parser.add_argument("--locale", help="libctp_sim_locale.so, where the system has no zh_CN.GB18030")
    options = parser.parse_args()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    core = ctypes.CDLL(options.core)
    # Before the client is imported: then what it wants of its own libraries is found here first.
    for library in (options.md, options.trader, options.locale):
        if library:
            ctypes.CDLL(library, mode=ctypes.RTLD_GLOBAL)
    driver = Driver(clients.CLIENTS[options.client](), Exchange(core))
    serve(driver, sys.stdin, answers)
    answers.flush()
    # A client may hang while the interpreter shuts down; nothing is left to be done.
    os._exit(0)


if __name__ == "__main__":
    main()
