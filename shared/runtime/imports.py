"""Whether a service can import all that it may ever import; the build of its image asks (failures 19 and 50).

Much is imported within functions, once it is needed: what is missing there fails in production only. So every import of
the service's modules, and of those of `shared` that they lead to, is done here, wherever it stands.
"""

import ast
import importlib
import importlib.util
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path

CLOUD_PORTS = ("bus", "warehouse", "state", "secrets")
"""Ports whose adapters are modules of `shared.cloud`; an image has the packages of those that its service uses."""
VOICE = "shared.runtime.voice"
"""The adapter of the voice port, in both worlds; an image has its package if its service has something to say."""
LOCAL_ONLY = "shared.embedded.warehouse"
"""Stands on DuckDB, which no image has."""


def problems(package: str) -> Iterator[str]:
    """Every import that fails, as `module: statement: why`."""
    path = importlib.import_module(package).__path__
    waiting = [module.name for module in pkgutil.walk_packages(path, f"{package}.")]
    yield from filter(None, (_failure(f"import {module}") for module in waiting))
    ours = (package.split(".", maxsplit=1)[0], "shared")
    absent = unused("".join(map(_source, waiting)))
    known = set(waiting)
    while waiting:
        module = waiting.pop()
        for node in ast.walk(ast.parse(_source(module))):
            names = _names(node)
            if not names or absent.intersection(names):
                continue
            if why := _failure(ast.unparse(node)):
                yield f"{module}: {why}"
            found = [name for name in names if name in sys.modules and name.split(".")[0] in ours]
            waiting += [name for name in found if name not in known]
            known.update(found)


def unused(source: str) -> set[str]:
    """The adapters that a service with this source does without."""
    used = set(re.findall(r"\b_?ports\.(\w+)", source))
    absent = {f"shared.cloud.{port}" for port in CLOUD_PORTS if port not in used}
    if "voice" not in used:
        absent.add(VOICE)
    return {LOCAL_ONLY, *absent}


def _names(node: ast.AST) -> list[str]:
    """What a statement imports: modules, and of each what may be one too; nothing if it is no import."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module is not None:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def _failure(statement: str) -> str:
    """An import that fails, and why; "" if it does not."""
    try:
        exec(statement, {})  # noqa: S102 - an import of our own source
    except (ImportError, OSError) as error:  # OSError: a library of the system is missing
        return f"{statement}: {error}"
    return ""


def _source(module: str) -> str:
    """The text of a module of ours; of one that cannot even be found, none: who imports it says so."""
    spec = importlib.util.find_spec(module)
    return "" if spec is None or spec.origin is None else Path(spec.origin).read_text("utf-8")


if __name__ == "__main__":
    sys.exit("\n".join(problems(f"services.{sys.argv[1]}")) or None)
