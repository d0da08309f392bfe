"""Time and memory from 100 000 to 10 000 000 rows: is it linear, and does it stay under 4 GiB?

    python benchmarks/scale.py             # writes benchmarks/results/scale.json and scale.svg; about 2 minutes
    python benchmarks/scale.py --draw      # the picture alone, from the kept results

Each point is a process of its own, one thread, CPU seconds; data are read from a file that another process made. The
slope is that of log CPU over log rows from 1 million to 10 million rows, where fixed costs no longer hide it: 1 is
linear.
"""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
CASES = {
    "ds_ours": "Dawid–Skene, 20 rounds",
    "bt_ours_with_errors": "Bradley–Terry with errors",
    "bt_ours_clustered": "Bradley–Terry, errors by judge",
    "alpha_ours_with_interval": "alpha with its interval",
    "certify_ours_mean": "certificate of the mean, 5k human",
}
DRAWN = {name: label for name, label in CASES.items() if name != "bt_ours_clustered"}  # four marks to tell apart
SIZES = (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
MOST_MB = 4096


def points() -> list[dict]:
    """Every case at every size: three runs, the least CPU of them (the machine's noise only adds)."""
    rows = []
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    with tempfile.TemporaryDirectory() as folder:
        for name in CASES:
            for n in SIZES:
                command = [sys.executable, str(HERE / "measure_peers.py"), "--case", name, "--n", str(n)]
                env = os.environ | one | {"MEASURE_PEERS_DATA": folder}
                runs = [
                    json.loads(subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout)
                    for _ in range(3 if n < 10_000_000 else 1)
                ]
                rows.append(min(runs, key=lambda r: r["cpu_s"]))
                print(json.dumps(rows[-1]), flush=True)
    return rows


def chart(rows: list[dict]) -> str:
    """The curves as one SVG that stands alone, by the report's own drawing."""
    from tutelage.report.blocks import CurveChart, Series
    from tutelage.report.charts import curve_chart, swatch
    from tutelage.report.page import stylesheet

    series = tuple(
        Series(
            label,
            tuple(r["n"] / 1e6 for r in rows if r["case"] == name),
            tuple(r["cpu_s"] for r in rows if r["case"] == name),
            how="CPU seconds, one thread, best of three",
        )
        for name, label in DRAWN.items()
    )
    picture = CurveChart(
        "Time over rows", series, "million rows", "CPU s, one thread"
    )  # linear time is a straight line
    svg = str(curve_chart(picture, 760, "scale"))
    start, end = svg.index(">") + 1, svg.rindex("</svg>")
    height = float(svg.split('viewBox="0 0 760 ')[1].split('"')[0])
    # the key, which a page of the report writes above the picture
    key = "".join(
        f'<g transform="translate({12 + 250 * (i % 3)} {height + 14 + 22 * (i // 3)})">'
        + str(swatch(i)).replace("<svg", '<svg width="34" height="16"', 1)
        + f'<text x="42" y="12">{label}</text></g>'
        for i, label in enumerate(DRAWN.values())
    )
    tall = height + 66
    head = svg[:start].replace(
        f'viewBox="0 0 760 {height:g}"', f'xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 760 {tall:g}"'
    )
    style = f"<style><![CDATA[{stylesheet()} svg{{font:13px sans-serif}}]]></style>"
    return head + style + svg[start:end] + key + "</svg>\n"


def main() -> None:
    results = HERE / "results"
    if "--draw" in sys.argv:
        (results / "scale.svg").write_text(chart(json.loads((results / "scale.json").read_text())["rows"]))
        return
    rows = points()
    found = {}
    for name in CASES:
        cpu = {r["n"]: r["cpu_s"] for r in rows if r["case"] == name}
        found[name] = {
            "slope_1M_to_10M": round(math.log10(cpu[SIZES[-1]] / cpu[1_000_000]), 3),
            "cpu_s_at_10M": cpu[SIZES[-1]],
            "peak_mb_at_10M": next(r["peak_mb"] for r in rows if (r["case"], r["n"]) == (name, SIZES[-1])),
        }
    conditions = {"python": platform.python_version(), "threads": 1, "cores": os.cpu_count()}
    out = {"command": "python benchmarks/scale.py", "conditions": conditions, "most_mb": MOST_MB, "shows": found}
    (results / "scale.json").write_text(json.dumps(out | {"rows": rows}, indent=1) + "\n")
    (results / "scale.svg").write_text(chart(rows))
    print(json.dumps(found, indent=1))
    if any(f["peak_mb_at_10M"] > MOST_MB for f in found.values()):
        sys.exit("10 million rows need more than 4 GiB")


if __name__ == "__main__":
    main()
