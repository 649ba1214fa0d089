"""The house rules that a syntax tree can tell: each takes a module and yields what breaks it.

A rule is a function of (`where`, `tree`): the path below the repository as text, and the parsed
module. It yields `path:line: what is wrong`. `test_rules.py` runs them over the program and shows
each one a deliberate violation.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator

Rule = Callable[[str, ast.Module], Iterator[str]]

CANONICALS = (
    "http://hl7.org",
    "terminology.hl7.org",
    "urn:oid:0",
    "urn:oid:1",
    "urn:oid:2",
    "codesystem.x12.org",
    "http://snomed.info",
    "http://loinc.org",
    "http://unitsofmeasure.org",
    "www.cms.gov/",
    "www.ama-assn.org",
    "www.nubc.org",
)
CLOCK_CALLS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "localtime"),
    ("time", "gmtime"),
    ("os", "urandom"),
}
CLOCK_ITSELF = ("app.clock", "moment")  # a Moment is an argument, making one is not for the core
CHANCE_MODULES = {"random", "secrets"}
SEEDED = ("random", "Random")  # with a seed it is no chance: the same again and again
CHANCE_NAMES = {"uuid1", "uuid4", "uuid6", "uuid7"}
DRAWERS = {"utils", "util", "helpers", "common", "manager", "service", "base", "handler", "misc"}
DRAWER_ENDINGS = ("Manager", "Service", "Helper", "Helpers", "Utils", "Handler")
LEVELS = {"debug", "info", "warning", "error", "critical", "exception", "log"}
# `bad_data` is a BadData of the operator's own files: it names file and line, never a person
LOGGABLE = (
    "bad_data",
    "id",
    "ids",
    "code",
    "codes",
    "status",
    "count",
    "ms",
    "version",
    "name",
    "hash",
    "sha256",
    "method",
    "sequence",
)


def _line(where: str, node: ast.AST, what: str) -> str:
    return f"{where}:{getattr(node, 'lineno', 1)}: {what}"


def _docstrings(tree: ast.Module) -> set[int]:
    """The identities of all nodes that are docstrings."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                found.add(id(first.value))
    return found


def imports_at_the_top(where: str, tree: ast.Module) -> Iterator[str]:
    """No import inside a function: what a module needs is seen in its first lines."""
    for outer in ast.walk(tree):
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for node in ast.walk(outer):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield _line(where, node, "import inside a function")


def canonicals_have_one_home(where: str, tree: ast.Module) -> Iterator[str]:
    """Canonical and code-system addresses stand in app/fhir/urls.py alone."""
    if where == "app/fhir/urls.py":
        return
    prose = _docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            for canonical in CANONICALS:
                if canonical in node.value:
                    yield _line(where, node, f"{canonical} belongs in app/fhir/urls.py")


def time_and_chance_are_arguments(where: str, tree: ast.Module) -> Iterator[str]:
    """Only app/clock.py reads the time or makes something random."""
    if where == "app/clock.py":
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if (name, node.attr) in CLOCK_CALLS or node.attr in CHANCE_NAMES:
                yield _line(where, node, f"{name}.{node.attr} belongs in app/clock.py")
        if isinstance(node, ast.Call) and ast.unparse(node) == "Random()":
            yield _line(where, node, "Random without a seed belongs in app/clock.py")
        for module, name in _imported(node):
            if (module, name) == SEEDED:
                continue
            if module in CHANCE_MODULES or name in CHANCE_NAMES or (module, name) in CLOCK_CALLS:
                yield _line(where, node, f"import of {module} {name} belongs in app/clock.py")


def _imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        yield from ((alias.name, "") for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from ((node.module or "", alias.name) for alias in node.names)


def environment_has_one_reader(where: str, tree: ast.Module) -> Iterator[str]:
    """Only app/settings.py reads the environment."""
    if where == "app/settings.py":
        return
    for node in ast.walk(tree):
        is_read = isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
        if is_read or any(name in ("environ", "getenv") for _, name in _imported(node)):
            yield _line(where, node, "the environment is read in app/settings.py")


def the_core_is_plain(where: str, tree: ast.Module) -> Iterator[str]:
    """domain and determine import the standard library and the layers below, nothing else."""
    if not where.startswith(("app/domain/", "app/determine/")):
        return
    for node in ast.walk(tree):
        for module, name in _imported(node):
            root = module.split(".")[0]
            if root != "app" and root not in sys.stdlib_module_names:
                yield _line(where, node, f"{root} is not of the standard library")
            if module in ("app.settings", "app.resources") or (module, name) == CLOCK_ITSELF:
                yield _line(where, node, f"{module} would tie the core to its surroundings")


def names_say_something(where: str, tree: ast.Module) -> Iterator[str]:
    """No drawer names, and no FHIR word for a thing of our own."""
    stem = where.rsplit("/", 1)[-1].removesuffix(".py")
    if stem in DRAWERS or set(where.split("/")[:-1]) & DRAWERS:
        yield f"{where}:1: a drawer, not a name"
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            if node.name.endswith(DRAWER_ENDINGS):
                yield _line(where, node, f"{node.name} is a drawer, not a name")
            if where.startswith("app/domain/") and node.name in ("Claim", "Authorization"):
                yield _line(where, node, f"{node.name} is FHIR's word")


def speaking_is_for_commands(where: str, tree: ast.Module) -> Iterator[str]:
    """`print` is used by app/cli only: elsewhere it would be a log that nobody checks."""
    if where.startswith("app/cli/"):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print":
            yield _line(where, node, "print outside app/cli")


def logs_hold_no_person(where: str, tree: ast.Module) -> Iterator[str]:
    """A log line is a constant event name and arguments named like ids, codes and counts.

    Tracebacks are refused too: the text of an exception can hold what somebody sent.
    """
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        owner = ast.unparse(node.func.value).lower()
        if node.func.attr not in LEVELS or not owner.rsplit(".", 1)[-1].endswith(
            ("log", "logger", "logging")
        ):
            continue
        if node.func.attr == "exception" or any(word.arg == "exc_info" for word in node.keywords):
            yield _line(where, node, "a traceback in the log may hold what somebody sent")
        event, *rest = node.args or [None]
        if not (isinstance(event, ast.Constant) and isinstance(event.value, str)):
            yield _line(where, node, "a log event is a constant text")
        for value in [*rest, *(word.value for word in node.keywords if word.arg != "extra")]:
            if not _is_loggable(value):
                yield _line(where, node, f"not an id, code or count: {ast.unparse(value)}")
        for word in node.keywords:
            if word.arg == "extra":
                yield from _check_extra(where, word.value)


def _check_extra(where: str, value: ast.expr) -> Iterator[str]:
    if not isinstance(value, ast.Dict):
        yield _line(where, value, "extra= takes a literal dict, so that it can be checked")
        return
    for each in value.values:
        if not _is_loggable(each):
            yield _line(where, each, f"not an id, code or count: {ast.unparse(each)}")


def _is_loggable(value: ast.expr) -> bool:
    if isinstance(value, ast.Constant):
        return True
    if isinstance(value, ast.Call) and getattr(value.func, "id", "") in ("len", "round", "str"):
        return all(isinstance(arg, ast.Constant) or _is_loggable(arg) for arg in value.args) or (
            getattr(value.func, "id", "") == "len"
        )
    if isinstance(value, ast.Attribute) and value.attr == "__name__":
        return True  # the name of a class
    last = value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")
    return last in LOGGABLE or last.rsplit("_", 1)[-1] in LOGGABLE


def nothing_is_left_undone(where: str, tree: ast.Module) -> Iterator[str]:
    """No stub: a body of `pass` or NotImplementedError, or of a docstring that promises a value."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef) or _is_declared_only(node):
            continue
        steps = [step for step in node.body if not _is_text(step)]
        promises = node.returns is not None and ast.unparse(node.returns) != "None"
        if all(_is_nothing(step) for step in steps) and (steps or promises):
            yield _line(where, node, f"{node.name} does nothing")


def _is_declared_only(node: ast.FunctionDef) -> bool:
    """A protocol's method has a body of three dots by design, an abstract one says what it is."""
    marks = [ast.unparse(mark) for mark in node.decorator_list]
    return "abstractmethod" in marks or ast.unparse(node.body[-1]) == "..."


def _is_text(step: ast.stmt) -> bool:
    return isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant)


def _is_nothing(step: ast.stmt) -> bool:
    return isinstance(step, ast.Pass) or "NotImplementedError" in ast.unparse(step)


def values_are_sealed(where: str, tree: ast.Module) -> Iterator[str]:
    """A frozen dataclass is declared by `app.sealed.sealed`: checked by mypy, quick to make."""
    for node in ast.walk(tree):
        is_dataclass = isinstance(node, ast.Call) and ast.unparse(node.func).endswith("dataclass")
        if is_dataclass and any(word.arg == "frozen" for word in node.keywords):
            yield _line(where, node, "frozen at run time: use @sealed(frozen=True, ...)")


RULES: tuple[Rule, ...] = (
    imports_at_the_top,
    canonicals_have_one_home,
    time_and_chance_are_arguments,
    environment_has_one_reader,
    the_core_is_plain,
    names_say_something,
    speaking_is_for_commands,
    logs_hold_no_person,
    nothing_is_left_undone,
    values_are_sealed,
)
