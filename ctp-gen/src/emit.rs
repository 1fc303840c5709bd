//! Writes code from models.
