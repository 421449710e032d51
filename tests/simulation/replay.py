"""Play a seed again and print everything that happens: `python -m tests.simulation.replay SEED`.

A day of passes: `SEED day`; one where nothing goes wrong: `SEED mild day`.
"""

import sys

from tests.simulation.day import Day
from tests.simulation.night import Night


def main(night: Night) -> int:
    """Print the trace of a night, then what is wrong with it, if anything is; the exit status says which."""
    print(night)  # noqa: T201 - a command prints
    wrong = ""
    try:
        night.play()
    except AssertionError as error:
        wrong = str(error)
    print(f"trace {night.chaos.digest}", wrong)  # noqa: T201 - as above
    return int(wrong != "")


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[1:] in (["day"], ["mild", "day"]):
        sys.exit(main(Day(int(words[0]), print, mild="mild" in words)))
    sys.exit(main(Night(int(words[0]) if len(words) == 1 else " ".join(words), print)))
