"""Python in the documentation runs as it is written, each example in a Python of its own.

The fence of an example that cannot run here says why: ```` ```python no-run: needs a broker ````.
Examples may `await` at their top level, as in `python -m asyncio`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import REPOSITORY, run_python

#: Pages whose examples are run; every other page with a Python fence is listed in `OTHERS`.
PAGES = ["README.md", "docs/control.md", "docs/python.md", "docs/python-switch.md"]

#: Pages that show other people's clients, which live in environments of their own (ctp-py/tests/foreign).
OTHERS = {"docs/serve.md", "docs/use-with.md"}

#: Runs a file, also one with `await` at its top level.
RUNNER = """
import ast, asyncio, inspect, sys
path = sys.argv[1]
text = open(path, encoding="utf-8").read()
scope = {"__name__": "__main__", "__file__": path}
flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
code = compile(text, path, "exec", flags=flags)
result = eval(code, scope)
if inspect.iscoroutine(result):
    asyncio.run(result)
"""


def fences(page: Path) -> Iterator[tuple[int, str, str]]:
    """Yields line, words after `python` and text of each Python fence of a page."""
    lines = page.read_text(encoding="utf-8").splitlines()
    start: int | None = None
    for number, line in enumerate(lines):
        stripped = line.strip()
        if start is None and stripped.startswith("```python"):
            start = number
        elif start is not None and stripped == "```":
            words = lines[start].strip().removeprefix("```python").strip()
            yield start + 1, words, textwrap.dedent("\n".join(lines[start + 1 : number]) + "\n")
            start = None
    assert start is None, f"{page}: the fence at line {start} has no end"


def examples() -> Iterator[object]:
    for page in PAGES:
        for line, words, text in fences(REPOSITORY / page):
            yield pytest.param(words, text, id=f"{Path(page).name}:{line}")


@pytest.mark.parametrize(("words", "text"), list(examples()))
def test_an_example_runs(words: str, text: str, tmp_path: Path) -> None:
    if words:
        reason = words.removeprefix("no-run:")
        assert reason != words and reason.strip(), f"```python {words}: write `no-run: REASON`"
        compile(text, "example.py", "exec", flags=0x2000)  # PyCF_ALLOW_TOP_LEVEL_AWAIT
        return
    script = tmp_path / "example.py"
    script.write_text(text, encoding="utf-8")
    done = run_python("-c", RUNNER, str(script), cwd=tmp_path)
    assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"


def test_no_page_with_examples_is_forgotten() -> None:
    pages = [REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md")]
    found = {page.relative_to(REPOSITORY).as_posix() for page in pages if any(fences(page))}
    assert found == {page for page in PAGES if any(fences(REPOSITORY / page))} | OTHERS


def test_the_examples_of_the_control_interface_say_what_comes_of_them() -> None:
    for line, _, text in fences(REPOSITORY / "docs" / "control.md"):
        assert "assert " in text, f"docs/control.md:{line}"
