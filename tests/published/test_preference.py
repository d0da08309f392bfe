"""Preference models on the classic tables, to all printed digits."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from tutelage.measure.preference import bradley_terry, plackett_luce

pytestmark = pytest.mark.real_data
WORTHS = [0.1388034, 0.1730015, 0.1617474, 0.1653730, 0.1586854, 0.2023893]


def _reference(name):
    root = Path(os.environ.get("TUTELAGE_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
    path = root / "reference" / name
    if not path.is_file():
        pytest.skip(f"{name} is not here: set TUTELAGE_DATA")
    with path.open() as lines:
        return list(csv.reader(lines))


def test_baseball_of_1987():
    """Agresti: log strengths against Baltimore."""
    head, *rows = _reference("baseball_al_1987.csv")
    games = [(row[0], loser, int(n)) for row in rows for loser, n in zip(head[1:], row[1:], strict=True)]
    left, right = (np.repeat([g[c] for g in games], [g[2] for g in games]) for c in (0, 1))
    found = bradley_terry(left, right, np.ones(left.size))
    printed = {"MIL": 1.5814, "DET": 1.4364, "TOR": 1.2945, "NYY": 1.2476, "BOS": 1.1077, "CLE": 0.6839}
    for team, value in printed.items():
        assert found.difference(team, "BAL").value == pytest.approx(value, abs=5e-5)


def _pudding():
    _head, *rows = _reference("davidson_pudding_1970.csv")
    out = []
    for i, j, wins, losses, ties in rows:
        out += [(i, j, 1)] * int(wins) + [(i, j, 0)] * int(losses) + [(i, j, 0.5)] * int(ties)
    return out


def test_davidsons_chocolate_pudding_to_all_digits():
    left, right, outcome = zip(*_pudding(), strict=True)
    found = bradley_terry(left, right, outcome)
    assert found.worth == pytest.approx(WORTHS, abs=5e-8)
    assert found.ties.value == pytest.approx(0.746823, abs=5e-7)
    assert found.log_likelihood == pytest.approx(-809.70951, abs=5e-6)


def test_davidsons_pudding_as_rankings():
    places = {1: (1, 2), 0: (2, 1), 0.5: (1, 1)}
    rows = [(r, x, p) for r, (i, j, y) in enumerate(_pudding()) for x, p in zip((i, j), places[y], strict=True)]
    found = plackett_luce(*zip(*rows, strict=True))
    assert found.worth == pytest.approx(WORTHS, abs=5e-8)
    assert found.ties.value == pytest.approx(0.746823, abs=5e-7)
    assert found.log_likelihood == pytest.approx(-809.70951, abs=5e-6)


def test_ties_counted_as_half_wins_would_pull_the_puddings_together():
    """Half wins give .1461 … .1922, biased towards equal: here the ties have a parameter of their own."""
    rows = [(i, j, y) for i, j, y in _pudding() if y != 0.5]
    rows += rows + [(i, j, w) for i, j, y in _pudding() if y == 0.5 for w in (1, 0)]  # everything twice, ties split
    halved = bradley_terry(*zip(*rows, strict=True)).worth
    assert (halved[0], halved[5]) == (pytest.approx(0.1461, abs=5e-5), pytest.approx(0.1922, abs=5e-5))


def test_hunters_nascar_season():
    """36 races; the four drivers who were last whenever they raced have no finite worth and are dropped."""
    races = _reference("nascar_2002_places.csv")
    rows = [(r, int(d), place) for r, race in enumerate(races) for place, d in enumerate(race) if int(d) < 84]
    found = plackett_luce(*zip(*rows, strict=True))
    worth = dict(zip(found.items.tolist(), found.worth.tolist(), strict=True))
    printed = {58: 0.1864, 68: 0.1096, 54: 0.0274, 51: 0.0235, 66: 0.0230, 37: 0.0205}
    assert {d: round(worth[d], 4) for d in printed} == printed
    assert len(worth) == 83
    assert found.log_likelihood == pytest.approx(-4191.0973, abs=5e-5)
