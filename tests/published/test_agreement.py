"""Agreement figures that others have printed, to all their digits."""

import os
from pathlib import Path

import numpy as np
import pytest

from tutelage.measure import kappa
from tutelage.measure.agreement import alpha
from tutelage.measure.ratings import from_matrix, once

_ = np.nan
FOUR_RATERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
    [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
]
THREE_CODERS = [
    [_, _, _, _, _, 3, 4, 1, 2, 1, 1, 3, 3, _, 3],
    [1, _, 2, 1, 3, 3, 4, 3, _, _, _, _, _, _, _],
    [_, _, 2, 1, 3, 4, 4, _, 2, 1, 1, 3, 3, _, 4],
]


@pytest.mark.parametrize(
    ("scale", "printed"), [("nominal", 0.743421), ("ordinal", 0.815388), ("interval", 0.849107), ("ratio", 0.797403)]
)
def test_krippendorff_2011_four_raters_twelve_units(scale, printed):
    items, _judges, values = from_matrix(FOUR_RATERS)
    assert alpha(items, values, scale=scale).value == pytest.approx(printed, abs=5e-7)


def test_kalphas_own_nominal_value_to_seven_digits():
    items, _judges, values = from_matrix(FOUR_RATERS)
    assert alpha(items, values).value == pytest.approx(0.7434211, abs=5e-8)


@pytest.mark.parametrize(
    ("scale", "printed"), [("nominal", 0.691358), ("interval", 0.810845), ("ordinal", 0.806721), ("ratio", 0.808944)]
)
def test_the_encyclopaedia_example_three_coders_fifteen_units(scale, printed):
    items, _judges, values = from_matrix(THREE_CODERS)
    assert alpha(items, values, scale=scale).value == pytest.approx(printed, abs=5e-7)


@pytest.mark.parametrize(
    ("figure", "value", "lo"),
    [(kappa.gwet, 0.77544, 0.461), (kappa.fleiss, 0.76117, 0.424), (kappa.brennan_prediger, 0.77273, 0.454)],
)
def test_gwets_handbook_table_with_gaps(figure, value, lo):
    """The same four raters, as printed with irrCAC: coefficient and lower end of the 95 % interval."""
    items, _judges, values = from_matrix(FOUR_RATERS)
    found = figure(items, values)
    assert (found.value, found.lo) == (pytest.approx(value, abs=5e-6), pytest.approx(lo, abs=6e-4))


def _data(name):
    root = Path(os.environ.get("TUTELAGE_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
    if not (root / name).is_dir():
        pytest.skip(f"{name} is not here: set TUTELAGE_DATA")
    return root / name


@pytest.mark.real_data
def test_three_pandalm_annotators_have_alpha_864():
    polars = pytest.importorskip("polars")
    rows = polars.read_parquet(_data("pandalm_test") / "pairs.parquet").select("annotator1", "annotator2", "annotator3")
    items, _judges, values = from_matrix(rows.to_numpy().T)
    assert alpha(items, values).value == pytest.approx(0.864, abs=5e-4)


@pytest.mark.real_data
def test_xsum_factuality_votes_have_alpha_774():
    polars = pytest.importorskip("polars")
    rows = polars.read_parquet(_data("xsum_faithfulness") / "factuality.parquet").filter(
        polars.col("is_factual").is_in(["yes", "no"])
    )
    item = (rows["bbcid"] + "/" + rows["system"]).to_numpy()
    assert alpha(item, rows["is_factual"].to_numpy()).value == pytest.approx(0.774, abs=5e-4)


@pytest.mark.real_data
def test_ukp_votes_have_alpha_284():
    polars = pytest.importorskip("polars")
    rows = polars.read_parquet(_data("ukp_convarg") / "votes.parquet")
    found = alpha(rows["pair_id"].to_numpy(), rows["value"].to_numpy())
    assert found.value == pytest.approx(0.284, abs=5e-4)


@pytest.mark.real_data
def test_convabuse_severity_is_ordinal():
    """8 annotators; a repeat of one annotator on one exchange counts once."""
    polars = pytest.importorskip("polars")
    rows = polars.read_parquet(_data("convabuse") / "ratings.parquet")
    texts = polars.concat_str(["prev_agent", "prev_user", "agent", "user"], separator="|", ignore_nulls=True)
    item = rows.select(texts).to_series().to_numpy()
    keep = once(item, rows["annotator"].to_numpy(), "first")
    found = alpha(item[keep], rows["severity"].to_numpy()[keep], scale="ordinal")
    assert found.value == pytest.approx(0.666, abs=5e-4)


@pytest.mark.real_data
def test_llmfao_votes_have_alpha_291():
    polars = pytest.importorskip("polars")
    rows = polars.read_parquet(_data("llmfao") / "votes.parquet")
    assert alpha(rows["pair_id"].to_numpy(), rows["winner"].to_numpy()).value == pytest.approx(0.291, abs=5e-4)
