"""The emitted stubs say what the module is."""

from __future__ import annotations

import ast
from pathlib import Path

import ctp_py
from ctp_py import _ctp_py, constants, enums


def stub(name: str) -> ast.Module:
    return ast.parse((Path(ctp_py.__file__).parent / name).read_text(encoding="utf-8"))


def classes(module: ast.Module) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in module.body if isinstance(node, ast.ClassDef)}


def methods(node: ast.ClassDef) -> list[str]:
    return [item.name for item in node.body if isinstance(item, ast.FunctionDef)]


def test_records_have_the_same_fields() -> None:
    stubs = classes(stub("_ctp_py.pyi"))
    for name in _ctp_py.record_names():
        fields = [
            item.target.id
            for item in stubs[name].body
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
        ]
        assert fields == list(getattr(ctp_py, name)().to_dict()), name


def test_apis_have_the_same_methods() -> None:
    stubs = classes(stub("_ctp_py.pyi"))
    for name, api in (("MdApi", ctp_py.MdApi), ("TraderApi", ctp_py.TraderApi)):
        typed = {method for part in (name, f"_{name}", "_Api") for method in methods(stubs[part])}
        public = {method for method in dir(api) if not method.startswith("_")}
        assert {method for method in typed if not method.startswith("__")} == public


def test_the_module_has_everything_that_is_typed() -> None:
    module = stub("_ctp_py.pyi")
    typed = {node.name for node in module.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    only_typed = {"MdSpi", "TraderSpi"} | {name for name in typed if name.startswith("_")}
    for name in typed - only_typed:
        assert hasattr(_ctp_py, name), name


def test_enumerations_have_the_same_members() -> None:
    stubs = classes(stub("enums.pyi"))
    assert set(_ctp_py.enumeration_names()) == set(stubs) - {"Enumeration"}
    for name in _ctp_py.enumeration_names():
        typed = [
            (item.targets[0].id, item.value.value)
            for item in stubs[name].body
            if isinstance(item, ast.Assign)
            and isinstance(item.targets[0], ast.Name)
            and isinstance(item.value, ast.Constant)
        ]
        assert typed == [(member, alias.value) for member, alias in getattr(enums, name).__members__.items()]


def test_constants_are_the_same() -> None:
    typed = {
        node.target.id: node.value.value
        for node in stub("constants.pyi").body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    assert len(typed) == 1348
    assert typed == {name: getattr(constants, name) for name in typed}
