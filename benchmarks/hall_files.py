"""Import and export of the hall: items a second, CPU seconds, peak memory; and pages of a large item list.

python benchmarks/hall_files.py [--items 100000] [--database sqlite|postgres] [--write]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hall_server import cpu_s, postgres

sys.path.append(str(Path(__file__).parents[1]))  # the tests' way to fill a hall
RESULTS = Path(__file__).parent / "results" / "hall_files.json"


def main() -> None:
    """Measure on a hall of its own; a database's results stand beside the other's."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--items", type=int, default=100_000)
    given.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    given.add_argument("--write", action="store_true", help="into benchmarks/results/hall_files.json")
    asked = given.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "tutelage.web.settings"
    with tempfile.TemporaryDirectory(prefix="tutelage-files-") as room, contextlib.ExitStack() as held:
        os.environ["TUTELAGE_HALL"] = str(Path(room) / "hall")
        url, server = held.enter_context(postgres(Path(room))) if asked.database == "postgres" else (None, None)
        if url:
            os.environ["TUTELAGE_DATABASE_URL"] = url
        found = prepared(asked.items, server)
    found["command"] = f"python benchmarks/hall_files.py --items {asked.items} --database {asked.database}"
    found["load_1min"], found["cpus"] = os.getloadavg()[0], os.cpu_count()
    if asked.write:
        known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        RESULTS.write_text(json.dumps({**known, asked.database: found}, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found))


def prepared(items: int, server: int | None) -> dict[str, Any]:
    """Tables first, then the measurement; everything is closed before the database goes."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    try:
        return measured(items, server)
    finally:
        connections.close_all()


def measured(items: int, server: int | None) -> dict[str, Any]:
    """Items a second, processor seconds (of PostgreSQL, where it is `server`), MiB, milliseconds of a page."""
    from django.utils import timezone
    from tests.web.halls import a_hall

    from tutelage.web.runs import actions, queries
    from tutelage.web.runs.queries import Asked

    hall = a_hall(items=0)
    text = "What should be done first, and why? " * 3
    rows = (json.dumps({"prompt": f"{text}{n}", "response_a": f"Rest. {n}", "response_b": f"Call. {n}",
                        "item_id": f"case-{n}", "domain": f"d{n % 7}"}).encode() + b"\n"
            for n in range(items))  # fmt: skip
    said = {"format": "", "columns": [], "answers": "none"}
    job = actions.prepare_import(hall.owner, hall.project, "q.jsonl", rows, said, timezone.now())
    job = actions.start(hall.owner, job, timezone.now())
    wall, cpu, beside = time.perf_counter(), time.process_time(), cpu_s(server) if server else 0.0
    actions.carry(job.pk)
    import_s, import_cpu = time.perf_counter() - wall, time.process_time() - cpu
    served = round(cpu_s(server) - beside, 2) if server else None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    job = actions.start_export(hall.owner, hall.project, "judgments", "jsonl", timezone.now())
    wall, cpu = time.perf_counter(), time.process_time()
    actions.carry(job.pk)
    export_s, export_cpu = time.perf_counter() - wall, time.process_time() - cpu
    page = {}
    asks = {"all": Asked(), "settled": Asked("settled"), "open": Asked("open"), "gold": Asked("gold"),
            "domain": Asked(domain="d3"), "name": Asked(name="case-99"), "disputed": Asked("disputed"),
            "deep": Asked(after=f"{items - 60}-1")}  # fmt: skip
    for name, asked in asks.items():
        wall = time.perf_counter()
        queries.page(hall.project, asked)
        page[f"page_{name}_ms"] = round(1000 * (time.perf_counter() - wall), 2)
    wall = time.perf_counter()
    actions.measure(hall.project, timezone.now())
    return {
        "items": items, "import_per_s": round(items / import_s), "import_cpu_s": round(import_cpu, 2),
        "import_database_cpu_s": served,
        "export_s": round(export_s, 2), "export_cpu_s": round(export_cpu, 2), "peak_mib_at_import": peak // 1024,
        "export_grew_mib": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) // 1024,
        "figures_ms": round(1000 * (time.perf_counter() - wall)), **page,
    }  # fmt: skip


if __name__ == "__main__":
    main()
