"""`openctp_ctp.mdapi`: classes, records and constants under their C names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ctp_py.openctp import _api
from ctp_py.openctp._api import MdApi as CThostFtdcMdApi

if TYPE_CHECKING:

    class CThostFtdcMdSpi:
        """Callbacks of market data: define those you want."""

else:
    CThostFtdcMdSpi = _api.spi("CThostFtdcMdSpi", _api.CALLBACKS["md"])

__all__ = ["CThostFtdcMdApi", "CThostFtdcMdSpi"]

globals().update(_api.common())


def __getattr__(name: str) -> Any:
    return _api.record(__name__, name)
