"""The prediction systems, one module each, found by the name of their entry in `shared.registries.systems`."""

from functools import cache
from importlib import import_module

from services.worker.domain.systems.base import System
from shared.errors import Permanent
from shared.registries.systems import SYSTEMS


@cache
def system(name: str) -> System:
    """The system called `name`; its module is imported at its first use.

    Raises:
        Permanent: there is none.
    """
    if name not in SYSTEMS:
        raise Permanent(f"unknown system {name!r}", remedy="deploy the worker at the coordinator's revision")
    module = import_module(f"services.worker.domain.systems.{name}")
    found = module.SYSTEM
    if not isinstance(found, System):
        raise TypeError(f"{module.__name__}.SYSTEM is no System")
    return found
