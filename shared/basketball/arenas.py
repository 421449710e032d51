"""Where the teams play: coordinates and time zone of each arena, for travel and jet lag."""

from typing import NamedTuple


class Arena(NamedTuple):
    """A team's home arena."""

    latitude: float
    """Degrees north."""
    longitude: float
    """Degrees east."""
    clock: int
    """Hours behind Eastern time in winter: 0 to 3."""


ARENAS = {
    "ATL": Arena(33.757, -84.396, 0),
    "BKN": Arena(40.683, -73.975, 0),
    "BOS": Arena(42.366, -71.062, 0),
    "CHA": Arena(35.225, -80.839, 0),
    "CHI": Arena(41.881, -87.674, 1),
    "CLE": Arena(41.496, -81.688, 0),
    "DAL": Arena(32.790, -96.810, 1),
    "DEN": Arena(39.749, -105.008, 2),
    "DET": Arena(42.341, -83.055, 0),
    "GSW": Arena(37.768, -122.388, 3),
    "HOU": Arena(29.751, -95.362, 1),
    "IND": Arena(39.764, -86.155, 0),
    "LAC": Arena(33.944, -118.343, 3),
    "LAL": Arena(34.043, -118.267, 3),
    "MEM": Arena(35.138, -90.051, 1),
    "MIA": Arena(25.781, -80.187, 0),
    "MIL": Arena(43.045, -87.917, 1),
    "MIN": Arena(44.979, -93.276, 1),
    "NOP": Arena(29.949, -90.082, 1),
    "NYK": Arena(40.751, -73.993, 0),
    "OKC": Arena(35.463, -97.515, 1),
    "ORL": Arena(28.539, -81.384, 0),
    "PHI": Arena(39.901, -75.172, 0),
    "PHX": Arena(33.446, -112.071, 2),
    "POR": Arena(45.532, -122.667, 3),
    "SAC": Arena(38.580, -121.500, 3),
    "SAS": Arena(29.427, -98.438, 1),
    "TOR": Arena(43.643, -79.379, 0),
    "UTA": Arena(40.768, -111.901, 2),
    "WAS": Arena(38.898, -77.021, 0),
}
"""Tricode -> arena."""
