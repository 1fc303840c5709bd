"""What is installed: the command, the import, and what it needs."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import ctp_py
from conftest import run_python

PACKAGE = Path(ctp_py.__file__).parent


def test_the_command_runs_as_a_module() -> None:
    done = run_python("-m", "ctp_py", "--help")
    assert done.returncode == 0 and "Usage: ctp" in done.stdout, done.stderr
    done = run_python("-m", "ctp_py", "sim", "day", "--help")
    assert done.returncode == 0 and "trading day" in done.stdout, done.stderr
    done = run_python("-m", "ctp_py", "nonsense")
    assert done.returncode == 2 and "nonsense" in done.stderr


def test_the_command_uses_the_simulator_of_the_package(tmp_path: Path) -> None:
    done = run_python("-m", "ctp_py", "version", "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = run_python("-m", "ctp_py", "demo", "--help")
    assert done.returncode == 0 and done.stdout.startswith("usage: python -m ctp_py demo")
    done = run_python("-m", "ctp_py", "demo", "extra")
    assert done.returncode == 2


def test_a_served_exchange_ends_with_its_signal(tmp_path: Path) -> None:
    """The process is the command: what it is told by signals and exit codes arrives."""
    served = subprocess.Popen(
        [sys.executable, "-m", "ctp_py", "sim", "serve", "--plain", "--listen", "127.0.0.1:0"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert served.stdout is not None
    line = served.stdout.readline()
    assert re.search(r"tcp://127\.0\.0\.1:\d+", line), line
    served.send_signal(signal.SIGINT)
    served.communicate(timeout=60)
    assert served.returncode in (0, 130)


def test_nothing_else_is_installed_or_imported() -> None:
    assert not metadata.requires("ctp-py")
    program = (
        "import json, sys\nbefore = set(sys.modules)\nimport ctp_py, ctp_py.sim\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in set(sys.modules) - before})))"
    )
    done = run_python("-c", program)
    imported = set(json.loads(done.stdout)) - {"ctp_py"}
    assert imported <= set(sys.stdlib_module_names), imported - set(sys.stdlib_module_names)


def test_the_import_brings_no_asyncio_and_no_records() -> None:
    """What costs time is made on first use."""
    program = "import sys, ctp_py; print([name for name in ('asyncio', 'ctp_py.sim', 'ctp_py.vnpy') if name in sys.modules])"
    done = run_python("-c", program)
    assert done.stdout.strip() == "[]", done.stdout


def test_the_wheel_is_for_every_python_and_old_systems() -> None:
    tags = metadata.distribution("ctp-py").read_text("WHEEL") or ""
    assert "Tag: cp310-abi3-manylinux_2_28_x86_64" in tags
    assert metadata.metadata("ctp-py")["Requires-Python"] == ">=3.10"
    assert (PACKAGE / "py.typed").is_file()
    assert os.access(PACKAGE / "_bin" / "ctp", os.X_OK)
