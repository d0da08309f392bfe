"""A certificate goes into a release with its draw and its rows; whoever tampers with either is found."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.provenance.released import NOW, rewrite, rows, source, verify

from tutelage.errors import BadInput, Failed
from tutelage.formats.corpus import Corpus
from tutelage.measure.sample import Draw, plan_residual, plan_uniform
from tutelage.provenance import certificate
from tutelage.provenance.certificate import Asked, Drawn, differences, made, read, write
from tutelage.provenance.release.project import Project
from tutelage.provenance.release.seal import seal
from tutelage.provenance.verifier.certificate import check_certificate
from tutelage.records import AiJudge, Item, Judgment, Person, Response, assistant, user

IDS = [f"i{n:03}" for n in range(40)]


def people(drawn: list[str], said: str = "first") -> Corpus:
    """40 items; ana judged those drawn, bo all of the first ten as well, and an AI judged every item."""
    judged = [Judgment(f"a{i}", i, "ana", {"type": "prefer", "winner": said}, at=NOW) for i in drawn]
    machine = [Judgment(f"m{i}", i, "ai", {"type": "tie"}, at=NOW) for i in IDS]
    second = [Judgment(f"b{i}", i, "bo", {"type": "tie"}, at=NOW) for i in drawn[:10]]
    return Corpus(
        tuple(Item(i, "comparison", user(f"Wie viel ist {i}?"), responses=(f"x{i}", f"y{i}")) for i in IDS),
        tuple(Response(f"{s}{i}", assistant(f"{s} {i}")) for i in IDS for s in "xy"),
        (*judged, *machine, *second),
        (Person("ana"), Person("bo"), AiJudge("ai", "gpt", "1", "none")),
    )  # fmt: skip


def lines(draw: Draw, human: str = "first") -> list[dict[str, object]]:
    """The judge says first on all but every fourth item, always surer than the next; people say `human`."""
    inside = draw.drawn().tolist()
    return [
        {"item": i, "ai": "second" if n % 4 == 0 else "first", "pi": float(draw.pi[n]), "cell": int(draw.cell[n]),
         "in_slice": inside[n], "human": human if inside[n] else None, "second": None, "confidence": 1 - n / 100,
         "domain": None, "never": False}
        for n, i in enumerate(draw.ids)
    ]  # fmt: skip


@pytest.fixture
def draw() -> Draw:
    return plan_uniform(IDS, 20, seed=7)


def drawn_of(draw: Draw) -> list[str]:
    return [i for i, inside in zip(draw.ids, draw.drawn(), strict=True) if inside]


def committed(draw: Draw, root: Path) -> Project:
    project = Project("small", root / "project")
    with project.log() as log:
        log.publish(Drawn.of(draw).payload())
    return project


def release_of(draw: Draw, root: Path) -> Path:
    sheet, ordered = made("gpt", lines(draw), 7, "fixed", Asked("agreement", require=0.5))
    write(sheet, ordered, root / "cert")
    seal(source(people(drawn_of(draw))), committed(draw, root), root / "release", now=NOW, certificate=root / "cert")
    return root / "release"


def test_all_three_claims_are_in_the_release_and_are_recomputed_from_its_rows(draw: Draw, tmp_path: Path) -> None:
    """20 of 40 drawn; the verifier, without our package, repeats the draw and finds it before the labels."""
    release = release_of(draw, tmp_path)
    sheet, found = read(release)
    assert list(sheet.claims) == ["agreement", "mean", "residual"]
    assert sheet.claims["agreement"]["batch"] == 40
    assert differences(sheet, found) == []
    assert sheet.leaf == 0
    code, told = verify(release, release / "keys/operator.pub")
    assert code == 0, told
    right = sum(r["human"] == r["ai"] for r in found if r["in_slice"])
    assert f"{right} of 20 labelled items of 40" in told
    card = (release / "card.html").read_text()
    assert "What is certified of gpt" in card
    assert sheet.claims["agreement"]["claim"].split(";")[0] in card


def test_a_sealed_certificate_is_the_same_bytes_again(draw: Draw) -> None:
    once = certificate.packed(*made("gpt", lines(draw), 7, "fixed", Asked("agreement")))
    assert once == certificate.packed(*made("gpt", lines(draw)[::-1], 7, "fixed", Asked("agreement")))
    assert json.loads(once["certificate.json"])["schema"] == "judge-certificate/1"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda r: r.update(human="second"), "claims.agreement"),
        (lambda r: r.update(in_slice=False, human=None), "should be"),
        (lambda r: r.update(pi=0.75), "give no certificate"),
        (lambda r: r.update(item="j"), "the commitment"),
    ],
)
def test_a_changed_row_no_longer_gives_the_claims(draw: Draw, change: object, why: str) -> None:
    sheet, ordered = made("gpt", lines(draw), 7, "fixed", Asked("agreement"))
    row = next(r for r in ordered if r["in_slice"])
    change(row)  # type: ignore[operator]  # a function of one row
    assert any(why in one for one in differences(sheet, ordered)), differences(sheet, ordered)


def test_a_draw_that_the_log_does_not_hold_is_refused(draw: Draw, tmp_path: Path) -> None:
    write(*made("gpt", lines(draw), 7, "fixed", Asked("agreement")), tmp_path / "cert")
    project = Project("small", tmp_path / "project")
    with pytest.raises(BadInput, match="does not hold this draw"):
        seal(source(people(drawn_of(draw))), project, tmp_path / "r", now=NOW, certificate=tmp_path / "cert")
    assert not (tmp_path / "r").exists()


def test_labels_that_were_logged_before_the_draw_are_refused(draw: Draw, tmp_path: Path) -> None:
    """Sealing logs the labels; a draw committed after that could have been chosen by them."""
    write(*made("gpt", lines(draw), 7, "fixed", Asked("agreement")), tmp_path / "cert")
    project = Project("small", tmp_path / "project")
    seal(source(people(drawn_of(draw))), project, tmp_path / "first", now=NOW)
    committed(draw, tmp_path)
    with pytest.raises(BadInput, match="was in the log before the draw"):
        seal(source(people(drawn_of(draw))), project, tmp_path / "r", now=NOW, certificate=tmp_path / "cert")


@pytest.mark.parametrize(
    ("said", "judged", "why"),
    [("second", 20, None), ("first", 19, "no person gave"), (None, 20, "carries no label")],
)
def test_labels_are_the_judgments_of_people(
    draw: Draw, tmp_path: Path, said: str | None, judged: int, why: str | None
) -> None:
    """A label of another spelling is stated as such; one that nobody gave, and one left out, are refused."""
    written = lines(draw, "left")
    if said is None:
        next(r for r in written if r["in_slice"])["human"] = None
    write(*made("gpt", written, 7, "fixed", Asked("agreement")), tmp_path / "cert")
    corpus = people(drawn_of(draw)[:judged], said or "first")
    project = committed(draw, tmp_path)
    if why is None:
        seal(source(corpus), project, tmp_path / "r", now=NOW, certificate=tmp_path / "cert")
        assert read(tmp_path / "r")[0].spelling == {"left": "second"}
        code, told = verify(tmp_path / "r", tmp_path / "r/keys/operator.pub")
        assert (code, 'labels are respelled: {"left":"second"}' in told) == (0, True), told
        return
    with pytest.raises(BadInput, match=why):
        seal(source(corpus), project, tmp_path / "r", now=NOW, certificate=tmp_path / "cert")


def test_claims_that_their_rows_do_not_give_are_not_sealed(draw: Draw, tmp_path: Path) -> None:
    sheet, ordered = made("gpt", lines(draw), 7, "fixed", Asked("agreement"))
    sheet.claims["agreement"]["figures"]["agreement"]["value"] = 0.99
    write(sheet, ordered, tmp_path / "cert")
    with pytest.raises(Failed, match=r"claims\.agreement\.figures\.agreement\.value is stated as 0\.99"):
        seal(source(people(drawn_of(draw))), committed(draw, tmp_path), tmp_path / "r", now=NOW,
             certificate=tmp_path / "cert")  # fmt: skip


def test_the_verifier_names_what_an_operator_changed_before_signing(draw: Draw, tmp_path: Path) -> None:
    """Its own checks, on the rows of a sound release with one thing changed: draw, label, order of the log."""
    from tutelage.provenance.verifier.certificate import Judged
    from tutelage.provenance.verifier.formats import Fault

    release = release_of(draw, tmp_path)
    sheet = json.loads((release / "certificate/certificate.json").read_text())
    found = [json.loads(line) for line in rows(release / "certificate/rows.jsonl.gz")]
    judged = Judged()
    for n, i in enumerate(drawn_of(draw)):
        judged.labels[i] = [(n + 1, f"a{i}", "first")]
    logged = [(0, sheet["draw"])]
    assert check_certificate(sheet, found, logged, judged)
    inside = next(n for n, r in enumerate(found) if r["in_slice"])
    outside = next(n for n, r in enumerate(found) if not r["in_slice"])

    def changed(at: int, **what: object) -> list[dict[str, object]]:
        return [r | what if n == at else r for n, r in enumerate(found)]

    for wrong, why in (
        (changed(inside, human="second"), "the label is 'second'"),
        (changed(inside, human=None), "carries no label"),
        (changed(outside, human="first"), "outside the slice"),
        (changed(inside, in_slice=False), "not as the seed draws"),
        (changed(inside, pi=0.75), "another draw"),
        (found[::-1], "not sorted"),
    ):
        with pytest.raises(Fault, match=why):
            check_certificate(sheet, wrong, logged, judged)
    with pytest.raises(Fault, match="leaf 0 of the log does not hold its draw"):
        check_certificate(sheet, found, [(0, sheet["draw"] | {"seed": 8})], judged)
    judged.labels[found[inside]["item"]] = [(0, found[inside]["judgment"], "first")]
    with pytest.raises(Fault, match="in the log before the draw"):
        check_certificate(sheet, found, logged, judged)


def test_a_changed_certificate_file_is_found_by_the_verifier(draw: Draw, tmp_path: Path) -> None:
    release = release_of(draw, tmp_path)
    path = release / "certificate/rows.jsonl.gz"
    rewrite(path, rows(path)[:-1])
    code, told = verify(release, release / "keys/operator.pub")
    assert code == 1
    assert "certificate/rows.jsonl.gz: the file is not what was sealed" in told
    assert gzip.decompress(path.read_bytes())


def test_other_draws_over_the_same_items_are_told(draw: Draw, tmp_path: Path) -> None:
    """Whoever commits ten draws and uses the best has to show the other nine."""
    project = Project("small", tmp_path / "project")
    with project.log() as log:
        log.publish(Drawn.of(replace(draw, seed=8)).payload())
    release = release_of(draw, tmp_path)
    assert "1 other draws over the same items are in the log" in verify(release, release / "keys/operator.pub")[1]


def test_a_slice_drawn_at_two_rates_and_a_silent_judge_are_verified_too(tmp_path: Path) -> None:
    """Dense where the judge is surest; on one item it said nothing, which is never a gain."""
    dense = plan_residual(IDS, 20, [1 - n / 100 for n in range(40)], error=0.3, seed=3)
    assert len(set(dense.pi.tolist())) == 2
    written = lines(dense)
    written[1] |= {"ai": None, "confidence": None}
    write(*made("gpt", written, 3, "fixed", Asked("residual", error=0.3)), tmp_path / "cert")
    project = committed(dense, tmp_path)
    seal(source(people(drawn_of(dense))), project, tmp_path / "r", now=NOW, certificate=tmp_path / "cert")
    assert differences(*read(tmp_path / "r")) == []
    code, told = verify(tmp_path / "r", tmp_path / "r/keys/operator.pub")
    assert code == 0, told
