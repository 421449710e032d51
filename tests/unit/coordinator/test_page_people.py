"""Tonight, Player and Record, drawn from made-up documents."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from services.coordinator.api.any_line import against
from services.coordinator.page import player, record, tonight
from services.coordinator.page.assets import Assets
from services.coordinator.page.failures import Unknown, failed
from services.coordinator.page.player import PlayerQuery
from services.coordinator.page.record import RecordQuery, of_api
from services.coordinator.page.rendering import Renderer
from services.coordinator.page.time_machine import Links, Then
from services.coordinator.page.views import Stored, default_line, expected, priced, profit
from tests.unit.coordinator import documents

AROUND: Mapping[str, object] = {
    "caller": None, "session": None, "navigation": [], "search": None, "here": "/", "theme": "auto",
    "themes": ("auto", "light"), "form_token": "t", "new_id": lambda: "1", "version": "1",
    "now": datetime(2024, 3, 5, tzinfo=UTC),
}  # fmt: skip
PAST = datetime(2024, 3, 4, 20, 0, tzinfo=UTC)
RENDERER = Renderer(Assets())


class Read(HTMLParser):
    """A page, read."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fields: list[dict[str, str | None]] = []
        self.said: list[str] = []
        self.headings: list[int] = []
        self.feed(text)
        self.words = " ".join(" ".join(self.said).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert "style" not in given, given
        assert not any(name.startswith("on") for name in given), given
        assert tag != "style"
        assert tag != "script" or given.get("src"), "no script is written into a page"
        if tag == "a":
            self.links.append(given["href"] or "")
        if tag in {"input", "select"}:
            self.fields.append(given)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def page(template: str, values: Mapping[str, object]) -> Read:
    """A whole page."""
    return Read(RENDERER.render(template, {**AROUND, **values}))


def of_tonight(query: Then | None = None, **values: Any) -> Read:  # noqa: ANN401 - fields
    about = {"part": "tonight_part.html", "live": "/live/"}
    return page("tonight.html", {**about, **tonight.view(documents.tonight(**values), query or Then())})


def of_player(query: PlayerQuery | None = None, **values: Any) -> Read:  # noqa: ANN401 - fields
    return page("player.html", player.view(documents.shown(**values), query or PlayerQuery()))


def of_record(query: RecordQuery | None = None, **values: Any) -> Read:  # noqa: ANN401 - fields
    return page("record.html", record.view(documents.record(**values), query or RecordQuery()))


def test_tonight_shows_the_edge_with_interval_and_n() -> None:
    """Who, which side of what at which price, how sure, and how such picks have done."""
    words = of_tonight().words
    for each in ("Nikola Jokić", "over 25.5", "-110 draftkings", "+5.0 %", "26.4 (18 to 35)", "such picks won 56 %"):
        assert each in words
    assert "(49 % to 62 %, N 214)" in words


def test_tonight_says_so_where_there_is_no_edge() -> None:
    """An empty list is a statement."""
    assert "No edge tonight." in of_tonight(edges=[]).words


def test_tonight_says_what_changed_and_what_is_missing() -> None:
    """With the reason, and how far it moved whom."""
    words = of_tonight().words
    assert "Jamal Murray out since 17:31" in words
    assert "25.1 → 26.4 +1.3" in words
    assert "lines : the odds API answers 503; 4 of 6 games have lines" in words


@pytest.mark.parametrize(
    ("in_time", "published", "said"),
    [
        (True, documents.AT, "in time"),
        (False, documents.AT, "late published"),
        (False, None, "still not published"),
        (None, None, "due 7:30 AM not published yet"),
    ],
    ids=["in-time", "late", "never", "not-yet"],
)
def test_tonight_says_whether_it_is_there_in_time(in_time: bool | None, published: str | None, said: str) -> None:  # noqa: FBT001 - as the document has it
    """The question that is asked first."""
    assert said in of_tonight(in_time=in_time, published_at=published).words


def test_a_slate_without_games_is_a_page() -> None:
    """Before anything is published, and at an instant before it."""
    assert "No game is published yet" in of_tonight(games=[], edges=[], changes=[], missing=[]).words
    looked = of_tonight(Then(as_of=PAST), games=[], edges=[], changes=[], missing=[])
    assert "No game was published by then" in looked.words


def test_a_record_that_no_pick_has_yet_is_not_divided() -> None:
    """A new market has no hit rate."""
    none = documents.edge(record={"picks": 0, "won": 0, "low": None, "high": None})
    assert "no record of such picks yet" in of_tonight(edges=[none]).words


def test_whoever_looks_back_goes_on_looking_back() -> None:
    """Every link but that to now keeps the instant, and a banner says so."""
    for read in (of_tonight(Then(as_of=PAST)), of_player(PlayerQuery(as_of=PAST)), of_record(RecordQuery(as_of=PAST))):
        assert "Looking back to 4 Mar 2024, 3:00 PM ET." in read.words
        ours = [link for link in read.links if link.startswith(("/?", "/players", "/record"))]
        without = [link for link in ours if "as_of=2024-03-04T20%3A00%3A00%2B00%3A00" not in link]
        assert len(ours) > 1
        assert len(without) == 1, without  # back to now


def test_what_is_kept_up_to_date_depends_on_the_slate_alone() -> None:
    """It is rendered once for everybody, and is the same as long as nothing is published."""
    drawn = [
        RENDERER.render("tonight_part.html", tonight.view(documents.tonight(as_of=at), Then()))
        for at in (documents.AT, "2024-03-05T03:00:00+00:00")
    ]
    assert drawn[0] == drawn[1]
    assert "Nikola Jokić" in drawn[0]


def test_nobody_is_told_of_a_time_machine_that_is_off() -> None:
    """No banner, no instant."""
    read = of_tonight()
    assert "Looking back" not in read.words
    assert not any("as_of" in link for link in read.links)


@pytest.mark.parametrize("read", [of_tonight(), of_player(), of_record()], ids=["tonight", "player", "record"])
def test_headings_lead_through_a_page(read: Read) -> None:
    """One of the first level, and none leaves a level out."""
    assert read.headings.count(1) == 1
    assert read.headings[0] == 1
    assert all(after - before <= 1 for before, after in zip(read.headings, read.headings[1:], strict=False))


def test_a_player_is_shown_against_the_line_that_is_asked_for() -> None:
    """What the server says is what the function of the API says."""
    drawn = player.view(documents.shown(), PlayerQuery(market="points", line=22))
    head = documents.forecast("points")
    assert head["centre"] is not None
    assert head["scale"] is not None
    assert head["power"] is not None
    answer = against(22, centre=head["centre"], scale=head["scale"], power=head["power"])
    assert drawn["answer"] == answer
    words = page("player.html", drawn).words
    assert f"{100 * answer.p_push:.1f} %" in words
    assert "No book posts 22" in words


def test_a_player_can_be_asked_without_javascript() -> None:
    """A range in a plain form, which keeps the market and the slate."""
    fields = {each.get("name"): each for each in of_player(PlayerQuery(market="points")).fields}
    assert (fields["line"]["type"], fields["line"]["step"], fields["line"]["min"]) == ("range", "0.5", "0")
    assert (fields["market"]["value"], fields["game_date"]["value"]) == ("points", documents.DATE)


def test_a_player_shows_every_system_and_book_and_who_is_out() -> None:
    """And what that moved, and what drove the forecast."""
    words = of_player(PlayerQuery(market="points")).words
    for each in (
        "ensemble",
        "moving average",
        "draftkings",
        "fanduel",
        "Jamal Murray",
        "25.1 → 26.4",
        "points per minute",
    ):
        assert each in words


def test_a_player_who_is_new_is_a_page() -> None:
    """No games, no books, no stored distribution, nobody out, no line."""
    bare = documents.forecast(centre=None, scale=None, power=None, line=None, edge=None, recommendation="no_line")
    who = documents.player(forecasts=[bare], books={}, past=[])
    words = of_player(player=who, out=[], moves={}).words
    for each in (
        "No games yet.",
        "No book has posted a line.",
        "before distributions were stored",
        "Nobody of the two",
    ):
        assert each in words


def test_the_market_of_the_largest_edge_comes_first() -> None:
    """Where none is asked for."""
    forecasts = [documents.forecast("points", edge=0.04), documents.forecast("assists", edge=-0.09)]
    assert (
        player.view(documents.shown(player=documents.player(forecasts=forecasts)), PlayerQuery())["market"] == "assists"
    )
    passed = [
        documents.forecast("rebounds", recommendation="pass"),
        documents.forecast("points", recommendation="pass"),
    ]
    assert player.view(documents.shown(player=documents.player(forecasts=passed)), PlayerQuery())["market"] == "points"


def test_a_market_that_is_not_there_suggests_those_that_are() -> None:
    """As links, with the status of what is not found."""
    with pytest.raises(Unknown) as caught:
        player.view(documents.shown(), PlayerQuery(market="blocks"))
    said = failed(caught.value)
    assert (said.status, said.what) == (404, "nothing is forecast of Nikola Jokić's blocks in this game")
    shown = page("error.html", {"failed": said})
    assert "/players/203999?game_date=2024-03-04&mode=same_day&market=rebounds" in shown.links


def test_names_are_text() -> None:
    """Whatever an upstream calls somebody."""
    evil = "<script>alert(1)</script>"
    read = of_tonight(edges=[documents.edge(player_name=evil)], missing=[{"what": evil, "why": evil}])
    assert read.words.count(evil) == 4
    assert evil in of_player(player=documents.player(name=evil)).words


def test_the_record_has_n_and_interval_of_every_measure() -> None:
    """Of one cell as of many."""
    one = of_record(cells=[documents.cell()]).words
    for each in (
        "55.6 %",
        "48.9 % to 62.2 %, N 214",
        "+6.6",
        "-6.0 to +12.0), N 214",
        "0.01 to +0.15, N 201",
        "N 4,000",
    ):
        assert each in one
    many = of_record(RecordQuery(by="system")).words
    assert many.count("48.9 to 62.2, N 214") == 2


def test_the_record_of_pooled_markets_has_no_error() -> None:
    """Their units differ."""
    nothing = {"n": 0, "value": None, "low": None, "high": None}
    pooled = documents.cell(mae=nothing, against=[], clv=nothing)
    words = of_record(cells=[pooled]).words
    assert "are not pooled" in words
    assert "closing line value, in probability" in words


def test_an_empty_record_is_a_page() -> None:
    """Before anything is graded, and where a filter leaves nothing."""
    words = of_record(cells=[], picks=[], first=None, last=None, recorded_at=None).words
    assert "Nothing is graded yet." in words
    assert "Show everything" in words


def test_a_month_is_asked_for_by_its_ends() -> None:
    """Also one that leaps."""
    asked = of_api(RecordQuery(month="2024-02", market="points"))
    assert asked == {"market": "points", "by": "all", "first": "2024-02-01", "last": "2024-02-29"}


@pytest.mark.parametrize("given", ["2024-13", "march", "2024"], ids=str)
def test_what_is_no_month_is_refused(given: str) -> None:
    """With how to write one."""
    with pytest.raises(ValueError, match="write it as YYYY-MM"):
        RecordQuery(month=given)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("2024-03-04T15:00", "2024-03-04T20:00:00+00:00"),
        ("2024-03-04T20:00:00+00:00", "2024-03-04T20:00:00+00:00"),
        ("2024-03-04T20:00:00 00:00", "2024-03-04T20:00:00+00:00"),
        ("2024-07-04T15:00", "2024-07-04T19:00:00+00:00"),
    ],
    ids=["eastern", "with-offset", "plus-as-space", "summer"],
)
def test_an_instant_without_a_zone_is_eastern(given: str, meant: str) -> None:
    """As everything that a page shows."""
    assert Then.model_validate({"as_of": given}).as_of == datetime.fromisoformat(meant)


def test_what_is_no_instant_is_refused() -> None:
    """With how to write one."""
    with pytest.raises(ValueError, match="no instant: write it as"):
        Then.model_validate({"as_of": "yesterday"})


def test_links_keep_and_leave_out() -> None:
    """What is None is not asked, also of what is kept."""
    links = Links({"mode": "same_day", "as_of": "x"})
    assert links("/", as_of=None, market="points") == "/?mode=same_day&market=points"
    assert str(links.fields("as_of")) == '<input type="hidden" name="mode" value="same_day">'


@pytest.mark.parametrize(
    ("price", "won"), [(-110.0, 0.90909), (150.0, 1.5), (100.0, 1.0)], ids=["minus", "plus", "even"]
)
def test_profit_is_that_of_american_odds(price: float, won: float) -> None:
    """Per unit staked."""
    assert profit(price) == pytest.approx(won, abs=1e-5)


def test_a_fair_price_expects_nothing() -> None:
    """Also where a push returns the stake."""
    answer = against(22.0, centre=15.0, scale=3.0, power=0.9)
    assert expected(answer, "over", answer.fair_over) == pytest.approx(0.0, abs=1e-12)
    assert expected(answer, "under", answer.fair_under) == pytest.approx(0.0, abs=1e-12)
    assert expected(answer, "under", None) is None


def test_the_best_price_of_a_side_takes_its_line_into_account() -> None:
    """A worse price at a better line may be the better one."""
    at = {"over_price": -110.0, "under_price": -110.0, "posted_at": documents.AT}
    low, high = ({"bookmaker": str(line), "line": line, **at} for line in (20.5, 24.5))
    offers = priced([low, high], Stored(15.0, 3.0, 0.9))  # type: ignore[list-item]  # made of parts
    assert [each.best for each in offers] == [("over",), ("under",)]


def test_the_chances_are_those_of_the_distribution() -> None:
    """All but the tails, in order."""
    distribution = Stored(15.0, 3.0, 0.9)
    chances = distribution.chances()
    assert 0.99 < sum(each.p for each in chances) <= 1.0
    assert [each.count for each in chances] == list(range(chances[0].count, chances[-1].count + 1))


@pytest.mark.parametrize(
    ("line", "books", "q50", "shown"),
    [(22.5, [20.5], 19.0, 22.5), (None, [20.5], 19.0, 20.5), (None, [], 19.0, 18.5), (None, [], 0.2, 0.5)],
    ids=["consensus", "book", "median", "low-median"],
)
def test_a_line_is_shown_before_one_is_asked_for(
    line: float | None, books: list[float], q50: float, shown: float
) -> None:
    """What is posted, else near the median."""
    quotes = documents.player()["books"]["points"][:1] if books else []
    quotes = [{**each, "line": books[0]} for each in quotes]
    assert default_line(documents.forecast(line=line, q50=q50), quotes) == shown
