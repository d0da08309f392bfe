"""`tutelage serve`."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import click

from tutelage.cli import console

DATA = click.Path(file_okay=False, path_type=Path)


@click.command(epilog="Example:  tutelage serve --port 8000 --open")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port on loopback.")
@click.option("--data", type=DATA, help="Data directory; default: $TUTELAGE_HALL, else $TUTELAGE_HOME/hall.")
@click.option("--open", "open_browser", is_flag=True, help="Open it in the browser.")
@click.option("--demo", is_flag=True, help="With the sceptic's ten minutes on real votes; prints its link.")
@click.option("--background", is_flag=True, help="Return once it answers; it goes on, logging to DATA/serve.log.")
@click.option("--stop", "stopping", is_flag=True, help="Stop the server of this data directory.")
def command(
    port: int, data: Path | None, open_browser: bool, demo: bool, background: bool, stopping: bool
) -> None:  # fmt: skip
    """Start the platform: the web server and one worker, on loopback.

    The first start makes the data directory and prints a link, good once, by which you become the owner. A newer
    version backs the database up and migrates it. Keep DATA/keys safe and apart.

    The database is SQLite; at scale set TUTELAGE_DATABASE_URL to a PostgreSQL, and run more `tutelage worker`.
    """
    from tutelage.web import serving

    if background and not stopping:
        _in_background(port, data, ["--open"] * open_browser + ["--demo"] * demo)
        return
    hall = serving.set_up(data)
    if stopping:
        pid = serving.stop(hall)
        console.say(f"Stopped process {pid}." if pid else f"No server uses {hall}.")
        return

    def announce(line: str) -> None:
        console.say(line)
        sys.stdout.flush()
        if open_browser and "http://" in line:
            click.launch(line[line.rindex("http://") :].split()[0])

    serving.serve(hall, port, announce, demo=demo)
    console.note("Stopped.")


def _in_background(port: int, data: Path | None, more: list[str]) -> None:
    """Start another process of this command and wait until it answers or has ended."""
    from tutelage.web import installation, serving

    if data is not None:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    hall = data.absolute() if data is not None else installation.hall()
    asked = [sys.executable, "-m", "tutelage", "serve", "--port", str(port), "--data", str(hall)]
    log = hall / "serve.log"
    with log.open("w", encoding="utf-8") as out:
        log.chmod(0o600)
        child = subprocess.Popen(asked + more, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                                 start_new_session=True)  # fmt: skip
    while child.poll() is None:
        told = serving.running(hall)
        if told is not None and told["pid"] == child.pid:
            time.sleep(0.1)  # its last line
            break
        time.sleep(0.1)
    said = log.read_text(encoding="utf-8").rstrip().replace("Ctrl+C stops it", "`tutelage serve --stop` stops it")
    if child.returncode is not None:
        click.echo(said, err=True)
        raise SystemExit(child.returncode or 1)
    console.say(said)
