"""`tutelage store du | gc`."""

from __future__ import annotations

import click

from tutelage.cli import console


@click.group(epilog="Example:  tutelage store gc --dry-run")
def command() -> None:
    """Disk use and clean-up of $TUTELAGE_HOME.

    A run keeps its artefacts as long as its directory is there: delete the directory, then collect.
    """


@command.command(epilog="Example:  tutelage store du --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def du(as_json: bool) -> None:
    """Say how much $TUTELAGE_HOME holds, and what keeps it."""
    from tutelage.store import LocalStore, home, size

    store = LocalStore()
    usage = store.du()
    unfinished = size(home() / "work")
    owners = [{"owner": p.owner, "artefacts": len(p.digests), "living": p.holds()} for p in store.pins()]
    if as_json:
        console.emit({"home": str(home()), "store": usage, "unfinished_bytes": unfinished, "owners": owners})
        return
    console.say(f"{home()}")
    console.say(f"  artefacts   {usage.artefacts:>5}  {megabytes(usage.bytes)}")
    console.say(f"  of them kept{usage.kept_artefacts:>5}  {megabytes(usage.kept_bytes)}")
    console.say(f"  unfinished stages   {megabytes(unfinished)}")
    for owner in owners:
        gone = "" if owner["living"] else "  (gone: `tutelage store gc` frees them)"
        console.say(f"  {owner['owner']}: {owner['artefacts']} artefacts{gone}")


@command.command(epilog="Example:  tutelage store gc --dry-run")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option("--scratch", is_flag=True, help="Also drop what unfinished stages would resume from.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def gc(dry_run: bool, scratch: bool, as_json: bool) -> None:
    """Remove artefacts that no run keeps. Refused while a run is going on."""
    from tutelage.pipeline.index import Index
    from tutelage.store import LocalStore, home, size

    store, work = LocalStore(), home() / "work"
    swept = store.gc(dry_run=dry_run)
    freed_scratch = size(work) if scratch else 0
    if not dry_run:
        index = Index(home())
        index.forget_lost(set(store.digests()))
        index.sweep(scratch=scratch)
    if as_json:
        console.emit({"dry_run": dry_run, "removed": swept.digests, "bytes": swept.bytes + freed_scratch})
        return
    verb = "Would remove" if dry_run else "Removed"
    console.say(f"{verb} {len(swept.digests)} artefacts, {megabytes(swept.bytes + freed_scratch).strip()}.")


def megabytes(count: int) -> str:
    """Bytes for people: `   12.3 MB`."""
    return f"{count / 1e6:>9.1f} MB"
