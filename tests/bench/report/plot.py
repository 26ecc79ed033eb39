"""Curves as SVG: both axes logarithmic, one panel for each unit. The same result gives the same bytes."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench.curves.curve import Column, Curve

SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "assay",
    "svg.fonttype": "none",
    "font.size": 9.0,
    "font.family": "sans-serif",
}
WIDTH, HEIGHT = 3.6, 2.8
MARKERS = "osD^v"


def digest(result: Mapping[str, Any]) -> str:
    """Identifies what a picture shows; it stands in the picture."""
    return hashlib.sha256(json.dumps(result["points"], sort_keys=True).encode()).hexdigest()[:16]


def draw(curve: Curve, result: Mapping[str, Any], file: Path) -> None:
    """Write the picture of a curve."""
    import matplotlib as mpl  # noqa: PLC0415 - takes a second, and only pictures need it
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above
    from matplotlib.ticker import EngFormatter, FuncFormatter, LogFormatter  # noqa: PLC0415 - as above

    panels = list(dict.fromkeys(column.panel for column in curve.columns if column.panel))
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(WIDTH * len(panels), HEIGHT), layout="constrained")
        figure.patch.set_facecolor("white")  # a page may be dark
        for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            _panel(axes, curve.size, panel, [one for one in curve.columns if one.panel == panel], result["points"])
            axes.xaxis.set_major_formatter(EngFormatter(places=0, sep=""))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
            axes.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(1.5, 0.5)))
        metadata = {"Date": None, "Creator": None, "Title": curve.title, "Description": f"data {digest(result)}"}
        figure.savefig(file, format="svg", metadata=metadata)
    # matplotlib ends some lines with a blank
    file.write_text("".join(f"{line.rstrip()}\n" for line in file.read_text("utf-8").splitlines()), encoding="utf-8")


def _panel(axes: Any, size: str, panel: str, columns: Sequence[Column], points: Sequence[Mapping[str, float]]) -> None:
    for column, marker in zip(columns, MARKERS, strict=False):
        seen = [(point["size"], point[column.key]) for point in points if point[column.key] > 0]
        axes.plot([x for x, _ in seen], [y for _, y in seen], marker=marker, markersize=4, label=column.label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(size)
    axes.set_ylabel(panel)
    axes.grid(visible=True, which="major", linewidth=0.4)
    axes.legend(fontsize=7)
