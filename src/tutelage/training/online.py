"""The loop of the online methods: sample, grade, learn; from wherever it was stopped.

    train(method, tasks, base, out, reward, config, *, contributions=(), reward_contributions=None,
          demonstrations=(), gold=None, gold_tasks=(), on_step=None, on_gold=None) -> out

Faces without torch: `tutelage.training.ppo | rloo | grpo(tasks, base, out, reward, config, **same)`.

Step s samples answers to its prompts, has them graded, and learns from them. Which prompts, which noise and which order
depend on (seed, s) alone; weights, optimiser, value head, price of KL and s are the whole state. A run that goes on
with the same number of threads ends with the same bits as one that was never stopped.

`out` holds the checkpoint, and of its course: `log.jsonl`, a line a step, whose figures are of the policy that sampled;
`gold.jsonl` (see `tutelage.training.gold`) where a gold reward is given; `run.json` with `stopped` = {reason, step, …}
where the run ended early, `published_step`, the updates in the published weights, and `alarm` where gold was watched.
"""

from __future__ import annotations

import copy
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tutelage.environments.graders import Task
from tutelage.environments.rewards import Reward
from tutelage.errors import BadInput
from tutelage.models import checkpoint as ck
from tutelage.models import local_lora
from tutelage.models.local_layout import Flat, answer_states, answer_sums, target_logprobs, token_logprobs
from tutelage.records import DemonstrationRow
from tutelage.store import digest
from tutelage.training import alarm, loop, pack, rollout, watch
from tutelage.training import gold as looks
from tutelage.training import losses_policy as losses
from tutelage.training.config_online import GrpoConfig, OnlineConfig, PpoConfig, RlooConfig
from tutelage.training.leash import Leash
from tutelage.training.methods.grpo import Grpo
from tutelage.training.methods.ppo import Ppo
from tutelage.training.methods.rloo import Rloo
from tutelage.training.parts import Look, Method, Part, Whole, cut, whole
from tutelage.training.rollout import Group
from tutelage.training.schedule import learning_rate
from tutelage.training.session import Session, open_session

OnStep = Callable[[dict[str, Any]], None]  # the line of log.jsonl
OnGold = Callable[[list[dict[str, Any]]], str | None]  # the lines of one look -> a reason to end the run
WITHIN = "within"  # prefix of the weights that were last measured within the KL budget
FIGURES = ("prompts", "reward", "reward_se", "kl", "kl_se")
NOISE, PROMPTS, MIX, GOLD = range(4)  # the streams of randomness of a run

METHODS: dict[str, tuple[type[OnlineConfig], Callable[[Any, Session], Method]]] = {
    "ppo": (PpoConfig, lambda config, s: Ppo(config, s.model.config.hidden_size, s.loaded.device)),
    "rloo": (RlooConfig, lambda config, s: Rloo(config)),  # noqa: ARG005 - the makers share one signature
    "grpo": (GrpoConfig, lambda config, s: Grpo(config)),  # noqa: ARG005 - as above
}


def train(
    method: str,
    tasks: Sequence[Task],
    base: str,
    out: Path,
    reward: Reward,
    config: OnlineConfig,
    *,
    contributions: Iterable[str] = (),
    reward_contributions: Iterable[ck.Contribution] | None = None,
    demonstrations: Sequence[DemonstrationRow] = (),
    gold: Reward | None = None,
    gold_tasks: Sequence[Task] = (),
    on_step: OnStep | None = None,
    on_gold: OnGold | None = None,
) -> Path:
    """Train `base` towards `reward` on `tasks` and publish a checkpoint at `out`.

    contributions         ids of the human work behind the tasks
    reward_contributions  the work in the reward, with its stages; None asks the reward (`reward.contributions`)
    demonstrations        imitated beside it with `config.mix_weight`
    gold, gold_tasks      a reward that is not optimised, on prompts that are not trained on, every `gold_every` steps
    on_step               is told every step's line
    on_gold               is told every look's lines, after a stop also those before it; the reason it returns, if any,
                          ends the run there (see `tutelage.training.alarm.watching`)
    Raises BadInput (nothing to learn from, more than half of a step unscored), MissingExtra.
    """
    if not tasks:
        raise BadInput("There is no task.", expected="at least one prompt", remedy="Name a data set that holds some.")
    told = {"reward": reward.name, "reward_digest": reward.digest}
    if demonstrations:
        told["demonstrations"] = digest(list(demonstrations))
    if gold is not None:
        told |= {"gold": gold.name, "gold_digest": gold.digest, "gold_tasks": digest(list(gold_tasks))}
    session = open_session(method, tasks, base, out, config, told)
    if session is None:
        return out
    run = Run(session, METHODS[method][1](config, session), list(tasks), reward, config, gold, list(gold_tasks))
    run.mix = pack.demonstrations(demonstrations, session.text, config)
    run.go(on_step, on_gold)
    if gold is not None:
        run.course["alarm"] = alarm.summary(session.work, alarm.bounds_of(gold), config.looks)
    work = [ck.Contribution(i, method) for i in contributions]
    behind = getattr(reward, "contributions", ()) if reward_contributions is None else reward_contributions
    return session.finish(run.mix, figures=run.figures, others=[*work, *behind], course=run.course)


@dataclass
class Run:
    """A run in progress."""

    session: Session
    method: Method
    tasks: list[Task]
    reward: Reward
    config: OnlineConfig
    gold: Reward | None
    gold_tasks: list[Task]
    mix: list[pack.Example] = field(default_factory=list)
    updates: int = 0
    figures: dict[str, Any] = field(default_factory=dict)
    course: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        session = self.session
        self.leash = Leash.of(self.config)
        # before anything is restored: the reference is the base. Adapters are switched off instead of copied
        self.frozen = copy.deepcopy(session.model).requires_grad_(False) if not self.config.lora_rank else None
        session.trainable.parameters.update(self.method.parameters)
        self.parameters = list(session.trainable.parameters.values())
        self.optimiser = torch.optim.AdamW(
            self.parameters, lr=self.config.lr, weight_decay=self.config.weight_decay, betas=(0.9, 0.999)
        )
        self.within: dict[str, Tensor] = {}

    def go(self, on_step: OnStep | None, on_gold: OnGold | None) -> None:
        """To the end, from wherever the work directory stands."""
        work, config = self.session.work, self.config
        done = self._restore()
        loop.truncate_log(work / "log.jsonl", done)
        looks.truncate(work / looks.FILE, done)
        if on_gold:
            for look in looks.taken(work / looks.FILE):  # what it knew before the stop; it did not end the run there
                on_gold(look)
        for at in range(done, config.steps):
            if at % config.gold_every == 0 and (reason := self._look_at_gold(at, on_gold)):
                return self._end(at, {"reason": reason, "step": at})
            line = self.step(at)
            if line is None:
                return self._within_budget(at)
            with (work / "log.jsonl").open("a") as log:
                log.write(json.dumps(line) + "\n")
            if (at + 1) % config.save_every_steps == 0:
                self._save(at + 1)
            if on_step:
                on_step(line)
        self._look_at_gold(config.steps, on_gold)
        return self._end(config.steps, None)

    def step(self, at: int) -> dict[str, Any] | None:
        """Sample, grade, learn: one line of the log; None where the KL budget was spent before it: nothing changed."""
        config, started = self.config, time.perf_counter()
        groups = self._sample(at)
        watch.require_scored(groups, self.reward.name)
        sampled = time.perf_counter()
        batches = self._batches(groups)
        parts = [p for batch in batches for p in batch]
        alone = config.on_policy and self.method.apart
        figures = self._gradients(parts) if alone else self._behaviour(parts)
        nats = watch.kl(_nats(parts))
        if self.leash.broken(nats["kl"]):
            return None
        self._keep()
        rate, beta = learning_rate(config, at, config.steps), self.leash.beta
        norm = self._update(rate) if alone else self._passes(batches, rate, figures)
        self.leash.feel(nats["kl"])
        tokens, answered = sum(g.tree.tokens for g in groups), sum(len(a.ids) for g in groups for a in g.answers)
        line = {"step": at + 1, "of": config.steps, **watch.answers(groups), **nats, **_tokenwise(parts)}
        return line | figures | {
            "beta": beta, "grad_norm": norm, "lr": rate, "tokens": tokens,
            "decode_tokens_per_s": answered / (sampled - started),
            "train_tokens_per_s": tokens / (time.perf_counter() - sampled),
        }  # fmt: skip

    def look(self, part: Part) -> Look:
        """One pass of the policy over a part."""
        states = answer_states(self.session.model, part.flat)  # (M, d)
        return Look(target_logprobs(self.session.model, states, part.flat.targets), self.method.values(states))

    def _batches(self, groups: Sequence[Group]) -> list[list[Part]]:
        """What teaches, cut into updates and those into passes, with the base's word on it."""
        kept = [g for g in (g.scored() for g in groups) if len(g.answers) >= self.method.fewest]
        count = min(self.config.minibatches, len(kept))
        batches = [cut(kept[i::count], self.config.microbatch_tokens, self.session.loaded.device) for i in range(count)]
        for batch in batches:
            for part in batch:
                part.reference = self._reference(part.flat)
        return batches

    def _reference(self, flat: Flat) -> Tensor:
        """(M,) log p of every token under the base."""
        with torch.no_grad():
            if self.frozen is not None:
                return token_logprobs(self.frozen, flat)
            with local_lora.off(self.session.model):
                return token_logprobs(self.session.model, flat)

    def _gradients(self, parts: list[Part]) -> dict[str, Any]:
        """Of a step with one update, from one pass: what the policy says now is what it said when it answered."""
        of, figures = whole(parts), Counter[str]()
        self.optimiser.zero_grad(set_to_none=True)
        for part in parts:
            now = self.look(part)
            part.before, part.values = now.logprobs.detach(), now.values.detach()
            self.method.prepare([part], self.leash.beta)
            self._descend(part, now, of, figures)
        return dict(figures)

    def _behaviour(self, parts: list[Part]) -> dict[str, Any]:
        """What the policy says before the first of several updates, and the advantages that follow."""
        with torch.no_grad():
            for part in parts:
                part.before, part.values = self.look(part)
        return self.method.prepare(parts, self.leash.beta) if parts else {}

    def _passes(self, batches: list[list[Part]], rate: float, figures: dict[str, Any]) -> float | None:
        """Every update of a step; adds the means of their figures, and returns the mean norm of their gradients."""
        norms, sums = [], Counter[str]()
        for _ in range(self.config.epochs):
            for batch in batches:
                self.optimiser.zero_grad(set_to_none=True)
                of = whole(batch)
                for part in batch:
                    self._descend(part, self.look(part), of, sums)
                norms.append(self._update(rate))
        figures |= {name: value / len(norms) for name, value in sums.items()}
        return sum(n for n in norms if n is not None) / len(norms) if norms else None

    def _descend(self, part: Part, now: Look, of: Whole, figures: Counter[str]) -> None:
        loss, own = self.method.loss(part, now, of, self.leash.beta)
        torch.autograd.backward(loss)
        figures.update({"loss": float(loss.detach()), **own})

    def _update(self, rate: float) -> float | None:
        """Descend the gradients at hand and those of the demonstrations; None where there are none."""
        if self.mix and self.config.mix_weight:
            self._imitate()
        if all(p.grad is None for p in self.parameters):
            return None
        norm = float(torch.nn.utils.clip_grad_norm_(self.parameters, self.config.clip_norm))
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.step()
        self.updates += 1
        return norm

    def _imitate(self) -> None:
        """Gradients of mix_weight · mean -log p per token of some demonstrations, drawn by the update's number."""
        rng = np.random.default_rng([self.config.seed, MIX, self.updates])
        chosen = rng.choice(len(self.mix), size=min(len(self.mix), self.config.batch_rows), replace=False)
        batch = [self.mix[i] for i in chosen]
        tokens = sum(sum(map(len, e.tree.answers)) for e in batch)
        for part in pack.microbatches(batch, self.config.microbatch_tokens):
            flat = Flat([e.tree for e in part], self.session.loaded.device)
            nll = -token_logprobs(self.session.model, flat).sum() / tokens
            torch.autograd.backward(self.config.mix_weight * nll)

    def _sample(self, at: int) -> list[Group]:
        """The graded answers of step `at`."""
        count, size = len(self.tasks), self.config.batch_rows
        order: dict[int, Any] = {}
        places = []
        for k in range(at * size, (at + 1) * size):
            lap = k // count
            if lap not in order:
                order[lap] = np.random.default_rng([self.config.seed, PROMPTS, lap]).permutation(count)
            places.append(int(order[lap][k % count]))
        asked = [(i, self.tasks[i]) for i in places]
        return rollout.grade(self._answers(asked, self.config.answers, _seed(self.config.seed, NOISE, at)), self.reward)

    def _answers(self, asked: Sequence[tuple[int, Task]], n: int, seed: int) -> list[Group]:
        config, session = self.config, self.session
        return rollout.sample(
            session.model, session.text, asked, n,
            seed=seed, max_tokens=config.max_response_tokens, max_prompt=config.max_prompt_tokens,
        )  # fmt: skip

    def _look_at_gold(self, at: int, on_gold: OnGold | None) -> str | None:
        """Ask the held-out prompts and write down what both rewards say; the reason to end here, if there is one."""
        if self.gold is None or not self.gold_tasks:
            return None
        groups = self._answers(list(enumerate(self.gold_tasks)), 1, _seed(self.config.seed, GOLD, 0))
        kl: dict[int, float] = {}
        for part in cut(groups, self.config.microbatch_tokens, self.session.loaded.device):
            with torch.no_grad():
                gap = self.look(part).logprobs - self._reference(part.flat)
            kl |= dict(zip((g.index for g in part.groups), answer_sums(gap, part.flat.lengths).tolist(), strict=True))
        found = looks.lines(at, groups, [kl[g.index] for g in groups], self.reward, self.gold)
        looks.append(self.session.work / looks.FILE, found)
        return on_gold(found) if on_gold else None

    def _keep(self) -> None:
        """Remember the weights that were just measured within the budget."""
        if self.leash.budget is not None:
            self.within = {n: p.detach().clone() for n, p in self.session.trainable.parameters.items()}

    def _within_budget(self, at: int) -> None:
        """The policy after `at` updates is beyond the budget: publish the one before, as its own step measured it."""
        with torch.no_grad():
            for name, p in self.session.trainable.parameters.items():
                p.copy_(self.within[name])
        last = json.loads((self.session.work / "log.jsonl").read_text().splitlines()[-1])
        self.figures = {k: last[k] for k in FIGURES} | {"steps": at - 1}
        self.course = {"published_step": at - 1, "stopped": {"reason": "kl_budget", "step": at}}

    def _end(self, at: int, stopped: dict[str, Any] | None) -> None:
        """Measure the policy that is about to be published, on the prompts of the step that would have come."""
        groups = self._sample(at)
        batches = self._batches(groups)
        parts = [p for batch in batches for p in batch]
        self._behaviour(parts)
        nats = watch.kl(_nats(parts))
        if self.leash.broken(nats["kl"]):
            return self._within_budget(at)
        self.figures = {k: (watch.answers(groups) | nats)[k] for k in FIGURES} | {"steps": at}
        self.course = {"published_step": at, "stopped": stopped}
        return None

    def _save(self, done: int) -> None:
        facts = {"done": str(done), "updates": str(self.updates), "beta": repr(self.leash.beta)}
        more = {f"{WITHIN}/{name}": t.cpu().contiguous() for name, t in self.within.items()}
        loop.save(self.session.work, self.session.trainable, self.optimiser, facts, more)

    def _restore(self) -> int:
        facts, more = loop.restore(self.session.work, self.session.trainable, self.optimiser)
        if not facts:
            return 0
        self.updates, self.leash.beta = int(facts["updates"]), float(facts["beta"])
        self.within = {n.removeprefix(f"{WITHIN}/"): t.to(self.session.loaded.device) for n, t in more.items()}
        return int(facts["done"])


def _seed(*words: int) -> int:
    return int(np.random.SeedSequence(words).generate_state(1, np.uint64)[0])


def _nats(parts: Sequence[Part]) -> list[tuple[int, list[float]]]:
    """(prompt, nats of every answer), group by group."""
    out = []
    for part in parts:
        sums = iter(answer_sums(losses.k1(part.before, part.reference), part.flat.lengths).tolist())
        out += [(g.index, [next(sums) for _ in range(size)]) for g, size in zip(part.groups, part.sizes, strict=True)]
    return out


def _tokenwise(parts: Sequence[Part]) -> dict[str, float | None]:
    """entropy      mean -log p of the sampled tokens, nats: unbiased for the policy's entropy per token
    sampler_gap  mean |log p by the sampler - log p by the training path|: rounding, unless something is wrong
    """
    if not parts:
        return {"entropy": None, "sampler_gap": None}
    before = torch.cat([p.before for p in parts])
    sampled = torch.tensor([x for p in parts for g in p.groups for a in g.answers for x in a.sampled])
    return {"entropy": -float(before.mean()), "sampler_gap": float((before.cpu() - sampled).abs().mean())}
