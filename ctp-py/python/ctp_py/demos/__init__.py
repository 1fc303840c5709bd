"""The demos of the repository's `demo/` folder; `cargo xtask wheel` puts them here."""
