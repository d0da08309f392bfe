"""`tutelage models add | list`."""

from __future__ import annotations

import click

from tutelage.cli import console


@click.group(epilog="Example:  tutelage models add smollm2")
def command() -> None:
    """Add or list local model weights."""


@command.command(epilog="Example:  tutelage models add smollm2")
@click.argument("names", nargs=-1, required=True, metavar="smollm2|minilm…")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def add(names: tuple[str, ...], as_json: bool) -> None:
    """Install a small model from its Python package, without the package's own dependencies."""
    from tutelage.models import local_weights

    for name in names:
        local_weights.known(name)
    added = []
    for name in names:
        if not as_json and not local_weights.present(name):
            console.note(f"Adding {name}: {local_weights.known(name).about}")
        place = local_weights.add(name)
        added.append({"name": name, "path": str(place), "digest": local_weights.digest(name)})
    if as_json:
        console.emit({"models": added})
        return
    for model in added:
        console.say(f"{model['name']}  {model['digest']}\n  {model['path']}")


@command.command("list", epilog="Example:  tutelage models list --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_(as_json: bool) -> None:
    """Say which packaged models there are, and which are on this machine."""
    from tutelage.models import local_weights

    found = [
        {
            "name": m.name,
            "here": local_weights.present(m.name),
            "path": str(local_weights.path(m.name)) if local_weights.present(m.name) else None,
            "licence": m.licence,
            "about": m.about,
        }
        for m in local_weights.PACKAGED.values()
    ]
    if as_json:
        console.emit({"models": found})
        return
    for model in found:
        state = "here  " if model["here"] else "absent"
        console.say(f"{model['name']:<8} {state} {model['licence']}  {model['about']}")
