"""LightGBM models written by hand, so that every output can be worked out on paper."""

from collections.abc import Mapping, Sequence

import numpy as np

from services.worker.domain.artifact import Array
from services.worker.domain.systems import boosted
from shared.registries.markets import MARKETS


def constant(value: float) -> str:
    """A tree of one leaf."""
    return _tree({"num_leaves": 1, "leaf_value": value})


def stump(feature: int, threshold: float, low: float, high: float, root: float, *, nulls: str = "zero") -> str:
    """One split: `low` where the feature is at most the threshold, else `high`; the root's expectation is `root`.

    Nulls count as zero, or go "left" or "right".
    """
    return _tree(
        {
            "num_leaves": 2,
            "split_feature": feature,
            "split_gain": 1,
            "threshold": threshold,
            "decision_type": {"zero": 2, "left": 10, "right": 8}[nulls],
            "left_child": -1,
            "right_child": -2,
            "leaf_value": f"{low} {high}",
            "leaf_weight": "1 1",
            "leaf_count": "1 1",
            "internal_value": root,
            "internal_weight": 0,
            "internal_count": 2,
        }
    )


def deep() -> str:
    """Feature 0 at most 1.5 is 7; else (expectation 14) feature 1 at most 0 is 12, and more is 16. The root is 10."""
    return _tree(
        {
            "num_leaves": 3,
            "split_feature": "0 1",
            "split_gain": "1 1",
            "threshold": "1.5 0",
            "decision_type": "2 2",
            "left_child": "-1 -2",
            "right_child": "1 -3",
            "leaf_value": "7 12 16",
            "leaf_weight": "1 1 1",
            "leaf_count": "1 1 1",
            "internal_value": "10 14",
            "internal_weight": "0 0",
            "internal_count": "3 2",
        }
    )


def model(width: int, *trees: str, objective: str = "regression") -> str:
    """A model of `width` features as LightGBM writes it."""
    head = [
        "tree", "version=v4", "num_class=1", "num_tree_per_iteration=1", "label_index=0",
        f"max_feature_idx={width - 1}", f"objective={objective}",
        "feature_names=" + " ".join(f"f{n}" for n in range(width)),
        "feature_infos=" + " ".join(["[-100:100]"] * width),
    ]  # fmt: skip
    blocks = "".join(f"Tree={n}\n{tree}\n\n\n" for n, tree in enumerate(trees))
    return "\n".join(head) + "\n\n" + blocks + "end of trees\n\nparameters:\nend of parameters\n"


def _tree(values: Mapping[str, object]) -> str:
    lines = {"num_leaves": values["num_leaves"], "num_cat": 0, **values, "is_linear": 0, "shrinkage": 1}
    return "\n".join(f"{name}={value}" for name, value in lines.items())


def boosted_parts(
    centres: Sequence[float] = (0.0, 0.0), numbers: Sequence[float] = (1.0, 4.0, 0.0, 0.5, 0.0, 1.0)
) -> tuple[dict[str, str], dict[str, Array]]:
    """Texts and arrays of a `boosted` model of constants.

    He plays with probability 3/4 (log-odds ln 3), 30 minutes. Every market reads one feature and the expected minutes,
    adds the mean of `centres` to form, and has the numbers (power, a, b, floor, shift, width).
    """
    texts = {"play": model(1, constant(1.0986123)), "minutes": model(1, constant(30.0))}
    arrays: dict[str, Array] = {"columns.minutes": np.array(["minutes_ewma"])}
    for market in MARKETS:
        texts |= {f"{market}.centre{n}": model(2, constant(value)) for n, value in enumerate(centres)}
        texts[f"{market}.spread"] = model(3, constant(0.0))
        arrays[f"market.{market}"] = np.array(numbers)
        arrays[f"columns.{market}"] = np.array(["is_home", boosted.EXPECTED_MINUTES])
    return texts, arrays
