"""Every constant of the API under its C name: `constants.THOST_FTDC_D_Buy == "0"`."""

from ctp_py import _ctp_py

globals().update(_ctp_py.constant_values())
