"""SQL that says once what holds for every market, quantile or arena: blocks of lines, repeated from the registries.

-- for each market
AVG(IF(this_season, {market}, NULL)) AS {market}_season_mean,
-- end

A passage of `passages.sql` is put in where a statement names it: `{games known to context}`.

In a market's block `{sum of played.*}` adds up its statistics: played.points + played.rebounds + played.assists.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib.resources import files

from shared.basketball.arenas import ARENAS
from shared.errors import Permanent
from shared.registries.features import FEATURES, Feature
from shared.registries.markets import MARKETS, STATISTICS, Market
from shared.registries.quantiles import QUANTILE_COLUMNS, QUANTILES

_SUM = re.compile(r"\{sum of ([^}]+)\}")


def _of_market(lines: str, market: Market) -> str:
    def added(hole: re.Match[str]) -> str:
        return " + ".join(hole[1].replace("*", statistic) for statistic in market.statistics)

    return _SUM.sub(added, lines).replace("{market}", market.name)


def _of_feature(lines: str, feature: Feature) -> str:
    return _filled(lines, feature=feature.name, taken=feature.taken, market=feature.market, column=feature.column)


def _of_quantile(lines: str, number: int) -> str:
    """How many lie below it, its level, what is left of 1, and the distance between the levels around it, 0 to 1."""
    below, level, above = (0.0, *QUANTILES, 1.0)[number : number + 3]
    shares = {"level": f"{level:.2f}", "rest": f"{1.0 - level:.2f}", "width": f"{above - below:.2f}"}
    return _filled(lines, quantile=QUANTILE_COLUMNS[number], number=number, **shares)


def _filled(lines: str, **values: object) -> str:
    for name, value in values.items():
        lines = lines.replace(f"{{{name}}}", str(value))
    return lines


_REPEATED: Mapping[str, Callable[[str], Iterable[str]]] = {
    "market": lambda lines: [_of_market(lines, market) for market in MARKETS.values()],
    "sum": lambda lines: [_of_market(lines, market) for market in MARKETS.values() if market.sum_of],
    "statistic": lambda lines: [_filled(lines, statistic=name) for name in STATISTICS],
    "feature": lambda lines: [_of_feature(lines, feature) for feature in FEATURES.values()],
    "quote": lambda lines: [_of_feature(lines, feature) for feature in FEATURES.values() if feature.market],
    "quantile": lambda lines: [_of_quantile(lines, number) for number in range(len(QUANTILES))],
    "arena": lambda lines: [_filled(lines, team=team, **arena._asdict()) for team, arena in ARENAS.items()],
}
"""sum: each market that is a sum; statistic: each column that a market counts; quote: each feature of a line."""
_BLOCK = re.compile(rf"^ *-- for each ({'|'.join(_REPEATED)})\n(.*?)^ *-- end\n", re.DOTALL | re.MULTILINE)


def _repeated(text: str) -> str:
    return _BLOCK.sub(lambda block: "".join(_REPEATED[block[1]](block[2])), text)


_CAPITAL = re.compile(r"\b[A-Z]\b")
_PASSAGE = re.compile(r"^-- passage: (.+)\n((?:.+\n)+)", re.MULTILINE)
_PASSAGES = [
    (re.compile(r"\{" + _CAPITAL.sub(r"(?P<\g<0>>[\\w.]+)", name) + r"\}"), _repeated(passage).strip())
    for name, passage in _PASSAGE.findall((files("shared.registries") / "passages.sql").read_text("utf-8"))
]
"""What names a passage in a statement, and the passage."""


def _with_passages(text: str) -> str:
    def put(hole: re.Match[str], passage: str) -> str:
        return _CAPITAL.sub(lambda capital: hole[capital[0]], passage)

    for named, passage in _PASSAGES:
        text = named.sub(partial(put, passage=passage), text)
    return text


def expanded(text: str, name: str) -> str:
    """The statement of a file called `name` with its blocks repeated; one without blocks as it is.

    Raises:
        Permanent: a block has no end, is of something else, or names in braces what it does not fill.
    """
    found = _with_passages(_repeated(text))
    left = re.search(r"-- for each.*|\{.*?\}", found)
    if left is not None:
        raise Permanent(f"{name}: nothing fills {left[0]!r}", remedy=f"for each of {', '.join(_REPEATED)}, to -- end")
    return found
