"""The enumerations of the API, made on first use: `enums.OrderStatus.AllTraded`.

Members are `str`, so that `order.OrderStatus == "0"` and `== THOST_FTDC_OST_AllTraded` work. A
character that is newer than the header becomes a member of its own, named `UNKNOWN_x`.
"""

from __future__ import annotations

from enum import Enum

from ctp_py import _ctp_py


class Enumeration(str, Enum):
    """Base of all enumerations."""

    __str__ = str.__str__
    __format__ = str.__format__

    @classmethod
    def _missing_(cls, value: object) -> Enumeration | None:
        if not isinstance(value, str) or len(value) != 1:
            return None
        member = str.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        # The same character is the same member next time.
        known = cls._value2member_map_.setdefault(value, member)
        return known if isinstance(known, Enumeration) else None


def __getattr__(name: str) -> type[Enumeration]:
    values = _ctp_py.enumeration_values(name)
    if values is None:
        raise AttributeError(f"module 'ctp_py.enums' has no attribute {name!r}")
    members = [(member, value) for _, member, value in values]
    made = Enumeration(name, members, module=__name__, qualname=name)
    globals()[name] = made
    return made


def __dir__() -> list[str]:
    return ["Enumeration", *_ctp_py.enumeration_names()]
