"""Import and export of the hall: items a second, CPU seconds, peak memory; and pages of a large item list.

python benchmarks/hall_files.py [--items 100000] [--out benchmarks/results/hall_files.json]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Measure on a hall of its own."""
    given = argparse.ArgumentParser()
    given.add_argument("--items", type=int, default=100_000)
    given.add_argument("--out", type=Path)
    asked = given.parse_args()
    os.environ["TUTELAGE_HALL"] = tempfile.mkdtemp(prefix="tutelage-files-")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tutelage.web.settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    found = measured(asked.items)
    found["command"] = f"python benchmarks/hall_files.py --items {asked.items}"
    found["load_1min"], found["cpus"] = os.getloadavg()[0], os.cpu_count()
    if asked.out:
        asked.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found))


def measured(items: int) -> dict[str, float]:
    """items a second, CPU seconds of an export, MiB of memory that it took, milliseconds of a page."""
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
    wall, cpu = time.perf_counter(), time.process_time()
    actions.carry(job.pk)
    import_s, import_cpu = time.perf_counter() - wall, time.process_time() - cpu
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
        "export_s": round(export_s, 2), "export_cpu_s": round(export_cpu, 2), "peak_mib_at_import": peak // 1024,
        "export_grew_mib": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) // 1024,
        "figures_ms": round(1000 * (time.perf_counter() - wall)), **page,
    }  # fmt: skip


if __name__ == "__main__":
    main()
