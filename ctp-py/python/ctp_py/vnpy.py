"""vnpy_ctp's interface, so that scripts and gateways written for it run unedited::

    import ctp_py.vnpy

    ctp_py.vnpy.install(md_library="thostmduserapi_se.so", trader_library="thosttraderapi_se.so")

    from vnpy_ctp.api import MdApi, TdApi, THOST_FTDC_D_Buy

Without libraries (and without `CTP_MD_LIBRARY`, `CTP_TRADER_LIBRARY`) the simulator is used. What is different from
vnpy_ctp stands in docs/python-switch.md.
"""

from __future__ import annotations

import importlib.machinery
import sys
from os import PathLike
from types import ModuleType

from ctp_py import _ctp_py, _libraries, constants

MdApi = _ctp_py.VnpyMdApi
TdApi = _ctp_py.VnpyTdApi


def _module(name: str, contents: dict[str, object], *, is_package: bool = False) -> ModuleType:
    module = ModuleType(name, f"`{name}`, as `ctp_py.vnpy` has it.")
    module.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=is_package)
    if is_package:
        module.__path__ = []
    module.__dict__.update(contents)
    sys.modules[name] = module
    parent, _, own = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], own, module)
    return module


def install(
    md_library: str | PathLike[str] | None = None,
    trader_library: str | PathLike[str] | None = None,
    package: str = "vnpy_ctp",
    tick_capacity: int = 16_384,
) -> None:
    """Makes `import vnpy_ctp.api` find this package's `MdApi`, `TdApi` and constants.

    A `vnpy_ctp` that is installed keeps its gateway, which then runs on this package. For homalos-ctp, whose classes
    have the same methods, pass `package="homalos_ctp"`; its users import `MdApi` and `TdApi` from `homalos_ctp.api`.
    `tick_capacity` ticks wait for a slow callback, then the oldest go (`api.dropped_ticks`).

    Raises:
        ValueError: `tick_capacity` is less than 1.
    """
    if tick_capacity < 1:
        raise ValueError(f"tick_capacity must be at least 1, not {tick_capacity}")
    _libraries.choose(md_library, trader_library)
    _libraries.tick_capacity = tick_capacity
    names = {name: value for name, value in vars(constants).items() if name.startswith("THOST_")}
    if package not in sys.modules:
        _parent(package)
    md: dict[str, object] = {"MdApi": MdApi}
    td: dict[str, object] = {"TdApi": TdApi}
    _module(f"{package}.api", {**md, **td, **names}, is_package=True)
    for top in (f"{package}.api.", ""):
        _module(f"{top}vnctpmd", md)
        _module(f"{top}vnctptd", td)
    _module(f"{package}.api.ctp_constant", dict(names))


def _parent(package: str) -> None:
    """Puts the package there without running it: it would import what needs vnpy, or its own `api`."""
    found = importlib.machinery.PathFinder.find_spec(package)
    module = _module(package, {}, is_package=True)
    if found is not None and found.submodule_search_locations is not None:
        module.__path__ = list(found.submodule_search_locations)
    module.__dict__["__getattr__"] = _late(package)


def _late(package: str) -> object:
    def find(name: str) -> object:
        """Returns what the real package offers, for example `CtpGateway`, once somebody wants it."""
        if name == "CtpGateway":
            from importlib import import_module

            return import_module(f"{package}.gateway").CtpGateway
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return find
