"""Invented players' names. They spell like a league's: suffixes, accents, hyphens and apostrophes occur."""

import numpy as np

from shared.basketball.identity import player_lookup

_FIRST_NAMES = """
Aaron Abel Adrian Alonzo Amari Andre Anton Arlo Axel Bastian Beckett Bodhi Brandt Bryson Caleb Cassius Cedric Cormac
Damar Dante Darius Davor Desmond Dimitri Donovan Eamon Easton Elijah Emeka Enzo Esteban Ezra Felix Finn Gideon Goran
Hakeem Idris Ignas Isaiah Jabari Jalil Jarek Jonah Jovan Kaden Kareem Keon Kofi Lamar Leandro Lorenzo Luka Malik Marek
Mateo Milan Moses Nikola Noah Obi Omari Oscar Pascal Quentin Rasheed Rafael Ricardo Roman Samir Stefan Sven Tariq
Terrence Theo Tobias Tyree Ulrich Vance Viktor Wendell Xavier Yannick Zaire Zoran
"""
_FAMILY_NAMES = """
Abernath Adeyoko Alderman Amsel Arkwell Baltrusis Barnhollow Bellweather Birkeland Blackmere Bogdanow Brightwater
Calloway Carmichel Cavendar Chukwura Coldbrook Cordero-Vane Dagsson Darnley Delacourt Dembari Dragomir Drummel
Eastlake Ekwueme Ellsmore Fairbourne Fallon-Reed Farquhar Fennimore Galloway Garrisk Glenmoor Goodspeed Grantley
Hallowell Harcastle Hollingsway Ibekwu Ilicov Ironwood Jankowic Jessamine Kalnins Kessington Kilbride Kowalenko
Lachlan Langford Larkspur Lindqvist Lockridge Macready Maddock Marlowe Mbeng-Toure Merriweather Montrose Mwangale
Nakamaro Nightingale Novacek O'Darragh Okonjo Oldacre Osterman Palladino Pemberlow Petrauskis Quarterman Ravensworth
Redfearn Rookwood Salvatierra Sandoval-Ruiz Seagrave Sisebuto Sokolow Stavros Stonebridge Tanneberg Thackery Thorsson
Tidewell Trevelyan Ugochi Underhill Vasilievic Vuksanovic Wainscott Warfield Westergaard Whitlock Wolverton Yarborough
Ystad Zamorano Zdravkov Zielinskas Žukić Dončar Bjørnstad Núñez-Ortega
"""
_SUFFIXES = ("", "", "", "", "", "", "", "", "", " Jr.", " III")


def names(rng: np.random.Generator, count: int) -> list[str]:
    """`count` names, no two of which normalise to the same `player_lookup`."""
    first_names, family_names = _FIRST_NAMES.split(), _FAMILY_NAMES.split()
    pairs = rng.permutation(len(first_names) * len(family_names)).tolist()
    suffixes = rng.integers(len(_SUFFIXES), size=len(pairs)).tolist()
    found: dict[str, str] = {}
    for pair, suffix in zip(pairs, suffixes, strict=True):
        first, family = divmod(pair, len(family_names))
        name = f"{first_names[first]} {family_names[family]}{_SUFFIXES[suffix]}"
        found.setdefault(player_lookup(name), name)
        if len(found) == count:
            break
    return list(found.values())
