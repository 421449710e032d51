"""Where the local profile keeps its state, for those who load no settings to find it."""

from typing import Final

VARIABLE: Final = "TIPOFF_HOME"
DEFAULT: Final = ".tipoff"
