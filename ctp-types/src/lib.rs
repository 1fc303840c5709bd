//! Records, enumerations, constants and text of the CTP API.
