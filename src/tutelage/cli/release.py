"""`tutelage release`: seal one, set two side by side, compute a certificate again."""

from __future__ import annotations

from pathlib import Path

import click

from tutelage.cli import console

EXAMPLE = """\b
Example: tutelage release seal demo --out release --licence CC-BY-4.0
         tutelage release diff release-1 release-2
"""
DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group(epilog=EXAMPLE)
def command() -> None:
    """Seal data so that anyone can verify it, offline and without us; compare releases."""


@command.command(epilog="Example:  tutelage release seal judgments/ --out release --licence CC-BY-4.0")
@click.argument("source", metavar="PROJECT|RUN|DIR")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A directory that does not exist yet.")
@click.option("--licence", help="Under which others may use the rows.")
@click.option("--exclusive", is_flag=True, help="Nobody else gets these rows.")
@click.option("--project", "name", help="Whose log to use; default: the source's name.")
@click.option("--certificate", type=DIRECTORY, help="Of `tutelage certify --out`: its claims go along.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: release.json.")
def seal(
    source: str, out: Path, licence: str | None, exclusive: bool, name: str | None, certificate: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Write a sealed release of a run, or of a directory made by `tutelage import`.

    Judgments that the project's log does not know are added as imported (H0). The release is whole or absent. Check it
    with: python OUT/verify.py OUT --trust OUT/keys/operator.pub
    """
    import gc
    import re
    from datetime import UTC, datetime

    from tutelage.provenance.release import locate
    from tutelage.provenance.release import seal as write
    from tutelage.provenance.release.project import Project
    from tutelage.provenance.release.source import read

    gc.disable()  # records hold no cycles, and looking for some doubles the time at a hundred thousand rows
    found = read(locate(source))
    project = Project.named(name or re.sub(r"[^A-Za-z0-9._-]+", "-", found.name).strip("-.") or "project")
    exclusivity = "exclusive" if exclusive else "not exclusive"
    made = write(found, project, out, now=datetime.now(UTC), licence=licence, exclusivity=exclusivity,
                 certificate=certificate)  # fmt: skip
    if as_json:
        console.emit(made)
        return
    shares = ", ".join(f"{n / made.judgments:.1%} {sort}" for sort, n in made.judgments_by.items())
    console.say(f"Sealed {made.judgments:,} judgments on {made.items:,} items -> {out}")
    console.say(f"  judgments by: {shares}")
    console.say(f"  levels: {', '.join(f'{k} {n:,}' for k, n in made.levels.items() if n)}; licence: {made.licence}")
    console.say(f"  log {made.origin}, {made.log['size']:,} leaves; release {made.digest}")
    console.say(f"Verify: python {out}/verify.py {out} --trust {out}/keys/operator.pub")


@command.command(epilog="Example:  tutelage release diff release-1 release-2")
@click.argument("old", type=DIRECTORY)
@click.argument("new", type=DIRECTORY)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def diff(old: Path, new: Path, as_json: bool) -> None:
    """Rows added, removed and changed from one release to another, and the figures beside each other."""
    from tutelage.provenance.release.diff import compare, to_text

    found = compare(old, new)
    if as_json:
        console.emit(found)
    else:
        console.say(to_text(found))


@command.command(epilog="Example:  tutelage release erase demo ana@example.org --reason request")
@click.argument("project", metavar="PROJECT|hall")
@click.argument("contributor")
@click.option("--reason", type=click.Choice(["request", "age", "legal", "error"]), default="request",
              show_default=True, help="Stated in the log, without a name.")  # fmt: skip
@click.option("--data", type=click.Path(file_okay=False, path_type=Path),
              help="With `hall`: the platform's data directory.")  # fmt: skip
@click.option("--yes", is_flag=True, help="Do not ask: it cannot be undone.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def erase(project: str, contributor: str, reason: str, data: Path | None, yes: bool, as_json: bool) -> None:
    """Forget a contributor: key, words, receipts and links. Every release handed out still verifies.

    PROJECT is one on this machine, CONTRIBUTOR the id that its judgments have; or `hall`, and somebody's e-mail
    address there: then in all projects. Gives buyers revocations.json (verify.py --revocations).
    """
    from datetime import UTC, datetime
    from typing import cast

    from tutelage.provenance.erasure import Reason

    if not yes:
        click.confirm(f"Erase {contributor} from {project} for good?", abort=True, err=True)
    why, now = cast("Reason", reason), datetime.now(UTC)
    if project == "hall":
        from tutelage.web import serving

        where = serving.set_up(data)
        from tutelage.web.proof import erasing

        count, told = erasing.erase(erasing.person(contributor), why, now), f"{where}: /log/revocations.json"
    else:
        from tutelage.provenance.release.erase import LIST
        from tutelage.provenance.release.erase import erase as forget
        from tutelage.provenance.release.project import Project

        found = Project.named(project)
        count, told = len(forget(found, contributor, reason=why, now=now).receipts), str(found.root / LIST)
    if as_json:
        console.emit({"project": project, "contributions": count, "revocations": told})
        return
    console.say(f"Erased {contributor} from {project}. Rows that buyers must drop: {told}")


@command.command(epilog="Example:  tutelage release certificate release/ --json")
@click.argument("release", type=DIRECTORY)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def certificate(release: Path, as_json: bool) -> None:
    """Compute a certificate again from its rows: the draw, every figure, every word. Exits 0 if equal, 3 if not.

    RELEASE is a release, or what `tutelage certify --out` wrote. That the rows are the release's own judgments, logged
    after the draw, is what its verify.py checks.
    """
    from tutelage.errors import FAILED
    from tutelage.provenance.certificate import differences, read

    sheet, rows = read(release)
    differs = differences(sheet, rows)
    if as_json:
        console.emit({"equal": not differs, "differs": differs, "certificate": sheet})
    else:
        console.say(f"On the AI judge {sheet.judge}, from {len(rows):,} rows:")
        for target, claim in sheet.claims.items():
            console.say(f"  {target:<10} {claim['claim']}")
        console.say("Equal: the rows give exactly these claims." if not differs else "NOT EQUAL:")
        for one in differs[:12]:
            console.say(f"  {one}")
    raise SystemExit(FAILED if differs else 0)
