"""The low level has every method and every callback of the vendor's classes: compared with the model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import ctp_py
from conftest import REPOSITORY, Recorder, log_in_td
from ctp_py import _ctp_py

MODEL = REPOSITORY / "ctp-gen" / "api" / f"se-{ctp_py.API_VERSION}.json"


def methods(kind: str) -> list[str]:
    model: dict[str, Any] = json.loads(MODEL.read_text(encoding="utf-8"))
    return [method["name"] for found in model["classes"] if found["name"] == f"CThostFtdc{kind}" for method in found["methods"]]


@pytest.mark.parametrize(("kind", "api"), [("MdApi", ctp_py.MdApi), ("TraderApi", ctp_py.TraderApi)])
def test_every_method_is_there(kind: str, api: type) -> None:
    wanted = methods(kind)
    assert len(wanted) in (15, 140)
    assert [name for name in wanted if not callable(getattr(api, name, None))] == []


@pytest.mark.parametrize(("kind", "name"), [("MdSpi", "md"), ("TraderSpi", "trader")])
def test_every_callback_is_there(kind: str, name: str) -> None:
    wanted = methods(kind)
    assert len(wanted) in (13, 178) and _ctp_py.callback_names(name) == wanted


def test_callbacks_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="neither md nor trader"):
        _ctp_py.callback_names("sopt")


def test_what_stands_before_the_connection(front: str) -> None:
    with ctp_py.TraderApi() as api:
        api.RegisterNameServer("tcp://127.0.0.1:1")
        api.RegisterFensUserInfo(ctp_py.FensUserInfoField(BrokerID="9999", UserID="tester", LoginMode="0"))
        with pytest.raises(TypeError, match="FensUserInfoField is needed, not OrderField"):
            api.RegisterFensUserInfo(ctp_py.OrderField())  # type: ignore[arg-type]


def test_front_info_and_terminal_information(front: str) -> None:
    spi = Recorder()
    with ctp_py.TraderApi() as api:
        log_in_td(api, spi, front)
        assert api.GetFrontInfo().FrontAddr
        collected: dict[str, Any] = {"ClientSystemInfoLen": 4, "ClientSystemInfo": "info"}
        info = ctp_py.UserSystemInfoField(BrokerID="9999", UserID="tester", **collected)
        assert api.RegisterUserSystemInfo(info) == 0 and api.SubmitUserSystemInfo(info) == 0
        collected = {"WechatCltSysInfoLen": 4, "WechatCltSysInfo": "info"}
        chat = ctp_py.WechatUserSystemInfoField(BrokerID="9999", UserID="tester", **collected)
        assert api.RegisterWechatUserSystemInfo(chat) == 0 and api.SubmitWechatUserSystemInfo(chat) == 0


def test_a_library_that_collects_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ctp_py.LoadError, match="nothing.so"):
        ctp_py.system_info(tmp_path / "nothing.so")


def test_an_api_that_was_never_started_is_collected() -> None:
    import gc
    import weakref

    class Own(ctp_py.MdApi):
        pass

    class Spi(ctp_py.MdSpi):
        api: Own

    api, spi = Own(), Spi()
    api.RegisterSpi(spi)
    spi.api = api
    gone = weakref.ref(spi)
    del api, spi
    gc.collect()
    assert gone() is None
