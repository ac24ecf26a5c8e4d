"""Draws docs/monitoring.png: what each panel of the dashboard has shown in a run of the suite. Matplotlib stands for Grafana.

    MONITORING_FIGURES=/tmp/figures.json make monitoring
    python3 picture.py /tmp/figures.json ../../../manifests/monitoring/dashboard.json ../../../docs/monitoring.png
"""

import json
import re
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402


def legend(template, labels):
    return re.sub(r"{{(\w+)}}", lambda match: labels.get(match.group(1), ""), template).strip() or "all"


def draw(axis, panel, figures, begin):
    unit = panel["fieldConfig"]["defaults"]["unit"]
    drawn = 0
    for target in panel["targets"]:
        for series in figures[target["expr"]] or []:
            points = [(time - begin, float(value)) for time, value in series["values"]]
            if drawn < 12:
                name = re.sub(r"monitored-\w+|steady-(\w+)", lambda m: m.group(0)[:12], legend(target["legendFormat"], series["metric"]))
                axis.plot([x / 60 for x, _ in points], [y for _, y in points], linewidth=1, marker=".", markersize=1.5, label=name[:44])
            drawn += 1
    axis.set_title(panel["title"] + {"s": " (s)", "ops": " (per s)", "bytes": " (bytes)"}.get(unit, ""), fontsize=8, loc="left", fontweight="bold")
    axis.tick_params(labelsize=6)
    axis.grid(alpha=0.25)
    if "min" in panel["fieldConfig"]["defaults"]:
        axis.set_ylim(bottom=0)
    if drawn:
        axis.legend(fontsize=5, loc="upper left", framealpha=0.6)


def main():
    figures, dashboard, picture = sys.argv[1:]
    figures, panels = json.load(open(figures)), json.load(open(dashboard))["panels"]
    times = [time for all_series in figures.values() for series in all_series or [] for time, _ in series["values"]]
    begin, end = min(times), max(times)
    columns = 3
    rows = -(-len(panels) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(15, 2.5 * rows), sharex=True)
    for axis in axes.flat[len(panels):]:
        axis.axis("off")
    for axis, panel in zip(axes.flat, panels):
        draw(axis, panel, figures, begin)
        axis.set_xlim(0, (end - begin) / 60)
    for axis in axes[-1]:
        axis.set_xlabel("minutes", fontsize=6)
    figure.tight_layout()
    figure.savefig(picture, dpi=80, metadata={"Software": None})


main()
