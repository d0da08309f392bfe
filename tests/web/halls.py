"""Projects with people in them, for the tests."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.utils import timezone

from tutelage import kinds
from tutelage.web.pay import actions as money
from tutelage.web.people.models import Member, Organisation, User
from tutelage.web.projects.models import Guideline, Project, Role
from tutelage.web.work import loading
from tutelage.web.work.models import Seat


@dataclass
class Hall:
    """An open project with people and items."""

    project: Project
    owner: User
    people: list[User]

    def seat(self, number: int = 0) -> Seat:
        """A contributor's place."""
        return Seat.objects.select_related("project", "user").get(project=self.project, user=self.people[number])


def a_hall(items: int = 5, people: int = 2, escrow: int = 1_000_000, **terms: Any) -> Hall:
    """A project of comparisons: 25 cents a task, a tenth for the platform, one judgment an item unless said."""
    organisation = Organisation.objects.create(name="Clinic")
    owner = User.objects.create_user("owner@example.org", "a long enough secret")
    Member.objects.create(organisation=organisation, user=owner, part="owner")
    usual = {
        "slug": "answers", "name": "Clinic answers", "kind": "comparison", "purpose": "Safer answers.",
        "state": "open", "client_class": "A hospital", "duties": "Say which answer is safer.", "minutes": 1.0,
        "piece_minor": 25, "fee_bp": 1000,
    }  # fmt: skip
    project = Project.objects.create(organisation=organisation, **{**usual, **terms})
    Guideline.objects.create(project=project, version=1, text="Safety first.", digest="sha256:" + "0" * 64)
    made = [User.objects.create_user(f"person{i}@example.org", "a long enough secret") for i in range(people)]
    for user in made:
        Role.objects.create(project=project, user=user, name="contributor")
        nym = hmac.new(project.pepper, str(user.pk).encode(), hashlib.sha256).hexdigest()
        Seat.objects.create(project=project, user=user, nym=nym)
    shown = kinds.get(project.kind).exhibit()
    offered = (loading.Offered(replace(shown.item, id=f"item-{i}"), shown.responses) for i in range(items))
    loading.load(project, offered, np.random.default_rng(0))
    if escrow:
        money.deposit(project, escrow, f"first:{project.pk}", at=timezone.now())
    return Hall(project, owner, made)
