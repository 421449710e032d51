"""What players' pages say of a stored forecast and of prices. Pure: documents in, numbers and drawings out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.coordinator.api.any_line import Answer, against
from services.coordinator.documents.shapes import Forecast, PastGame, Quote, Side
from services.coordinator.page.charts import Chance, Game
from shared.registries.markets import MARKETS

LABELS: Mapping[str, str] = {
    name: "+".join(part[0].upper() for part in market.sum_of) if market.sum_of else name
    for name, market in MARKETS.items()
}
"""Markets for people: a sum by the first letters of what it adds, as books have it."""
LARGEST_COUNT = 150
"""No count that is predicted is larger: as in services/worker/domain/distribution.py."""
_TAIL = 0.003
"""What is left out of a drawing at each end."""
STEP = 0.5
"""Between lines that one can choose: whole ones may be a push."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The three numbers of a distribution, where they are stored."""

    centre: float
    scale: float
    power: float

    def against(self, line: float) -> Answer:
        """What it says of a line."""
        return against(line, centre=self.centre, scale=self.scale, power=self.power)

    def chances(self) -> list[Chance]:
        """Probabilities of successive counts, without the tails."""
        below, found = 0.0, []
        for count in range(LARGEST_COUNT + 1):
            p = self.against(float(count)).p_push
            if below + p > _TAIL:
                found.append(Chance(count, p))
            below += p
            if below > 1.0 - _TAIL:
                break
        return found


def stored(forecast: Forecast) -> Stored | None:
    """The distribution of a forecast; None of one from before they were stored."""
    centre, scale, power = forecast["centre"], forecast["scale"], forecast["power"]
    return None if centre is None or scale is None or power is None else Stored(centre, scale, power)


def default_line(forecast: Forecast, books: Sequence[Quote]) -> float:
    """The line that is shown where none was asked for: the consensus, else a book's, else the half below the median."""
    if forecast["line"] is not None:
        return forecast["line"]
    if books:
        return books[0]["line"]
    return max(float(int(forecast["q50"])) - STEP, STEP)


def profit(price: float) -> float:
    """Profit per unit staked of a bet that is won, of American odds."""
    return price / 100.0 if price > 0 else -100.0 / price


def expected(answer: Answer, side: Side, price: float | None) -> float | None:
    """Expected profit per unit staked on a side at a price; None without a price."""
    if price is None or price == 0:
        return None
    won, lost = (answer.p_over, answer.p_under) if side == "over" else (answer.p_under, answer.p_over)
    return won * profit(price) - lost


@dataclass(frozen=True, slots=True)
class Priced:
    """A book's offer beside what the forecast expects of it."""

    quote: Quote
    over: float | None
    """Expected profit per unit staked on the over."""
    under: float | None
    best: tuple[Side, ...] = ()
    """Sides on which no book offers more."""


def priced(books: Sequence[Quote], distribution: Stored | None) -> list[Priced]:
    """Every book's offer, and the best per side: lines differ, so that a price alone says too little."""
    offers = []
    for quote in books:
        answer = None if distribution is None else distribution.against(quote["line"])
        over = None if answer is None else expected(answer, "over", quote["over_price"])
        under = None if answer is None else expected(answer, "under", quote["under_price"])
        offers.append(Priced(quote, over, under))
    top_over = max((each.over for each in offers if each.over is not None), default=None)
    top_under = max((each.under for each in offers if each.under is not None), default=None)
    return [
        Priced(
            each.quote,
            each.over,
            each.under,
            (*(("over",) if each.over is not None and each.over == top_over else ()),
             *(("under",) if each.under is not None and each.under == top_under else ())),
        )
        for each in offers
    ]  # fmt: skip


def games(past: Sequence[PastGame], market: str) -> list[Game]:
    """His last games in one market, oldest first, each against what was forecast then."""
    return [_game(each, market) for each in reversed(past)]


def _game(game: PastGame, market: str) -> Game:
    forecast = game["forecasts"].get(market)
    value = game["values"].get(market)
    at = "vs" if game["is_home"] else "at"
    label = f"{game['game_date']} {at} {game['opponent']}: {value:g}" if value is not None else f"{game['game_date']}"
    label += f" in {game['minutes']:.0f} min"
    if forecast is None:
        return Game(label, value)
    label += f"; forecast {forecast['mean']:.1f} ({shown(forecast['q10']):.1f} to {forecast['q90']:.1f})"
    return Game(label, value, forecast["mean"], shown(forecast["q10"]), forecast["q90"], forecast["line"])


def shown(quantile: float) -> float:
    """A quantile as people see it: one below every count is 0."""
    return max(quantile, 0.0)
