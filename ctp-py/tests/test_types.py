"""The types: mypy and pyright read the package, the demos and the tests; stubtest compares stubs and module."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from conftest import REPOSITORY, run_python

TESTS = REPOSITORY / "ctp-py" / "tests"
DEMOS = sorted((REPOSITORY / "demo").glob("*_demo.py"))
SETTINGS = REPOSITORY / "ctp-py" / "pyproject.toml"
ALLOWED = REPOSITORY / "ctp-py" / "stubs" / "allowed.txt"


def mypy(cache: Path, *arguments: str, cwd: Path) -> tuple[int, str]:
    done = run_python("-m", "mypy", "--config-file", str(SETTINGS), "--cache-dir", str(cache), *arguments, cwd=cwd)
    return done.returncode, done.stdout + done.stderr


def test_mypy_accepts_package_demos_and_tests_strictly(tmp_path: Path) -> None:
    """Strict everywhere: the settings in pyproject.toml say so. A wrong field is refused."""
    cache = tmp_path / "cache"
    code, output = mypy(cache, "--package", "ctp_py", cwd=tmp_path)
    assert code == 0, output
    tests = sorted(path.name for path in TESTS.glob("*.py"))
    code, output = mypy(cache, *map(str, DEMOS), *tests, cwd=TESTS)
    assert code == 0, output
    (tmp_path / "wrong.py").write_text("import ctp_py\nctp_py.InputOrderField(LimitPrice='1')\nctp_py.OrderField().Nope\n")
    code, output = mypy(cache, "wrong.py", cwd=tmp_path)
    assert code == 1 and "LimitPrice" in output and "Nope" in output, output


def test_pyright_accepts_the_demos(tmp_path: Path) -> None:
    settings = {
        "include": [str(path) for path in DEMOS],
        # Pyright's strict rules; basedpyright's own stricter ones are not asked.
        "typeCheckingMode": "strict",
        # Polars, pyarrow and matplotlib have parts without types.
        "reportMissingTypeStubs": "none",
        "reportUnknownMemberType": "none",
        "reportUnknownVariableType": "none",
        "reportUnknownArgumentType": "none",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    done = run_python("-m", "basedpyright", "--pythonpath", sys.executable, "--project", str(tmp_path), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 errors" in done.stdout, done.stdout


def test_the_stubs_are_what_the_module_is(tmp_path: Path) -> None:
    arguments = ["-m", "mypy.stubtest", "ctp_py", "--allowlist", str(ALLOWED), "--mypy-config-file", str(SETTINGS)]
    # Every class of C is one that no class can inherit from together with another one.
    arguments.append("--ignore-disjoint-bases")
    done = run_python(*arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_stubtest_is_told_to_allow_has_a_reason() -> None:
    for line in ALLOWED.read_text(encoding="utf-8").splitlines():
        name, _, reason = line.partition("#")
        assert not name.strip() or len(reason.strip()) > 10, line
