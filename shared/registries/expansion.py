"""SQL that says once what holds for every market: blocks of lines, repeated from the registries.

-- for each market
AVG(IF(this_season, {market}, NULL)) AS {market}_season_mean,
-- end

In a market's block `{sum of played.*}` adds up its statistics: played.points + played.rebounds + played.assists.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from shared.errors import Permanent
from shared.registries.features import FEATURES, Feature
from shared.registries.markets import MARKETS, STATISTICS, Market

_BLOCK = re.compile(r"^ *-- for each (market|sum|statistic|feature|quote)\n(.*?)^ *-- end\n", re.DOTALL | re.MULTILINE)
_SUM = re.compile(r"\{sum of ([^}]+)\}")


def _of_market(lines: str, market: Market) -> str:
    def added(hole: re.Match[str]) -> str:
        return " + ".join(hole[1].replace("*", statistic) for statistic in market.statistics)

    return _SUM.sub(added, lines).replace("{market}", market.name)


def _of_feature(lines: str, feature: Feature) -> str:
    values = {"feature": feature.name, "taken": feature.taken, "market": feature.market, "column": feature.column}
    for name, value in values.items():
        lines = lines.replace(f"{{{name}}}", value)
    return lines


_REPEATED: Mapping[str, Callable[[str], Iterable[str]]] = {
    "market": lambda lines: [_of_market(lines, market) for market in MARKETS.values()],
    "sum": lambda lines: [_of_market(lines, market) for market in MARKETS.values() if market.sum_of],
    "statistic": lambda lines: [lines.replace("{statistic}", name) for name in STATISTICS],
    "feature": lambda lines: [_of_feature(lines, feature) for feature in FEATURES.values()],
    "quote": lambda lines: [_of_feature(lines, feature) for feature in FEATURES.values() if feature.market],
}
"""sum: each market that is a sum; statistic: each column that a market counts; quote: each feature of a line."""


def expanded(text: str, name: str) -> str:
    """The statement of a file called `name` with its blocks repeated; one without blocks as it is.

    Raises:
        Permanent: a block has no end, is of something else, or names in braces what it does not fill.
    """
    found = _BLOCK.sub(lambda block: "".join(_REPEATED[block[1]](block[2])), text)
    left = re.search(r"-- for each.*|\{.*?\}", found)
    if left is not None:
        raise Permanent(f"{name}: nothing fills {left[0]!r}", remedy=f"for each of {', '.join(_REPEATED)}, to -- end")
    return found
