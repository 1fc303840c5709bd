//! The CTP gateway for Python.
