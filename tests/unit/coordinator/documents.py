"""Made-up documents: a small slate that is published, as a page or a route may get it."""

from typing import Any, cast

from services.coordinator.api.any_line import against
from services.coordinator.documents.record_shapes import (
    Against,
    Bin,
    Measured,
    Record,
    RecordCell,
    RecordPick,
    Share,
)
from services.coordinator.documents.shapes import (
    Absent,
    Driver,
    Edge,
    EdgeRecord,
    Forecast,
    GameCard,
    GameDocument,
    Missing,
    Move,
    PastForecast,
    PastGame,
    PlayerCard,
    PlayerDocument,
    PlayerShown,
    Quote,
    SlateChange,
    Tonight,
)
from shared.registries.markets import MARKETS

DATE, MODE, GAME = "2024-03-04", "same_day", "0022300901"
RUN, AT, TIP = "2024-03-04.same_day.1", "2024-03-04T22:40:00+00:00", "2024-03-05T00:30:00+00:00"
MEANS = {"points": 26.4, "rebounds": 12.3, "assists": 9.1, "threes": 1.2, "pra": 47.8}
OUT = Absent(player_id=1627750, player_name="Jamal Murray", team="DEN", status="Out")


def forecast(market: str = "points", system: str = "ensemble", **values: Any) -> Forecast:  # noqa: ANN401 - fields
    """A forecast with a line at its mean and a small edge on the over."""
    mean = MEANS.get(market, 5.0)
    power = MARKETS[market].power
    centre, scale = (mean + 0.5) ** power, 0.25 * (mean + 0.5) ** power
    line = round(mean) - 0.5
    answer = against(line, centre=centre, scale=scale, power=power)
    made = dict[str, Any](
        system=system, market=market, mean=mean,
        **{f"q{level:02d}": round(mean * (0.6 + 0.008 * level), 2) for level in (5, *range(10, 100, 10), 95)},
        centre=centre, scale=scale, power=power, minutes=34.2, p_play=0.97, shadow=False,
        drivers=[Driver(name="points_per_minute", by=2.1), Driver(name="opponent_points_factor", by=-0.7)],
        line=line, line_books=3, line_at="2024-03-04T21:55:00+00:00", p_over=answer.p_over, p_push=answer.p_push,
        p_market=answer.p_over - 0.05, book="draftkings", over_price=-110.0, under_price=-110.0,
        fair_over=answer.fair_over, fair_under=answer.fair_under, edge=0.05, recommendation="over", pass_reason=None,
        predicted_at="2024-03-04T22:38:00+00:00", run_id=RUN,
    )  # fmt: skip
    return cast("Forecast", {**made, **values})


def past(number: int) -> PastGame:
    """His game so many days before, the last of them without a forecast."""
    values = {market: float(round(mean) + number % 5 - 2) for market, mean in MEANS.items()}
    forecasts = {
        market: PastForecast(
            system="ensemble", mean=mean - 0.3, q10=mean * 0.6, q90=mean * 1.4, line=round(mean) + 0.5,
            recommendation="pass",
        )
        for market, mean in MEANS.items()
    }  # fmt: skip
    return PastGame(
        game_date=f"2024-02-{29 - number:02d}", game_id=f"00223008{number:02d}", opponent="LAL",
        is_home=number % 2 == 0, minutes=30.0 + number % 7, values=values, forecasts=forecasts if number < 19 else {},
    )  # fmt: skip


def player(player_id: int = 203999, name: str = "Nikola Jokić", **values: Any) -> PlayerDocument:  # noqa: ANN401 - fields
    """A player in five markets and two systems, with two books and twenty games."""
    forecasts = [forecast(market, system) for system in ("ensemble", "moving_average") for market in MEANS]
    books = {
        market: [
            Quote(
                bookmaker=book, line=round(mean) - 0.5 + number, over_price=-112.0 + 2 * number,
                under_price=-108.0 - 2 * number, posted_at="2024-03-04T21:55:00+00:00",
            )
            for number, book in enumerate(("draftkings", "fanduel"))
        ]
        for market, mean in MEANS.items()
    }  # fmt: skip
    made = PlayerDocument(
        player_id=player_id, player_name=name, team="DEN", opponent="LAL", is_home=True, injury_status=None,
        forecasts=forecasts, books=books, past=[past(number) for number in range(20)],
    )  # fmt: skip
    return cast("PlayerDocument", {**made, **values})


def move(**values: Any) -> Move:  # noqa: ANN401 - fields
    """A mean that was moved up."""
    made = Move(game_id=GAME, player_id=203999, player_name="Nikola Jokić", team="DEN", was=25.1, mean=26.4, change=1.3)
    return cast("Move", {**made, **values})


def game(**values: Any) -> GameDocument:  # noqa: ANN401 - fields
    """A published game with two players, and one who is out."""
    made = GameDocument(
        game_date=DATE, mode=MODE, game_id=GAME, home_team="DEN", away_team="LAL", tip_utc=TIP, run_id=RUN, part="",
        reason="Jamal Murray out since 17:31", published_at=AT,
        players=[player(), player(2544, "LeBron James", team="LAL", opponent="DEN", is_home=False)],
        out=[OUT], moves={"points": [move()]},
    )  # fmt: skip
    return cast("GameDocument", {**made, **values})


def shown(**values: Any) -> PlayerShown:  # noqa: ANN401 - fields
    """A player as the route shows him."""
    whole = game()
    header = {name: value for name, value in whole.items() if name not in ("players", "out", "moves")}
    made = {
        "as_of": AT, "game": header, "player": whole["players"][0], "out": whole["out"], "moves": whole["moves"],
    }  # fmt: skip
    return cast("PlayerShown", {**made, **values})


def edge(**values: Any) -> Edge:  # noqa: ANN401 - fields
    """A pick."""
    made = Edge(
        game_id=GAME, player_id=203999, player_name="Nikola Jokić", team="DEN", opponent="LAL", market="points",
        system="ensemble", side="over", line=25.5, book="draftkings", price=-110.0, p=0.574, edge=0.05, mean=26.4,
        q10=17.9, q90=34.8, record=EdgeRecord(picks=214, won=119, low=0.489, high=0.622),
    )  # fmt: skip
    return cast("Edge", {**made, **values})


def card(**values: Any) -> GameCard:  # noqa: ANN401 - fields
    """The game in short."""
    whole = game()
    players = [
        PlayerCard(
            player_id=each["player_id"], player_name=each["player_name"], team=each["team"],
            injury_status=each["injury_status"], minutes=34.2, means=MEANS,
        )
        for each in whole["players"]
    ]  # fmt: skip
    made = GameCard(
        game_id=GAME, home_team="DEN", away_team="LAL", tip_utc=TIP, run_id=RUN, published_at=AT,
        reason=whole["reason"], system="ensemble", players=players, out=whole["out"],
    )  # fmt: skip
    return cast("GameCard", {**made, **values})


def tonight(**values: Any) -> Tonight:  # noqa: ANN401 - fields
    """A slate of one game with one pick and one change; one thing is missing."""
    change = SlateChange(
        at=AT, run_id=RUN, reason="Jamal Murray out since 17:31", games=[GAME], moves={"points": [move()]}
    )
    made = Tonight(
        game_date=DATE, mode=MODE, as_of=AT, published_at=AT, due_at="2024-03-04T12:30:00+00:00", in_time=True,
        games=[card()], edges=[edge()], changes=[change],
        missing=[Missing(what="lines", why="the odds API answers 503; 4 of 6 games have lines")],
    )  # fmt: skip
    return cast("Tonight", {**made, **values})


def cell(label: str = "ensemble", **values: Any) -> RecordCell:  # noqa: ANN401 - fields
    """The record of a system in one market."""
    made = RecordCell(
        key={"system": label}, label=label, n=4120, voided=211, dates=31, shadow=False, picks=214, returned=9,
        hit_rate=Share(n=214, hits=119, value=0.556, low=0.489, high=0.622),
        units=Measured(n=214, value=0.031, low=-0.06, high=0.12), units_total=6.6,
        clv=Measured(n=201, value=0.08, low=0.01, high=0.15),
        clv_price=Measured(n=150, value=0.004, low=-0.001, high=0.009),
        mae=Measured(n=4120, value=4.61, low=4.5, high=4.72),
        against=[
            Against(
                reference=name, error=error, difference=Measured(n=4000, value=4.61 - error, low=-0.3, high=0.02)
            )
            for name, error in (("season", 4.9), ("rate", 4.8), ("line", 4.58))
        ],
        brier=Measured(n=1800, value=0.249, low=0.246, high=0.252),
        brier_market=Measured(n=1700, value=0.0004, low=-0.001, high=0.002),
        bins=[
            Bin(n=100, p_over=0.05 + tenth / 10, over_rate=0.06 + tenth / 10.5, low=tenth / 11, high=tenth / 9 + 0.1)
            for tenth in range(2, 8)
        ],
    )  # fmt: skip
    return cast("RecordCell", {**made, **values})


def pick(**values: Any) -> RecordPick:  # noqa: ANN401 - fields
    """A pick that won."""
    made = RecordPick(
        game_date="2024-03-03", mode=MODE, game_id="0022300893", player_id=203999, player_name="Nikola Jokić",
        market="points", system="ensemble", tier="regular", side="over", line=25.5, book="draftkings", price=-110.0,
        edge=0.05, actual=31.0, result="won", units=0.909, clv=0.5,
    )  # fmt: skip
    return cast("RecordPick", {**made, **values})


def record(**values: Any) -> Record:  # noqa: ANN401 - fields
    """The record of two systems."""
    made = Record(
        mode=MODE, system="", market="points", tier="", by="system", first="2024-02-01", last="2024-03-03", as_of=AT,
        recorded_at="2024-03-04T12:05:00+00:00", cells=[cell(), cell("moving_average", picks=180)],
        picks=[pick(), pick(result="lost", units=-1.0, actual=20.0)],
    )  # fmt: skip
    return cast("Record", {**made, **values})
