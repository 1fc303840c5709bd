"""Errors of use, exceptions in handlers, and ends: twice, from a handler, at exit."""

from __future__ import annotations

import logging
import textwrap
import threading
from pathlib import Path

import pytest

import ctp_py
from conftest import PATIENCE, Recorder, log_in_md, run_python


def test_a_wrong_path_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing.so"
    with pytest.raises(ctp_py.LoadError, match="missing.so"):
        ctp_py.TraderApi(missing)
    with pytest.raises(ctp_py.LoadError, match="missing.so"):
        ctp_py.version(missing)


def test_a_file_that_is_no_library_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.so"
    text.write_text("no library")
    with pytest.raises(ctp_py.LoadError, match="not a loadable library"):
        ctp_py.MdApi(text)


def test_a_library_of_the_other_kind_is_refused() -> None:
    with pytest.raises(ctp_py.LoadError, match="not a CTP trader library"):
        ctp_py.TraderApi(ctp_py.find_simulator()["md"])


def test_the_wrong_version_is_refused() -> None:
    with pytest.raises(ctp_py.LoadError, match="not 6.3.15"):
        ctp_py.TraderApi(version="6.3.15")


def test_every_version_of_the_simulator_works(front: str) -> None:
    folder = ctp_py.find_simulator()["md"].parents[1]
    for version in ("6.7.13", "6.7.11", "6.3.15"):
        spi = Recorder()
        library = folder / f"se-{version}" / "thostmduserapi_se.so"
        with ctp_py.MdApi(library, version=version) as api:
            assert version in api.GetApiVersion()
            log_in_md(api, spi, front)


def test_an_address_without_port_is_refused() -> None:
    with ctp_py.MdApi() as api, pytest.raises(ctp_py.FrontError, match="tcp://1.2.3.4.*port"):
        api.RegisterFront("tcp://1.2.3.4")


def test_a_shared_flow_directory_is_refused(tmp_path: Path) -> None:
    with ctp_py.MdApi(flow_dir=tmp_path / "flow"):
        with pytest.raises(ctp_py.FlowDirError, match="in use by another instance"):
            ctp_py.TraderApi(flow_dir=tmp_path / "flow")
    ctp_py.TraderApi(flow_dir=tmp_path / "flow").close()


def test_a_temporary_flow_directory_goes_with_the_api() -> None:
    api = ctp_py.MdApi()
    assert api.flow_dir.is_dir()
    api.close()
    assert not api.flow_dir.exists()


def test_requests_before_the_connection_raise_not_connected() -> None:
    with ctp_py.TraderApi() as api, pytest.raises(ctp_py.NotConnected) as caught:
        api.ReqQryTradingAccount(ctp_py.QryTradingAccountField(), 1)
    assert caught.value.code == -1 and "ReqQryTradingAccount" in str(caught.value)
    assert isinstance(caught.value, ctp_py.NotSent) and isinstance(caught.value, ctp_py.CtpError)


def test_requests_take_their_own_record() -> None:
    with ctp_py.TraderApi() as api:
        with pytest.raises(TypeError, match="InputOrderField"):
            api.ReqOrderInsert(ctp_py.OrderField(), 1)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="a record is needed"):
            api.ReqOrderInsert({"BrokerID": "9999"}, 1)  # type: ignore[arg-type]
        with pytest.raises(OverflowError):
            api.ReqOrderInsert(ctp_py.InputOrderField(), 2**40)


def test_every_request_of_the_model_is_there() -> None:
    requests = [name for name in dir(ctp_py.TraderApi) if name.startswith("Req")]
    assert len(requests) > 100 and "ReqSpdApply" in requests
    assert "InputOrderField" in (ctp_py.TraderApi.ReqOrderInsert.__doc__ or "")


def test_calls_out_of_order_are_refused(front: str) -> None:
    api = ctp_py.MdApi()
    api.RegisterFront(front)
    api.Init()
    with pytest.raises(ctp_py.StateError, match="twice"):
        api.Init()
    with pytest.raises(ctp_py.StateError, match="before"):
        api.RegisterFront(front)
    with pytest.raises(ctp_py.StateError, match="before Init"):
        api.RegisterSpi(None)
    for _ in range(2):
        api.close()
    api.Release()
    assert api.is_closed
    with pytest.raises(ctp_py.StateError, match="closed"):
        api.SubscribeMarketData(["rb2701"])
    with pytest.raises(ctp_py.StateError, match="after close"):
        api.Init()
    assert api.Join() == 0


def test_exceptions_in_handlers_go_to_on_error_and_delivery_goes_on(front: str) -> None:
    class Failing(Recorder):
        def __init__(self) -> None:
            super().__init__()
            self.errors: list[tuple[str, BaseException]] = []

        def OnFrontConnected(self) -> None:
            self.calls.put(("OnFrontConnected", ()))
            raise SystemExit(7)

        def OnRspUserLogin(self, *arguments: object) -> None:
            self.calls.put(("OnRspUserLogin", arguments))
            raise KeyboardInterrupt

        def OnRspSubMarketData(self, *arguments: object) -> None:
            raise ValueError("mine")

        def on_error(self, callback: str, error: BaseException) -> None:
            self.errors.append((callback, error))

    spi = Failing()
    with ctp_py.MdApi() as api:
        log_in_md(api, spi, front)
        api.SubscribeMarketData(["rb2701"])
        spi.wait("OnRtnDepthMarketData")
    kinds = [(callback, type(error)) for callback, error in spi.errors]
    assert kinds[:3] == [
        ("OnFrontConnected", SystemExit),
        ("OnRspUserLogin", KeyboardInterrupt),
        ("OnRspSubMarketData", ValueError),
    ]


def test_without_on_error_exceptions_are_logged(front: str, caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Recorder):
        def OnFrontConnected(self) -> None:
            self.calls.put(("OnFrontConnected", ()))
            raise ValueError("mine")

    spi = Failing()
    with caplog.at_level(logging.ERROR, "ctp_py"), ctp_py.MdApi() as api:
        log_in_md(api, spi, front)
    assert "exception in OnFrontConnected" in caplog.text and "ValueError: mine" in caplog.text


def test_close_from_a_handler(front: str) -> None:
    class Closing(ctp_py.MdSpi):
        calls = 0
        is_over = threading.Event()

        def OnFrontConnected(self) -> None:
            self.calls += 1
            api.close()
            api.close()
            self.is_over.set()

    spi = Closing()
    api = ctp_py.MdApi()
    api.RegisterSpi(spi)
    api.RegisterFront(front)
    api.Init()
    assert api.Join() == 0
    assert spi.is_over.wait(PATIENCE)
    api.close()
    assert spi.calls == 1 and api.is_closed


def test_join_in_a_handler_is_refused(front: str) -> None:
    class Joining(Recorder):
        def OnFrontConnected(self) -> None:
            api.Join()

        def on_error(self, callback: str, error: BaseException) -> None:
            self.calls.put(("failed", (error,)))

    spi = Joining()
    with ctp_py.MdApi() as api:
        api.RegisterSpi(spi)  # type: ignore[arg-type]
        api.RegisterFront(front)
        api.Init()
        assert isinstance(spi.wait("failed")[0], ctp_py.StateError)


def test_close_does_not_wait_for_a_handler_that_needs_the_closer(front: str) -> None:
    """The handler waits for the thread that closes: vnpy's `exit` dead-locks there."""
    is_inside, go_on = threading.Event(), threading.Event()

    class Waiting(ctp_py.MdSpi):
        def OnFrontConnected(self) -> None:
            is_inside.set()
            go_on.wait(PATIENCE)

    api = ctp_py.MdApi()
    api.RegisterSpi(Waiting())
    api.RegisterFront(front)
    api.Init()
    assert is_inside.wait(PATIENCE)
    with pytest.raises(ctp_py.CloseError, match="handler is still running"):
        api.close(timeout=0.2)
    go_on.set()
    api.close()


def test_many_threads_close_at_once(front: str) -> None:
    for _ in range(5):
        spi = Recorder()
        api = ctp_py.MdApi()
        log_in_md(api, spi, front)
        api.SubscribeMarketData(["rb2701"])
        threads = [threading.Thread(target=api.close) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()


def script(body: str) -> str:
    return "import ctp_py, threading, time, sys, os\n" + textwrap.dedent(body)


def test_the_interpreter_ends_while_ticks_arrive(tmp_path: Path) -> None:
    done = run_python(
        "-c",
        script("""
        class Spi(ctp_py.MdSpi):
            def OnFrontConnected(self):
                api.ReqUserLogin(ctp_py.ReqUserLoginField(), 1)
            def OnRspUserLogin(self, *_):
                api.SubscribeMarketData(["rb2701"])
                seen.set()
        seen = threading.Event()
        api = ctp_py.MdApi()
        api.RegisterSpi(Spi())
        api.RegisterFront("sim://exit")
        api.Init()
        assert seen.wait(30)
        print("leaving")
        """),
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "leaving\n", "")


def test_a_handler_that_never_ends_does_not_keep_the_process(tmp_path: Path) -> None:
    done = run_python(
        "-c",
        script("""
        class Spi(ctp_py.MdSpi):
            def OnFrontConnected(self):
                seen.set()
                while True:
                    time.sleep(0.01)
        seen = threading.Event()
        api = ctp_py.MdApi()
        api.RegisterSpi(Spi())
        api.RegisterFront("sim://exit")
        api.Init()
        assert seen.wait(30)
        """),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr


def test_ctrl_c_ends_join(tmp_path: Path) -> None:
    done = run_python(
        "-c",
        script("""
        import signal
        api = ctp_py.MdApi()
        api.RegisterFront("sim://exit")
        api.Init()
        threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        try:
            api.Join()
        except KeyboardInterrupt:
            api.close()
            print("ended")
        """),
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout) == (0, "ended\n"), done.stderr
