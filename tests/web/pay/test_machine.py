"""Whatever people and owners do in whatever order, the ledger holds: Hypothesis plays them on a real database."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.web.halls import a_hall
from tests.web.pay.test_beancount import bean_check

from tutelage.web.pay import actions as money
from tutelage.web.pay import beancount, queries, rules
from tutelage.web.pay.models import Entry, Transfer
from tutelage.web.people.models import User
from tutelage.web.projects.models import Project, Role
from tutelage.web.review import actions as review
from tutelage.web.review.models import Review
from tutelage.web.shared.refusals import Refused
from tutelage.web.work import actions as work
from tutelage.web.work.models import Judgment, Seat, Slot

FIRST, TIE = {"type": "prefer", "winner": "first"}, {"type": "tie"}
WHO = st.integers(0, 1)


class Ledger(RuleBasedStateMachine):
    """Two people at a project of eight tasks, its owner and a reviewer; `owed` and `spent` are kept by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.whole = transaction.atomic()
        self.whole.__enter__()
        self.now, self.keys = timezone.now(), 0
        self.owed: Counter[Any] = Counter()
        self.paid_in, self.spent, self.back = 0, 0, 0
        self.lines = 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.whole.__exit__(None, None, None)

    @initialize(piece=st.integers(1, 300), fee=st.integers(0, 4000), reading=st.integers(0, 60),
                share=st.sampled_from([100, 100, 60, 25, 5, 0]))  # fmt: skip
    def begin(self, piece: int, fee: int, reading: int, share: int) -> None:
        """An open project with the money that is asked for before one may be published, or a part of it, or none."""
        need = rules.needed(8, piece, 20, reading, fee) * share // 100
        self.hall = a_hall(items=8, escrow=need, piece_minor=piece, fee_bp=fee, instruction_minor=reading)
        self.project, self.paid_in, self.lines = self.hall.project, need, bool(need)
        self.reviewer = User.objects.create_user("reviewer@example.org", None)
        Role.objects.create(project=self.project, user=self.reviewer, name="reviewer")
        dollars = Project.objects.create(
            organisation=self.project.organisation, slug="usd", name="USD", kind="comparison", currency="USD",
            minutes=1.0, piece_minor=1,
        )  # fmt: skip
        self.dollars = dollars

    def key(self) -> str:
        self.keys += 1
        return f"key-number-{self.keys}"

    def due(self, user: User, minor: int) -> None:
        """What a pay line does, by hand: the person's pay from escrow, and the platform's share with it."""
        if minor:
            self.owed[user.pk] += minor
            self.spent += minor + rules.fee(minor, self.project.fee_bp)
            self.lines += 1

    def take(self, seat: Seat) -> Any:
        """A task, or None where the purse, the queue or what they did already gives none."""
        task = work.take(seat, self.now)
        if task is not None and "none" in task:
            assert "purse is empty" in str(task["none"]["reason"])
            free = queries.escrow_balance(self.project) - self.promised(seat.user)
            assert free < self.worth(seat), "one more task would have been covered"
            return None
        return task

    def worth(self, seat: Seat) -> int:
        """What a task of somebody can cost at most: their pay, what they get for reading, the shares."""
        unread = 0 if seat.done else self.project.instruction_minor
        return sum(rules.cost(minor, self.project.fee_bp) for minor in (self.project.piece_minor, unread))

    def promised(self, but: User | None = None) -> int:
        """What the tasks that are out can cost; one taken back by its maker is paid already."""
        held = Slot.objects.filter(project=self.project, state=Slot.LEASED).exclude(user=but)
        paid = Judgment.objects.filter(answer__type="withdrawn", slot__in=held).values("slot")
        out = held if but else held.exclude(pk__in=paid)
        return sum(self.worth(Seat.objects.get(project=self.project, user=slot.user)) for slot in out)

    def seat(self, who: int) -> Seat:
        return Seat.objects.select_related("project", "user").get(project=self.project, user=self.hall.people[who])

    @rule(minor=st.integers(-5, 5000))
    def set_aside(self, minor: int) -> None:
        """An owner pays in, twice by the same key: it counts once; nothing and less than nothing are refused."""
        key = self.key()
        try:
            money.deposit(self.project, minor, key, at=self.now)
        except Refused:
            assert minor <= 0
            return
        self.paid_in, self.lines = self.paid_in + minor, self.lines + 1
        with pytest.raises(IntegrityError), transaction.atomic():
            money.deposit(self.project, minor, key, at=self.now)

    @rule(who=WHO, seconds=st.integers(0, 200), tie=st.booleans())
    def answer(self, who: int, seconds: int, tie: bool) -> None:
        """Somebody takes a task, answers it, and sends it again: one judgment, one line. Another body: refused."""
        seat = self.seat(who)
        first = not seat.done
        task = self.take(seat)
        if task is None:
            return
        self.now += timedelta(seconds=seconds)
        undone = self.undone(task)
        key, said = self.key(), TIE if tie else FIRST
        read = Transfer.objects.filter(kind="instruction", user=seat.user).exists()
        asked = (seat.user, task["lease"]["token"], key, said, "", {"active_ms": 5}, self.now)
        done = work.submit(*asked)
        assert work.submit(*asked).judgment.pk == done.judgment.pk
        with pytest.raises(Refused), transaction.atomic():
            work.submit(*asked[:3], {"type": "both_bad"}, *asked[4:])
        if first and not read and self.project.instruction_minor:
            self.due(seat.user, self.project.instruction_minor)
        self.due(seat.user, 0 if undone else self.project.piece_minor)

    @rule(who=WHO, seconds=st.integers(0, 200))
    def skip(self, who: int, seconds: int) -> None:
        """A task given back is paid for its time, at most as much as done; sent twice, it is paid once."""
        seat = self.seat(who)
        task = self.take(seat)
        if task is None:
            return
        self.now += timedelta(seconds=seconds)
        key, undone = self.key(), self.undone(task)
        due, _ = work.skip(seat.user, task["lease"]["token"], key, "unclear", "", self.now)
        assert (0 if undone else 1) <= due <= (0 if undone else self.project.piece_minor)
        assert work.skip(seat.user, task["lease"]["token"], key, "unclear", "", self.now)[0] == due
        self.due(seat.user, due)

    @rule(who=WHO)
    def undo(self, who: int) -> None:
        """Taking the last answer back moves no money: what was paid stays paid."""
        last = Judgment.objects.filter(user=self.hall.people[who]).order_by("pk").last()
        if last is None or last.answer.get("type") == "withdrawn":
            return
        try:
            with transaction.atomic():
                work.undo(self.hall.people[who], last.pk, self.key(), self.now)
        except Refused:
            pass  # its ten seconds are over

    @rule(who=WHO, verdict=st.sampled_from(["approved", "redo", "expert"]))
    def look_over(self, who: int, verdict: str) -> None:
        """A reviewer approves, asks again or turns to an expert: none of it takes pay back."""
        waiting = Judgment.objects.filter(user=self.hall.people[who], superseded_by=None).exclude(
            pk__in=Review.objects.values("judgment")
        )
        found = waiting.exclude(answer__type="withdrawn").order_by("pk").first()
        if found is not None:
            review.decide(self.reviewer, found, verdict, "Say why.", self.now)

    @rule(who=WHO)
    def do_again(self, who: int) -> None:
        """Rework that was asked for is paid like the first time."""
        asked = Review.objects.filter(verdict="redo", judgment__user=self.hall.people[who]).order_by("pk").last()
        if asked is None:
            return
        user = self.hall.people[who]
        try:
            with transaction.atomic():
                task = review.begin_redo(user, asked.judgment, self.now)
        except Refused:
            return  # done already, somebody else holds the task, or there is no money for it
        replaced = Judgment.objects.filter(supersedes=asked.judgment).exists()
        assert not replaced
        work.submit(user, task["lease"]["token"], self.key(), TIE, "", {"active_ms": 5}, self.now)
        self.due(user, self.project.piece_minor)

    def undone(self, task: Any) -> bool:
        """Whether its holder answered it and took that back: it is paid already."""
        holder = Slot.objects.get(token=task["lease"]["token"])
        before = Judgment.objects.filter(slot=holder, user=holder.user_id).order_by("pk").last()
        return before is not None and before.answer.get("type") == "withdrawn"

    @precondition(lambda self: not Slot.objects.filter(project=self.project, state=Slot.LEASED).exists())
    @rule(more=st.integers(0, 2000))
    def another_share(self, more: int) -> None:
        """The platform's share may change for what comes: what was booked stays as it was."""
        Project.objects.filter(pk=self.project.pk).update(fee_bp=more)
        self.project.fee_bp = more

    @rule(minor=st.integers(1, 100))
    def currencies_never_mix(self, minor: int) -> None:
        """Euros do not become dollars, whatever the sum."""
        euros = money.open_account("escrow", "EUR", project=self.project)
        dollars = money.open_account("escrow", "USD", project=self.dollars)
        with pytest.raises(ValueError, match="not in one currency"):
            money.move("correction", self.key(), {euros: -minor, dollars: minor}, at=self.now)

    @precondition(lambda self: Entry.objects.exists())  # a trigger of rows has nothing to refuse where there are none
    @rule(verb=st.sampled_from(["UPDATE pay_entry SET minor = minor + 1", "DELETE FROM pay_entry",
                                "UPDATE pay_transfer SET seconds = 0", "DELETE FROM pay_transfer"]))  # fmt: skip
    def nobody_rewrites_it(self, verb: str) -> None:
        """The database refuses, whoever asks."""
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as sql:
            sql.execute(verb)

    @precondition(lambda self: self.paid_in > self.spent + self.back)
    @rule()
    def refund(self) -> None:
        """What is left goes back to the owner, once by a key, and the project is paid in anew to go on."""
        left = self.paid_in - self.spent - self.back
        key = self.key()
        money.give_back(self.project, key, at=self.now)
        assert money.give_back(self.project, key, at=self.now) is None, "nothing is left to give back"
        self.back, self.lines = self.back + left, self.lines + 1
        need = 50 * rules.cost(self.project.piece_minor + self.project.instruction_minor, 4000)
        money.deposit(self.project, need, self.key(), at=self.now)
        self.paid_in, self.lines = self.paid_in + need, self.lines + 1

    @invariant()
    def it_holds(self) -> None:
        """Every sum by hand is the ledger's; transfers and the whole sum to zero; what is out is always covered."""
        if not hasattr(self, "project"):
            return
        assert queries.unbalanced() == []
        assert sum(Entry.objects.values_list("minor", flat=True)) == 0
        escrow = queries.escrow_balance(self.project)
        assert escrow == self.paid_in - self.spent - self.back
        assert queries.balance("escrow", "EUR", project=self.project) == escrow and queries.adrift() == []
        assert escrow >= self.promised(), "every task that is out is paid, whatever happens"
        for user in self.hall.people:
            assert queries.balance("payable", "EUR", user=user) == self.owed[user.pk]
        assert queries.balance("fees", "EUR") == self.spent - sum(self.owed.values())
        assert Transfer.objects.count() == self.lines
        for made in Judgment.objects.all():
            held = Transfer.objects.filter(contribution=made.pk)
            paid = [e.minor for t in held for e in t.entries.filter(account__kind="payable")]
            assert sum(paid) == made.pay_minor and len(paid) == (1 if made.pay_minor else 0)
            assert made.pay_minor == self.project.piece_minor or made.pay_minor == 0

    def audited(self) -> str:
        """What bean-check says of it."""
        with tempfile.TemporaryDirectory() as room:
            return bean_check(Path(room) / "ledger.beancount", "".join(beancount.lines()))


class Audited(Ledger):
    """The same, and bean-check adds every end up anew."""

    def teardown(self) -> None:
        try:
            assert not hasattr(self, "project") or self.audited() == ""
        finally:
            super().teardown()


def play(machine: Any, examples: int, steps: int) -> None:
    """Play it so often, so long."""
    how = settings(max_examples=examples, stateful_step_count=steps, deadline=None, database=None,
                   suppress_health_check=list(HealthCheck), print_blob=True)  # fmt: skip
    run_state_machine_as_test(machine, settings=how)


@pytest.fixture
def fast(settings: Any, db: None) -> None:
    """No password matters here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def test_the_ledger_holds_whatever_is_done(fast: None) -> None:
    play(Ledger, 12, 25)


def test_bean_check_accepts_every_end(fast: None) -> None:
    play(Audited, 3, 12)


@pytest.mark.slow
def test_the_ledger_holds_for_long(fast: None) -> None:
    """300 stories of 40 steps."""
    play(Ledger, 300, 40)
