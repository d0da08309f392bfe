"""`tutelage train sft | reward | dpo | ppo | rloo | grpo | resume`."""

from __future__ import annotations

import click

from tutelage.cli.train import online, resume, rows


@click.group(epilog="Example:  tutelage train dpo judgments/ --base local:smollm2 --out tuned")
def command() -> None:
    """Train by one method, on people's rows (sft, reward, dpo) or towards a reward (ppo, rloo, grpo).

    Writes a checkpoint that lists the judgments in it. Interrupted, the same command goes on where it stopped, and
    so does `tutelage train resume`.
    """


for _one in (rows.sft, rows.reward, rows.dpo, online.ppo, online.rloo, online.grpo, resume.resume):
    command.add_command(_one)
