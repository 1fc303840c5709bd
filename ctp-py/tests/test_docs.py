"""Python in the documentation runs as it is written."""

from __future__ import annotations

from pathlib import Path

from conftest import REPOSITORY, run_python


def blocks(page: str) -> list[str]:
    """Returns the Python blocks of a page."""
    _, *parts = (REPOSITORY / "docs" / page).read_text(encoding="utf-8").split("```python\n")
    return [part.split("```", 1)[0] for part in parts]


def test_the_examples_of_the_control_interface_run(tmp_path: Path) -> None:
    found = blocks("control.md")
    assert found, "docs/control.md has no Python block"
    for block in found:
        assert "assert " in block, "an example says what comes of it"
        script = tmp_path / "example.py"
        script.write_text(block, encoding="utf-8")
        done = run_python(str(script), cwd=tmp_path)
        assert done.returncode == 0, f"{block}\n{done.stderr}"
