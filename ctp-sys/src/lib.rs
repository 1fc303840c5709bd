//! Loads any CTP library version at run time through generated C++ adapters.
