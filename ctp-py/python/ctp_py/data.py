"""The records under snake_case names, made on first use: `data.Order(instrument_id="rb2701")`.

What the high level hands out. A class has the name of CTP's without `Field`, and the same fields as
`ctp_py.OrderField`: the two are views of one struct, equal when their values are, and both are taken
wherever a record is. `to_ctp()` and `to_data()` turn one into the other.
"""

from __future__ import annotations

from ctp_py import _ctp_py


def __getattr__(name: str) -> type[_ctp_py.Record]:
    made = _ctp_py.data_class(name)
    if made is None:
        raise AttributeError(f"module 'ctp_py.data' has no attribute {name!r}")
    globals()[name] = made
    return made


def __dir__() -> list[str]:
    return _ctp_py.data_names()
