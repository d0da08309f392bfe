"""A stored head: loaded without torch where it has no MiniLM, refused where it is not one."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tutelage.errors import BadInput
from tutelage.models.head import load
from tutelage.records import RankedRow, assistant, user
from tutelage.training.head import HeadConfig, fit


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [
        RankedRow(user("q"), (assistant("a long and careful answer " * n), assistant("no")), (1, 2), ("j",), f"g{n}")
        for n in range(1, 9)
    ]
    out = tmp_path_factory.mktemp("head") / "m"
    return fit(rows, out=out, config=HeadConfig(blocks=("surface", "ngrams")), rng=np.random.default_rng(0))


def test_a_score_does_not_depend_on_the_other_answers_scored_with_it(trained: Path):
    model = load(trained)
    texts = ["yes", "a careful answer", ""]
    together = model.scores([user("q")] * 3, [assistant(t) for t in texts])
    alone = [model.scores([user("q")], [assistant(t)])[0] for t in texts]
    assert np.allclose(together, alone, atol=1e-12)
    assert model.scores([], []).shape == (0,)


def test_without_a_minilm_block_it_scores_without_torch(trained: Path):
    script = (
        "import sys; from pathlib import Path; from tutelage.models.head import load; "
        "from tutelage.records import assistant, user; "
        f"load(Path({str(trained)!r})).scores([user('q')], [assistant('a')]); "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_directory_that_is_no_head_and_a_head_of_another_schema_are_refused(trained: Path, tmp_path: Path):
    with pytest.raises(BadInput, match="holds no fast reward model"):
        load(tmp_path)
    (tmp_path / "head.json").write_text(json.dumps({"schema": "head/99"}))
    with pytest.raises(BadInput, match="head/99"):
        load(tmp_path)
