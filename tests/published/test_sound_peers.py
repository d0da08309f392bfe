"""Where other libraries are right, ours give the same numbers, to a millionth."""

import json

import pytest
from benchmarks.peer_equality import CASES, GOLDEN, largest_gap

SAID = json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", CASES)
def test_ours_say_what_the_peers_said(name):
    """choix, evalica, crowd-kit (majority, Dawid–Skene) and statsmodels, recorded; nothing of theirs is needed."""
    ours, _peer = CASES[name]
    assert largest_gap(ours(), SAID[name]) < 1e-6


@pytest.mark.parametrize("name", CASES)
def test_the_peers_still_say_it(name):
    _ours, peer = CASES[name]
    try:
        said = peer()
    except ImportError as missing:
        pytest.skip(f"{missing.name} is not installed: benchmarks/peer_equality.py runs it in an environment of peers")
    assert largest_gap(said, SAID[name]) < 1e-6
