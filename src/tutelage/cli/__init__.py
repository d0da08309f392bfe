"""`tutelage`: thin commands over the rooms. Each command's module is imported only when it is called."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import Any, NamedTuple

import click

from tutelage import __version__


class Entry(NamedTuple):
    """A command of ours: where it lives, and what it does in one line."""

    module: str
    help: str


class Shelf(NamedTuple):
    """Commands that belong together, and what for: one entry of `tutelage --help`."""

    purpose: str
    commands: dict[str, Entry]


# Each module holds `command`: a click command, or a click group of several.
SHELVES = {
    "loop": Shelf("from prompts to a gated model, and back to the people behind it", {
        "run": Entry("run", "Drive a recipe from prompts to a gated model."),
        "compare": Entry("compare", "Set two runs side by side."),
        "lineage": Entry("lineage", "From a checkpoint down to the judgments behind it."),
    }),
    "judgments": Shelf("plan and buy them, read, inspect and write them", {
        "plan": Entry("plan", "Who should judge, how many, what it costs, how long it takes."),
        "import": Entry("import_", "Read judgments from a file you already have."),
        "inspect": Entry("inspect", "Accept or reject a delivery of bought judgments."),
        "export": Entry("export", "Write judgments or rows in another tool's format."),
    }),
    "measure": Shelf("what the judgments support; what an AI judge may claim", {
        "measure": Entry("measure", "What a file of judgments can and cannot support."),
        "slice": Entry("slice", "Draw the items people look at; check a draw."),
        "certify": Entry("certify", "Hold an AI judge against a slice of human labels."),
        "judge": Entry("judge", "Let an AI judge grade items."),
    }),
    "release": Shelf("sealed data that anyone can verify", {
        "release": Entry("release", "Seal a release; set two releases side by side."),
    }),
    "model": Shelf("train, try and decide", {
        "train": Entry("train", "Train: sft, reward, dpo, ppo, rloo, grpo; resume."),
        "constitution": Entry("constitution", "Principles: poll, revise, label pairs, mix with people's."),
        "eval": Entry("eval", "Evaluate: head-to-head, reward model, run, suites."),
        "grade": Entry("grade", "Grade answers; audit what graders pay for."),
        "gate": Entry("gate", "May a checkpoint ship: pass, fail or insufficient."),
        "chat": Entry("chat", "Talk to a checkpoint."),
    }),
    "platform": Shelf("where people judge, in a browser", {
        "serve": Entry("serve", "Start the platform: web server and one worker."),
        "worker": Entry("worker", "Run the platform's background tasks."),
        "db": Entry("db", "Back up, restore and check its database."),
    }),
    "help": Shelf("what files look like, what this machine can do", {
        "schema": Entry("schema", "Print the JSON Schema of a recipe, criteria, record …"),
        "example": Entry("example", "Print a runnable example of one."),
        "models": Entry("models", "Add or list local model weights."),
        "store": Entry("store", "Disk use and clean-up of $TUTELAGE_HOME."),
        "doctor": Entry("doctor", "What this machine can do, and what is missing."),
    }),
}  # fmt: skip
STATISTICS = ("measure", "slice", "certify", "inspect", "plan")
COMMANDS = {name: entry for shelf in SHELVES.values() for name, entry in shelf.commands.items()}


class LazyGroup(click.Group):
    """A command group that imports a command when it is asked for, so that `--help` stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table: the order of the loop."""
        return [name for name, entry in COMMANDS.items() if _exists(entry.module)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        entry = COMMANDS.get(cmd_name)
        if entry is None or not _exists(entry.module):
            return None
        return load(cmd_name)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Two lines a shelf, none of its commands imported: the page fits a screen however many commands there are."""
        there = set(self.list_commands(ctx))
        with formatter.section("Commands (each has --help)"):
            for shelf in SHELVES.values():
                names = [name for name in shelf.commands if name in there]
                if names:
                    formatter.write_text(", ".join(click.style(name, bold=True) for name in names))
                    formatter.write_text("    " + shelf.purpose)


def _exists(module: str) -> bool:
    return importlib.util.find_spec(f"tutelage.cli.{module}") is not None


def load(name: str) -> click.Command:
    """Import one command."""
    module: Any = importlib.import_module(f"tutelage.cli.{COMMANDS[name].module}")
    command: click.Command = module.command
    command.name = name
    return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", message="tutelage %(version)s")
def root() -> None:
    """Train AI models from human judgment, and show whose judgment it was.

    \b
    Example: tutelage run demo
             tutelage import votes.csv --kind comparison --out judgments/
    """


def main(argv: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 2 bad input, 3 fail, 4 insufficient, 5 waiting, 6 missing part."""
    asked = sys.argv[1:] if argv is None else argv
    if asked[:1] and asked[0] in STATISTICS:
        # their matrices are small or sparse: BLAS threads only spin, ten times the time on a busy machine
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from tutelage.cli.console import run_and_exit

    run_and_exit(root, asked)
