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
from ctp_py.demo import DemoError, Options, main_contract, parse
from ctp_py.demos import td_demo

MD = str(REPOSITORY / "demo" / "md_demo.py")
TD = str(REPOSITORY / "demo" / "td_demo.py")


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
        "撤单 canceled",
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
        (["--front", "sim://"], "has no name"),
        (["--broker", "12345678901"], "Field.BrokerID: '12345678901' takes 11 GBK bytes"),
        (["--config", "missing.toml"], "missing.toml"),
        (["--instruments", "xx9999", "--timeout", "2"], "check"),
    ],
)
def test_bad_input_is_one_clear_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    for demo in (MD, TD):
        done = run_python(demo, *arguments, cwd=tmp_path)
        assert done.returncode == 1, done.stdout
        assert done.stderr.startswith("error: ") and message in done.stderr and done.stderr.count("\n") == 1


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


def test_settings_come_from_file_environment_and_arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.version_info < (3, 11):
        pytest.skip("tomllib is new in 3.11")
    file = tmp_path / "account.toml"
    file.write_text(
        'library = "a.so"\nfront = "tcp://a:1"\nbroker = "1"\nuser = "2"\npassword = "canary-file"\ninstruments = ["rb2701"]\n'
    )
    monkeypatch.delenv("CTP_PASSWORD", raising=False)
    options = parse("", ["--config", str(file), "--broker", "9"])
    assert (options.library, options.broker, options.user, options.password) == ("a.so", "9", "2", "canary-file")
    assert "canary" not in repr(options)
    monkeypatch.setenv("CTP_PASSWORD", "canary-environment")
    assert parse("", ["--config", str(file)]).password == "canary-environment"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("place_order = true", "unknown name place_order"),
        ("password = 123456", "password is text; write it in quotes"),
        ('ticks = "5"', "ticks is a number; write it without quotes"),
    ],
)
def test_a_file_cannot_allow_orders_and_says_what_is_wrong_in_it(line: str, message: str, tmp_path: Path) -> None:
    if sys.version_info < (3, 11):
        pytest.skip("tomllib is new in 3.11")
    file = tmp_path / "account.toml"
    file.write_text(line)
    with pytest.raises(DemoError, match=message) as refused:
        parse("", ["--config", str(file)])
    assert "123456" not in str(refused.value)


class Foreign(ctp_py.TraderApi):
    """The simulator, as if it were somebody else's library, and what was sent through it."""

    sent: list[ctp_py.InputOrderField] = []

    @property
    def is_simulator(self) -> bool:
        return False

    def ReqOrderInsert(self, record: ctp_py.InputOrderField, request_id: int = 0) -> int:
        self.sent.append(record)
        return super().ReqOrderInsert(record, request_id)


def test_no_order_leaves_a_foreign_library_without_the_flag(
    front: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ctp_py, "TraderApi", Foreign)
    Foreign.sent.clear()
    assert td_demo.main(["--front", front]) == 0
    assert Foreign.sent == []
    output = capsys.readouterr().out
    assert "未发送: InputOrderField(" in output and "--place-order" in output and "sending" not in output


def test_with_the_flag_one_lot_at_the_far_limit_is_sent_and_cancelled(
    front: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ctp_py, "TraderApi", Foreign)
    Foreign.sent.clear()
    assert td_demo.main(["--front", front, "--place-order"]) == 0
    (order,) = Foreign.sent
    assert (order.VolumeTotalOriginal, order.Direction) == (1, "0")
    output = capsys.readouterr().out
    assert "撤单 canceled" in output and "trade 成交" not in output


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
    assert Options().place_order is False


def test_trading_needs_an_account(tmp_path: Path) -> None:
    library = str(ctp_py.find_simulator()["trader"])
    done = run_python(TD, "--library", library, "--front", "tcp://127.0.0.1:1", cwd=tmp_path)
    assert done.returncode == 1 and "--broker and --user" in done.stderr


def test_a_proxy_password_is_not_shown(tmp_path: Path) -> None:
    front = "tcp://127.0.0.1:1 socks5://user:canary@127.0.0.1:2"
    done = run_python(TD, "--front", front, cwd=tmp_path)
    assert done.returncode == 1 and "canary" not in done.stdout + done.stderr
    assert "canary" not in repr(Options(front=front))


def test_a_terminal_without_chinese_is_no_reason_to_fail(tmp_path: Path) -> None:
    done = run_python(MD, "--ticks", "1", env={"PYTHONIOENCODING": "ascii"}, cwd=tmp_path)
    assert done.returncode == 0 and "connected ???" in done.stdout, done.stderr
