"""Under the trial language nothing of ours is left in English on the pages of proof."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.utils import timezone
from tests.web.halls import a_hall
from tests.web.proof.signers import judge
from tests.web.proof.test_certifying import drawn, verdicts
from tests.web.test_languages import GREEK, client_of, left_in_english

from tutelage.web.people.models import Organisation, User
from tutelage.web.proof import actions, certifying, releasing
from tutelage.web.proof.models import Certified

NOW = timezone.now().replace(microsecond=0)
FILES = {"item", "verdict", "confidence", "csv", "json", "jsonl", "parquet", "pub", "tar", "check", "receipt", "pay"}
ANSWERS = FILES | {"tie", "operator", "person", "example", "org"}


def test_no_page_of_proof_leaves_english(db: None, tmp_path: Path) -> None:
    hall = a_hall(items=6, name=GREEK, purpose=GREEK * 3, duties=GREEK * 3, client_class=GREEK)
    Organisation.objects.update(name=GREEK)
    User.objects.update(name=GREEK, language="ar")
    one = drawn(hall, verdicts(tmp_path / "ai.csv", 6), size=4, judge=GREEK)
    [row, *_] = judge(hall, 3, NOW)
    certifying.claim(one.pk, NOW)
    chosen: Any = Certified.objects.get()
    asked = releasing.ask(hall.owner, hall.project, licence="CC0-1.0", exclusive=False, certificate=chosen, now=NOW)
    releasing.build(asked.pk, NOW)
    releasing.suspect(hall.owner, hall.project, row, GREEK, NOW)
    actions.sequence()
    project = f"/projects/{hall.project.pk}"
    mine = f"/proof/{hall.project.pk}"
    shown = {
        hall.owner: [f"{project}/releases/", f"{project}/certificate/"],
        hall.people[0]: [f"{mine}/sign/", f"{mine}/receipts/", "/me/earnings/", "/me/erase/"],
        None: ["/log/", "/log/erased/"],
    }
    left = {}
    for user, addresses in shown.items():
        client = client_of(None if user is None else User.objects.get(pk=user.pk))
        for address in addresses:
            answer = client.get(address)
            assert answer.status_code == 200, address
            if words := left_in_english(answer.content.decode()) - ANSWERS:
                left[address] = sorted(words)
    assert not left, left
