"""The room's face: light to open, and every name on the door is inside."""

import subprocess
import sys

import pytest

from tutelage import measure


def test_every_name_on_the_door_opens():
    for name in measure.__all__:
        assert callable(getattr(measure, name))
    with pytest.raises(AttributeError, match="no 'alfa'"):
        _ = measure.alfa


def test_opening_the_room_loads_neither_scipy_nor_pandas():
    code = "import sys, tutelage.measure; sys.exit(bool({'scipy', 'pandas', 'polars'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
