"""An AI judge from the owner's page: the draw stands in the log before any label, and the release bears it out."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from tests.web.proof.signers import judge, verified

from tutelage.web.proof import certifying, releasing
from tutelage.web.proof.models import Certified, Leaf, Release
from tutelage.web.shared.refusals import Refused, Unprocessable
from tutelage.web.work.models import Item, Slot

NOW = timezone.now().replace(microsecond=0)


def verdicts(path: Path, items: int, said: str = "tie", first: int = 0) -> Path:
    """A judge that says one thing of every item, ever less surely."""
    lines = ["item,verdict,confidence"]
    lines += [f"item-{n},{said},{1 - n / (2 * items + 2 * first + 2)}" for n in range(first, first + items)]
    path.write_text("\n".join(lines) + "\n")
    return path


def drawn(hall: Any, file: Path, size: int = 6, **more: Any) -> Certified:
    asked: dict[str, Any] = {"judge": "GPT-4 (2023-03)", "target": "agreement", "size": size, "require": 0.5,
                             "error": 0.05, "each": 1, "alone": True} | more  # fmt: skip
    return certifying.draw(hall.owner, hall.project, file, now=NOW, **asked)


def test_from_draw_to_a_release_that_carries_the_certificate(make_hall: Any, tmp_path: Path) -> None:
    """12 items, 6 drawn, 6 judged as the judge says: agreement 1, and `verify.py` finds draw and labels in order."""
    hall = make_hall(items=12)
    one = drawn(hall, verdicts(tmp_path / "ai.csv", 12))
    assert (one.size, one.items, one.left) == (6, 12, 0)
    assert Slot.objects.filter(project=hall.project, state=Slot.FREE).count() == 6, "the rest waits"
    judge(hall, 6, NOW)
    certifying.claim(one.pk, NOW)
    one = Certified.objects.get()
    assert one.labelled == 6 and one.found["agreement"]["figures"]["agreement"]["value"] == 1.0, one.why
    assert certifying.reopen(hall.owner, one, NOW) == 6
    asked = releasing.ask(hall.owner, hall.project, licence="CC-BY-4.0", exclusive=False, certificate=one, now=NOW)
    releasing.build(asked.pk, NOW)
    done = Release.objects.get()
    assert done.state == "done", (done.why, done.checked)
    assert "the judge says what people say on 6 of 6 labelled items of 12" in done.checked["said"]
    assert verified(releasing.place(hall.project.pk, 1))[0]


def test_the_draw_is_committed_before_any_label(make_hall: Any, tmp_path: Path) -> None:
    hall = make_hall(items=8)
    one = drawn(hall, verdicts(tmp_path / "ai.csv", 8), size=4)
    [row] = judge(hall, 1, NOW)
    from tutelage.web.proof.queries import keys

    label = Leaf.objects.get(tag=keys().tag(str(row)))
    assert one.leaf_id < label.pk


def test_items_that_somebody_judged_before_are_no_part_of_the_draw(make_hall: Any, tmp_path: Path) -> None:
    """Of five items two were judged: three remain, and the page says so of the other two."""
    hall = make_hall(items=5)
    judge(hall, 2, NOW)
    one = drawn(hall, verdicts(tmp_path / "ai.csv", 5), size=3)
    assert (one.items, one.left) == (3, 2)
    with pytest.raises(Refused, match="None of the 2"):
        drawn(hall, verdicts(tmp_path / "ai.csv", 2, first=90))
    with pytest.raises(Unprocessable, match="cannot be drawn"):
        drawn(hall, verdicts(tmp_path / "ai.csv", 5), size=4)


def test_two_people_an_item_and_the_rest_goes_on_where_one_wants_that(make_hall: Any, tmp_path: Path) -> None:
    hall = make_hall(items=4)
    drawn(hall, verdicts(tmp_path / "ai.csv", 4), size=2, each=2, alone=False)
    assert sorted(Item.objects.filter(project=hall.project).values_list("needed", flat=True)) == [1, 1, 2, 2]
    assert Slot.objects.filter(project=hall.project, state=Slot.FREE).count() == 6


def test_residual_needs_the_judges_confidence_and_is_drawn_by_it(make_hall: Any, tmp_path: Path) -> None:
    hall = make_hall(items=10)
    one = drawn(hall, verdicts(tmp_path / "ai.csv", 10), size=5, target="residual", require=None)
    assert one.draw["design"] in ("poisson", "fixed")
    (tmp_path / "mute.csv").write_text("item,verdict\nitem-0,tie\nitem-1,a\n")
    with pytest.raises(Unprocessable, match="confidence"):
        drawn(hall, tmp_path / "mute.csv", size=1, target="residual")


def test_without_a_label_the_claim_says_so_and_nothing_is_invented(make_hall: Any, tmp_path: Path) -> None:
    hall = make_hall(items=4)
    one = drawn(hall, verdicts(tmp_path / "ai.csv", 4), size=2)
    certifying.compute(hall.owner, one, NOW)
    assert Certified.objects.get().working
    certifying.claim(one.pk, NOW)
    one = Certified.objects.get()
    assert not one.working and "Nobody has judged" in one.why and one.found == {}


def test_the_page_takes_a_file_and_says_what_is_wrong_with_one(make_hall: Any, tmp_path: Path) -> None:
    hall = make_hall(items=6)
    client = Client()
    client.force_login(hall.owner, "django.contrib.auth.backends.ModelBackend")
    address = f"/projects/{hall.project.pk}/certificate/"
    fields = {"judge": "A judge", "target": "agreement", "size": 3, "error": 0.05, "each": 1, "alone": "on"}
    for text, why in (("item,verdict\nitem-0,perhaps\n", "perhaps"), ("a,b\n1,2\n", "columns are")):
        answer = client.post(address, fields | {"file": SimpleUploadedFile("ai.csv", text.encode())})
        assert answer.status_code == 422 and why in answer.content.decode(), why
    out = io.StringIO()
    csv.writer(out).writerows([["item", "verdict"], *([f"item-{n}", "b"] for n in range(6))])
    answer = client.post(address, fields | {"file": SimpleUploadedFile("ai.csv", out.getvalue().encode())})
    assert answer.status_code == 302
    judge(hall, 3, NOW)
    certifying.claim(Certified.objects.get().pk, NOW)
    shown = client.get(address).content.decode()
    assert ("3 of 6 items were drawn" in shown and "not usable" in shown.lower()) or "Agreement" in shown
    assert client.post(f"{address}1/", {"do": "compute"}).status_code == 302
    assert client.get(f"{address}1/").status_code == 200
    assert client.post(f"{address}1/", {"do": "delete"}).status_code == 404
