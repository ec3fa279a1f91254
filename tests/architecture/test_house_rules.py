"""Habits of the house that a machine can check."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent.parent
ROOMS = ("adapters", "alembic", "benchmarks", "domain", "persistence", "resolvers", "schema", "server", "tests")
LONGEST_FILE = 400
LONGEST_FUNCTION = 50
FILES = sorted(path for room in ROOMS for path in (HOUSE / room).rglob("*.py") if "node_modules" not in path.parts)
TOP = {*ROOMS, "deploy", "web", ".ci"}


def named(path: Path) -> str:
    return str(path.relative_to(HOUSE))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_there_are_files_to_check() -> None:
    assert {path.relative_to(HOUSE).parts[0] for path in FILES} == set(ROOMS)


@pytest.mark.parametrize("path", FILES, ids=named)
def test_no_file_is_longer_than_400_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", FILES, ids=named)
def test_no_function_is_longer_than_50_lines(path: Path) -> None:
    long = [f"{f.name}:{f.lineno}" for f in functions(path) if (f.end_lineno or 0) - f.lineno + 1 > LONGEST_FUNCTION]
    assert long == []


@pytest.mark.parametrize("path", FILES, ids=named)
def test_nothing_is_imported_inside_a_function(path: Path) -> None:
    inside = [
        f"{function.name}:{node.lineno}"
        for function in functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert inside == []


@pytest.mark.parametrize("path", FILES, ids=named)
def test_nothing_is_printed(path: Path) -> None:
    calls = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    assert [call.lineno for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"] == []


@pytest.mark.parametrize("path", [path for path in FILES if path.is_relative_to(HOUSE / "domain")], ids=named)
def test_the_domain_knows_what_everything_is(path: Path) -> None:
    any_names = [node.lineno for node in ast.walk(tree(path)) if isinstance(node, ast.Name) and node.id == "Any"]
    assert any_names == []


def test_the_migrations_do_not_shadow_the_library() -> None:
    assert not (HOUSE / "alembic" / "__init__.py").exists()


def test_every_package_has_its_init() -> None:
    packages = {path.parent for path in FILES if path.relative_to(HOUSE).parts[0] != "alembic"}
    assert [named(package) for package in packages if not (package / "__init__.py").exists()] == []


def test_the_top_level_stays_as_it_is() -> None:
    built = {".git", ".venv", ".souk", "node_modules"}
    folders = {path.name for path in HOUSE.iterdir() if path.is_dir() and not path.name.endswith("egg-info")}
    assert {name for name in folders - built if not name.startswith(".") or name == ".ci"} <= TOP
