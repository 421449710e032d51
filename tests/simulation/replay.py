"""Play a seed again and print everything that happens: `python -m tests.simulation.replay SEED`."""

import sys

from tests.simulation.night import Night


def main(seed: int | str) -> int:
    """Print the trace of a night, then what is wrong with it, if anything is; the exit status says which."""
    night = Night(seed, print)
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
    sys.exit(main(int(words[0]) if len(words) == 1 else " ".join(words)))
