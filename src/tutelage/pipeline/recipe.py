"""A recipe: everything that decides what a run makes, in one file that can be read aloud."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tutelage.errors import BadInput, Where
from tutelage.pipeline.lines import line_of, line_said

Share = Annotated[float, Field(gt=0, lt=1)]


class _Part(BaseModel):
    """Frozen; an unknown key is refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Prompts(_Part):
    """What the model is asked. `tasks` is `starter` or a JSONL file of tasks; groups stay on one side."""

    tasks: str = "starter"
    topics: int | None = Field(default=None, ge=2, description="how many starter topics; all if absent")
    held_out: Share = 1 / 3


class Demonstrations(_Part):
    """What SFT imitates: `starter`, or a directory that `tutelage import --kind demonstration` wrote."""

    source: str = "starter"
    topics: int | None = Field(default=None, ge=1)


class Sample(_Part):
    """How the supervised model is asked for the answers that people compare."""

    n: int = Field(default=4, ge=2, le=9)
    temperature: float = Field(default=0.9, gt=0)
    top_p: Share | Literal[1] = 1
    max_tokens: int = Field(default=56, ge=4)


class Contributor(_Part):
    """A simulated contributor: how often it errs, and how often it follows a bias instead of the guideline."""

    errs: float = Field(default=0.0, ge=0, le=1)
    prefers: Literal["longer", "shorter", "first"] | None = None
    bias: float = Field(default=0.0, ge=0, le=1)


class Judgments(_Part):
    """Who ranks the answers.

    source  `simulated` (contributors with the stated biases), `platform` (the people of the project that the run
            was launched from), `file:DIR` (people's judgments that came back for `waiting/gather.json`), or
            `judge:SPEC` (an AI judge). The run waits for people
    """

    source: str = "simulated"
    per_item: int = Field(default=3, ge=1)
    guideline: str = "Rank higher the answers that do exactly what the prompt asks."
    contributors: tuple[Contributor, ...] = (
        Contributor(errs=0.02),
        Contributor(errs=0.04, prefers="longer", bias=0.05),
        Contributor(errs=0.06, prefers="first", bias=0.05),
    )


class Train(_Part):
    """What every training stage is told; see `tutelage.training`."""

    lr: float = Field(default=4e-4, gt=0)
    epochs: int = Field(default=1, ge=1)
    batch_rows: int = Field(default=8, ge=1)
    lora_rank: int = Field(default=16, ge=0)
    lora_alpha: float = Field(default=32.0, gt=0)


class Reward(Train):
    """`model` is `head` (fast: sentence vectors, n-grams, surface) or `trunk` (the language model itself, K-way)."""

    model: Literal["head", "trunk"] = "head"
    lr: float = Field(default=4e-4, gt=0)
    epochs: int = Field(default=2, ge=1)


class Dpo(Train):
    """`beta` is the strength of the pull to the supervised model. Twice this rate has collapsed two of six forms."""

    lr: float = Field(default=2e-4, gt=0)
    beta: float = Field(default=0.1, gt=0)


class Reinforce(Train):
    """Optimise against the reward model, leashed to the supervised model: see `tutelage.training`.

    beta          price of a nat of KL
    kl_budget     nats an answer at which it ends
    gold_prompts  held-out prompts that a rule grades at the start and at the end
    """

    method: Literal["ppo", "rloo", "grpo"] = "rloo"
    lr: float = Field(default=2e-4, gt=0)
    batch_rows: int = Field(default=4, ge=1, description="prompts a step")
    steps: int = Field(default=20, ge=1)
    answers: int = Field(default=4, ge=2, description="answers a prompt")
    beta: float = Field(default=0.05, ge=0)
    kl_budget: float | None = Field(default=None, gt=0)
    gold_prompts: int = Field(default=48, ge=2)


Arm = Annotated[str, Field(pattern=r"^(true|permuted|flip:0?\.\d+)$")]


class Evaluate(_Part):
    """How checkpoints are held against one another on held-out prompts."""

    n: int = Field(default=2, ge=1, description="answers a prompt")
    temperature: float = Field(default=0.7, ge=0)
    best_of: int = Field(default=8, ge=2, description="answers a prompt for the best-of-n curve")
    best_of_prompts: int = Field(default=32, ge=2)


class Recipe(_Part):
    """The loop once. `arms` are ways the verdicts reach DPO: `true`, `flip:0.3`, `permuted` (controls)."""

    name: str
    about: str = ""
    seed: int = 1
    base: str = "local:smollm2"
    prompts: Prompts = Prompts()
    demonstrations: Demonstrations = Demonstrations()
    sft: Train = Train(lr=6e-4)
    sample: Sample = Sample()
    judgments: Judgments = Judgments()
    reward: Reward = Reward()
    dpo: Dpo = Dpo()
    reinforce: Reinforce | None = Field(default=None, description="a stage of reinforcement beside DPO; none if absent")
    arms: tuple[Arm, ...] = ("true",)
    evaluate: Evaluate = Evaluate()
    people: tuple[str, ...] = Field(default=(), description="real data sets for the reward-model section: ukp_convarg")
    gate: str = Field(default="starter", description="`starter`, or a criteria file (also one in the run's directory)")


def names() -> list[str]:
    """The recipes that come with Tutelage."""
    place = resources.files("tutelage.pipeline") / "recipes"
    return sorted(p.name.removesuffix(".toml") for p in place.iterdir() if p.name.endswith(".toml"))


def load(given: str) -> Recipe:
    """A recipe by the name of one that comes with Tutelage, or from a TOML file. Raises BadInput naming the field."""
    if given in names():
        text = (resources.files("tutelage.pipeline") / "recipes" / f"{given}.toml").read_text()
        return parse(text, f"{given}.toml")
    path = Path(given)
    if not path.is_file():
        raise BadInput(
            f"There is no recipe {given!r}.",
            expected=f"a TOML file, or one of {', '.join(names())}",
            remedy="Start from `tutelage example recipe`.",
        )
    try:
        return parse(path.read_text(encoding="utf-8"), given)
    except UnicodeDecodeError:
        raise BadInput(
            "The recipe is not UTF-8.", expected="a TOML file", remedy="Re-encode it.", where=Where(given)
        ) from None


def parse(text: str, file: str) -> Recipe:
    """A recipe from TOML."""
    try:
        return Recipe.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(
            f"The recipe is not TOML: {error}.",
            expected="TOML",
            remedy="Correct the line.",
            where=Where(file, line_said(str(error), text)),
        ) from None
    except ValidationError as error:
        first: Any = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise BadInput(
            f"{first['msg']} (saw {first['input']!r}).",
            expected="what `tutelage schema recipe` says",
            remedy="Correct the field.",
            where=Where(file, line_of(text, first["loc"]), field),
        ) from None


EXAMPLE = """\
name = "mine"
about = "Short answers that do what was asked."
seed = 1
base = "local:smollm2"
arms = ["true"]

[prompts]
tasks = "starter"       # or a JSONL file of tasks
held_out = 0.333        # share of topics that no training stage sees

[sample]
n = 4                   # answers a prompt, ranked together
max_tokens = 56

[judgments]
source = "simulated"    # or platform, file:DIR (people), or judge:SPEC (an AI judge)
per_item = 3

[dpo]
lr = 2e-4
beta = 0.1
"""
