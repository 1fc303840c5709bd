"""openctp-ctp's interface: replace `from openctp_ctp import mdapi, tdapi` by `from ctp_py.openctp import mdapi, tdapi`.

`use(md_library=…, trader_library=…)` tells which libraries are loaded; without it `CTP_MD_LIBRARY`,
`CTP_TRADER_LIBRARY` or the simulator. `install()` makes `import openctp_ctp` itself find this package. What is
different from openctp-ctp stands in docs/python-switch.md.
"""

from __future__ import annotations

import sys
from os import PathLike

from ctp_py import _libraries
from ctp_py.openctp import thostmduserapi as mdapi, thosttraderapi as tdapi

__all__ = ["install", "mdapi", "tdapi", "thostmduserapi", "thosttraderapi", "use"]

thostmduserapi = mdapi
thosttraderapi = tdapi


def use(
    md_library: str | PathLike[str] | None = None, trader_library: str | PathLike[str] | None = None
) -> None:
    """Chooses the libraries that `Create…` loads from now on."""
    _libraries.choose(md_library, trader_library)


def install(
    md_library: str | PathLike[str] | None = None, trader_library: str | PathLike[str] | None = None
) -> None:
    """Makes `import openctp_ctp` find this package."""
    use(md_library, trader_library)
    sys.modules["openctp_ctp"] = sys.modules[__name__]
    for name in ("mdapi", "thostmduserapi"):
        sys.modules[f"openctp_ctp.{name}"] = mdapi
    for name in ("tdapi", "thosttraderapi"):
        sys.modules[f"openctp_ctp.{name}"] = tdapi
