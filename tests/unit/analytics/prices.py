"""Two American prices and the fair probability of the over, by hand: -110 implies 110/210, +110 implies 100/210."""

FAIR: tuple[tuple[str, float | None, float | None, float | None], ...] = (
    ("book", -100.0, -100.0, 1 / 2),  # together 1, which is just enough
    ("book", 100.0, 100.0, 1 / 2),
    ("book", -100.0, 100.0, 1 / 2),
    ("book", 100.0, -100.0, 1 / 2),
    ("book", -110.0, -100.0, 22 / 43),  # 11/21 of 11/21 + 1/2
    ("book", -110.0, 100.0, 22 / 43),
    ("book", -100.0, -110.0, 21 / 43),
    ("book", 100.0, -110.0, 21 / 43),
    ("book", -150.0, -150.0, 1 / 2),  # 3/5 + 3/5 is 1.2, which is just not too much
    ("book", -150.0, 120.0, 33 / 58),  # 3/5 of 3/5 + 5/11
    ("book", -151.0, -150.0, None),
    ("book", -150.0, -151.0, None),
    ("book", 101.0, 100.0, None),  # together less than 1
    ("book", -99.0, -120.0, None),  # between -100 and +100 there is no price
    ("book", -120.0, -99.0, None),
    ("book", 99.0, -120.0, None),
    ("book", -120.0, 99.0, None),
    ("book", None, -110.0, None),
    ("book", -110.0, None, None),
    ("prizepicks", -110.0, -110.0, None),  # pick'em pays the same whatever the chance
    ("underdog", -110.0, -110.0, None),
)
"""Bookmaker, over, under, probability; None where the two are not two sides of one market."""
