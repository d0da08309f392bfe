"""`croissant.json` is read by MLCommons' own library, rows and hashes and all; without it its references still hold."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.provenance.released import digest, sealed


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sealed(tmp_path_factory.mktemp("sealed"))


def test_every_file_it_names_is_there_with_its_hash_and_every_table_is_among_them(release: Path) -> None:
    said = json.loads((release / "croissant.json").read_text())
    files = {f["@id"]: f["sha256"] for f in said["distribution"]}
    assert files == {path: digest(release / path) for path in files}
    assert {f["source"]["fileObject"]["@id"] for r in said["recordSet"] for f in r["field"]} < set(files)
    assert "3 simulated judgments, never people" in said["rai:machineAnnotationTools"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of rdflib, within mlcroissant
def test_mlcroissant_reads_every_row_and_refuses_a_changed_file(release: Path, tmp_path: Path) -> None:
    """12 judgments on 4 items with 8 responses by 4 judges; no error and no warning of its own."""
    reason = "mlcroissant is not installed here: pip install mlcroissant, or run in the environment of the benchmarks"
    croissant: Any = pytest.importorskip("mlcroissant", reason=reason)
    copy = Path(shutil.copytree(release, tmp_path / "copy"))
    read = croissant.Dataset(jsonld=str(copy / "croissant.json"))
    assert not read.metadata.ctx.issues.errors
    assert not read.metadata.ctx.issues.warnings
    counts = {r.id: sum(1 for _ in read.records(r.id)) for r in read.metadata.record_sets}
    assert counts == {"items": 4, "judges": 4, "judgments": 12, "responses": 8, "verdicts": 4}
    with (copy / "derived/judgments.parquet").open("r+b") as out:
        out.write(b"X")
    with pytest.raises(Exception, match=r"Download\(derived/judgments"):
        list(croissant.Dataset(jsonld=str(copy / "croissant.json")).records("judgments"))
