"""Where the teams play: coordinates and time zone of each arena, for travel and jet lag."""

from typing import NamedTuple


class Arena(NamedTuple):
    """A team's home arena."""

    place: str
    """Its name, city and state."""
    latitude: float
    """Degrees north."""
    longitude: float
    """Degrees east."""
    clock: int
    """Hours behind Eastern time in winter: 0 to 3."""


ARENAS = {
    "ATL": Arena("State Farm Arena, Atlanta, Georgia", 33.757, -84.396, 0),
    "BKN": Arena("Barclays Center, Brooklyn, New York", 40.683, -73.975, 0),
    "BOS": Arena("TD Garden, Boston, Massachusetts", 42.366, -71.062, 0),
    "CHA": Arena("Spectrum Center, Charlotte, North Carolina", 35.225, -80.839, 0),
    "CHI": Arena("United Center, Chicago, Illinois", 41.881, -87.674, 1),
    "CLE": Arena("Rocket Mortgage FieldHouse, Cleveland, Ohio", 41.496, -81.688, 0),
    "DAL": Arena("American Airlines Center, Dallas, Texas", 32.790, -96.810, 1),
    "DEN": Arena("Ball Arena, Denver, Colorado", 39.749, -105.008, 2),
    "DET": Arena("Little Caesars Arena, Detroit, Michigan", 42.341, -83.055, 0),
    "GSW": Arena("Chase Center, San Francisco, California", 37.768, -122.388, 3),
    "HOU": Arena("Toyota Center, Houston, Texas", 29.751, -95.362, 1),
    "IND": Arena("Gainbridge Fieldhouse, Indianapolis, Indiana", 39.764, -86.155, 0),
    "LAC": Arena("Intuit Dome, Inglewood, California", 33.944, -118.343, 3),
    "LAL": Arena("Crypto.com Arena, Los Angeles, California", 34.043, -118.267, 3),
    "MEM": Arena("FedExForum, Memphis, Tennessee", 35.138, -90.051, 1),
    "MIA": Arena("Kaseya Center, Miami, Florida", 25.781, -80.187, 0),
    "MIL": Arena("Fiserv Forum, Milwaukee, Wisconsin", 43.045, -87.917, 1),
    "MIN": Arena("Target Center, Minneapolis, Minnesota", 44.979, -93.276, 1),
    "NOP": Arena("Smoothie King Center, New Orleans, Louisiana", 29.949, -90.082, 1),
    "NYK": Arena("Madison Square Garden, New York, New York", 40.751, -73.993, 0),
    "OKC": Arena("Paycom Center, Oklahoma City, Oklahoma", 35.463, -97.515, 1),
    "ORL": Arena("Kia Center, Orlando, Florida", 28.539, -81.384, 0),
    "PHI": Arena("Wells Fargo Center, Philadelphia, Pennsylvania", 39.901, -75.172, 0),
    "PHX": Arena("Footprint Center, Phoenix, Arizona", 33.446, -112.071, 2),
    "POR": Arena("Moda Center, Portland, Oregon", 45.532, -122.667, 3),
    "SAC": Arena("Golden 1 Center, Sacramento, California", 38.580, -121.500, 3),
    "SAS": Arena("Frost Bank Center, San Antonio, Texas", 29.427, -98.438, 1),
    "TOR": Arena("Scotiabank Arena, Toronto, Ontario", 43.643, -79.379, 0),
    "UTA": Arena("Delta Center, Salt Lake City, Utah", 40.768, -111.901, 2),
    "WAS": Arena("Capital One Arena, Washington, District of Columbia", 38.898, -77.021, 0),
}
"""Tricode -> arena."""
