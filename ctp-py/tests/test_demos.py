"""The demos as a user runs them, and the order that must not leave."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ctp_py
from conftest import REPOSITORY, run_python
from ctp_py.demo import Options, main_contract
from ctp_py.demos import td_demo

MD = str(REPOSITORY / "demo" / "md_demo.py")
TD = str(REPOSITORY / "demo" / "td_demo.py")
STRATEGY = str(REPOSITORY / "demo" / "strategy_demo.py")
VNPY = str(REPOSITORY / "demo" / "vnpy_demo.py")
RECORD = str(REPOSITORY / "demo" / "record_demo.py")

#: An account for addresses that do not bring one.
ACCOUNT = {"CTP_BROKER_ID": "9999", "CTP_USER_ID": "demo", "CTP_PASSWORD": "simulator"}


def test_python_m_ctp_py_demo_runs_in_an_empty_folder(tmp_path: Path) -> None:
    done = run_python("-m", "ctp_py", "demo", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for text in (
        "connected 已连接",
        "logged in 已登录",
        f"subscribed 已订阅: {main_contract('rb')}",
        f"subscribed 已订阅: {main_contract('IF')}",
        "last 最新",
        "volume 成交量",
        "全部成交 all traded",
        "已撤单 cancelled",
        "trade 成交",
        "summary 汇总",
    ):
        assert text in done.stdout, done.stdout
    assert "simulator\n" not in done.stdout, "the password must not be printed"
    assert list(tmp_path.iterdir()) == []


def test_the_scripts_run_by_themselves(tmp_path: Path) -> None:
    done = run_python(MD, "--ticks", "1", "--instruments", main_contract("rb"), cwd=tmp_path)
    assert done.returncode == 0 and "1 ticks" in done.stdout, done.stderr
    done = run_python(TD, cwd=tmp_path)
    assert done.returncode == 0 and "全部成交 all traded" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--library", "/nowhere/lib.so", "--front", "tcp://127.0.0.1:1"], "/nowhere/lib.so"),
        (["--library", "/nowhere/lib.so"], "--front"),
        (["--front", "tcp://127.0.0.1:1"], "--library"),
        (["--front", "sim://"], "name"),
        (["--broker", "12345678901"], "broker_id"),
        (["--config", "missing.toml"], "missing.toml"),
        (["--instruments", "xx9999", "--timeout", "2"], "check"),
    ],
)
def test_bad_input_is_told_without_a_traceback(arguments: list[str], message: str, tmp_path: Path) -> None:
    for demo in (MD, TD):
        done = run_python(demo, *arguments, cwd=tmp_path, env=ACCOUNT)
        assert done.returncode == 1, done.stdout
        assert done.stderr.startswith("error: ") and message in done.stderr, done.stderr
        assert "Traceback" not in done.stderr


def test_ctrl_c_ends_a_demo_cleanly(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, MD, "--ticks", "1000000"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )
    assert running.stdout is not None
    for line in running.stdout:
        if "last 最新" in line:
            running.send_signal(signal.SIGINT)
            break
    output, errors = running.communicate(timeout=60)
    assert running.returncode == 130 and errors == "" and "interrupted 已中断" in output


class Foreign:
    """A client of the simulator that says it is one of somebody else's library; and what was sent through it."""

    sent: list[ctp_py.NewOrder] = []

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self.client = ctp_py._ctp_py.TdClient(*arguments, **settings)

    async def __aenter__(self) -> Foreign:
        await self.client.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self.client.__aexit__(*error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    @property
    def is_simulator(self) -> bool:
        return False

    def place(self, order: ctp_py.NewOrder) -> Any:
        self.sent.append(order)
        return self.client.place(order)


def test_no_order_leaves_a_foreign_library_without_the_flag(
    front: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ctp_py, "TdClient", Foreign)
    Foreign.sent.clear()
    assert td_demo.main(["--front", front]) == 0
    assert Foreign.sent == []
    output = capsys.readouterr().out
    assert "未发送: NewOrder" in output and "--place-order" in output and "已发送" not in output


def test_with_the_flag_one_lot_at_the_far_limit_is_sent_and_cancelled(
    front: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ctp_py, "TdClient", Foreign)
    Foreign.sent.clear()
    assert td_demo.main(["--front", front, "--place-order"]) == 0
    assert len(Foreign.sent) == 1
    output = capsys.readouterr().out
    assert "已撤单 cancelled" in output and "trade 成交" not in output


def test_orders_are_allowed_by_the_argument_alone(tmp_path: Path) -> None:
    assert Options().place_order is False
    file = tmp_path / "ctp.toml"
    file.write_text("place_order = true")
    done = run_python(TD, "--config", str(file), cwd=tmp_path)
    assert done.returncode == 1 and "place_order" in done.stderr, done.stderr


def test_the_strategy_keeps_to_the_simulator(tmp_path: Path) -> None:
    done = run_python(STRATEGY, cwd=tmp_path)
    assert done.returncode == 0 and "summary 汇总" in done.stdout, done.stderr
    done = run_python(STRATEGY, "--library", "/nowhere/lib.so", "--front", "tcp://127.0.0.1:1", cwd=tmp_path)
    assert done.returncode == 1 and "simulator only" in done.stderr, done.stderr


def test_a_script_for_vnpy_ctp_runs_on_this_package(tmp_path: Path) -> None:
    done = run_python(VNPY, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "tick 行情" in done.stdout and "trade 成交" in done.stdout
    done = run_python(VNPY, "--library", "/nowhere/lib.so", "--front", "tcp://127.0.0.1:1", cwd=tmp_path)
    assert done.returncode == 1 and "simulator only" in done.stderr, done.stderr


def test_the_recording_becomes_a_picture(tmp_path: Path) -> None:
    done = run_python(RECORD, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    picture = (tmp_path / "record_demo" / "candles.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) > 5_000


def test_the_version_of_a_library_is_shown() -> None:
    trader = str(ctp_py.find_simulator()["trader"])
    done = run_python("-m", "ctp_py", "version", trader)
    assert done.returncode == 0 and "v6.7.13_CTPSIM" in done.stdout and "simulator" in done.stdout
    done = run_python("-m", "ctp_py", "version", "/nowhere.so")
    assert done.returncode == 1 and done.stderr.startswith("error: no library at /nowhere.so")


def test_main_contracts_are_in_the_future() -> None:
    from datetime import date

    assert main_contract("rb", date(2026, 11, 20)) == "rb2701"
    assert main_contract("rb", date(2026, 12, 1)) == "rb2705"
    assert main_contract("IF", date(2026, 12, 18)) == "IF2701"


def test_trading_needs_an_account(tmp_path: Path) -> None:
    library = str(ctp_py.find_simulator()["trader"])
    done = run_python(TD, "--library", library, "--front", "tcp://127.0.0.1:1", cwd=tmp_path)
    assert done.returncode == 1 and "broker_id" in done.stderr and "user_id" in done.stderr


def test_a_proxy_password_is_not_shown(tmp_path: Path) -> None:
    front = "tcp://127.0.0.1:1 socks5://user:canary@127.0.0.1:2"
    done = run_python(TD, "--front", front, cwd=tmp_path)
    assert done.returncode == 1 and "canary" not in done.stdout + done.stderr
    assert "canary" not in repr(Options(None, {"front": front}))
    assert Options(None, {"front": front}).front_shown == "tcp://127.0.0.1:1"


def test_a_terminal_without_chinese_is_no_reason_to_fail(tmp_path: Path) -> None:
    done = run_python(MD, "--ticks", "1", env={"PYTHONIOENCODING": "ascii"}, cwd=tmp_path)
    assert done.returncode == 0 and "connected ???" in done.stdout, done.stderr
