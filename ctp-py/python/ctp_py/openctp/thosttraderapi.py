"""`openctp_ctp.tdapi`: classes, records and constants under their C names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ctp_py.openctp import _api
from ctp_py.openctp._api import TraderApi as CThostFtdcTraderApi

if TYPE_CHECKING:

    class CThostFtdcTraderSpi:
        """Callbacks of trading: define those you want."""

else:
    CThostFtdcTraderSpi = _api.spi("CThostFtdcTraderSpi", _api.CALLBACKS["trader"])

__all__ = ["CThostFtdcTraderApi", "CThostFtdcTraderSpi"]

globals().update(_api.common())


def __getattr__(name: str) -> Any:
    return _api.record(__name__, name)
