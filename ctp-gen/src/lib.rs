//! Turns CTP vendor headers into an API model and the model into code.
