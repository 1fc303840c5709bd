//! The simulator as a drop-in CTP library.
