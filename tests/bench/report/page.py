"""The page: budgets met or missed and what bounds those that are missed, the curves, and the day of traffic."""

import argparse
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.bench.curves.__main__ import CURVES
from tests.bench.curves.curve import Curve
from tests.bench.harness.figures import verdict
from tests.bench.harness.machine import ROOT
from tests.bench.report.plot import draw

PAGE = ROOT / "docs" / "performance.md"
FOLDER = ROOT / "docs" / "performance"
GROUPS = {
    "budgets": ("Budgets", "What each part has to keep."),
    "load": ("Steady load", "Deliveries at a steady rate on 200 targets, with pushes to one pull request meanwhile."),
    "scale": ("Many repositories", "1,000 repositories with 100,000 targets, at 20 ms a call."),
}
"""Results that consist of rows: their title, and what they are about."""

DAY = {
    "memory": "resident memory (MB)",
    "descriptors": "open files and sockets",
    "database": "database (MB)",
    "acknowledged_p50": "acknowledgement, p50 (ms)",
    "acknowledged_p99": "acknowledgement, p99 (ms)",
    "hot_p50": "push to status, p50 (s)",
}
BUSY = "Other programs kept the machine busy meanwhile: counts and ratios hold, times and speeds do not."
HEAD = """\
# Performance

This page shows what was measured, with the machine, the date and the command of each measurement. It is generated from
the results in `docs/performance/` by `python -m tests.bench report`; to change it, measure again. Times depend on the
machine; ratios of two programs were measured in turns on the same machine, so that other load falls on both.

`make bench` measures the budgets, `make bench-scale` the curves. Each runs the real `assay serve` with the sandbox, a
stand-in for Forgejo, in a process of its own.
"""


def main(words: Sequence[str]) -> int:
    """Writes the page and its pictures."""
    argparse.ArgumentParser(prog="python -m tests.bench report", description=main.__doc__).parse_args(words)
    found = results(FOLDER)
    for name in CURVES:
        if name in found:
            draw(CURVES[name], found[name], FOLDER / f"{name}.svg")
    PAGE.write_text(page(found, bounds(FOLDER)), encoding="utf-8")
    Console().print(f"wrote {PAGE.relative_to(ROOT)} from {', '.join(sorted(found))}")
    return 0


def results(folder: Path) -> dict[str, Any]:
    """The results that there are, by name."""
    names = (*GROUPS, *CURVES, "day")
    return {name: json.loads((folder / f"{name}.json").read_text()) for name in names if _file(folder, name).exists()}


def bounds(folder: Path) -> list[tuple[str, str]]:
    """What bounds rows that miss their budget: a regular expression of their names, and the explanation."""
    return [(one["row"], one["why"]) for one in json.loads(_file(folder, "bounds").read_text())]


def unexplained(found: Mapping[str, Any], known: Sequence[tuple[str, str]]) -> list[str]:
    """The rows that miss their budget on a quiet machine, and nothing says what bounds them."""
    quiet = {name: result for name, result in found.items() if name in GROUPS and not is_busy(result)}
    return [row["name"] for row in _missed(quiet) if not _why(row["name"], known)]


def page(found: Mapping[str, Any], known: Sequence[tuple[str, str]]) -> str:
    """The page's text."""
    parts = [HEAD]
    for name, (title, about) in GROUPS.items():
        if name in found:
            parts.append(f"## {title}\n\n{about}\n\n{_measured(found[name])}\n\n{_groups(found[name])}\n")
    missed = [(row, _why(row["name"], known)) for row in _missed(found)]
    if missed:
        lines = [
            f"- {_text(row['name'])}: {row['value']:,.4g} {row['unit']}".rstrip() + f". {why}".rstrip()
            for row, why in missed
        ]
        parts.append("## Missed budgets\n\n" + "\n".join(lines) + "\n")
    parts += [_curve(curve, found[name]) for name, curve in CURVES.items() if name in found]
    if "day" in found:
        parts.append(_day(found["day"]))
    return "\n".join(parts)


def is_busy(result: Mapping[str, Any]) -> bool:
    """Whether other programs took the processor while it was measured."""
    return bool(result["machine"]["load"] > result["machine"]["cores"])


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"


def _missed(found: Mapping[str, Any]) -> Iterator[Any]:
    groups = (group for name in GROUPS if name in found for group in found[name]["groups"])
    return (row for group in groups for row in group["rows"] if verdict(row) == "missed")


def _why(name: str, known: Sequence[tuple[str, str]]) -> str:
    return next((why for pattern, why in known if re.search(pattern, name)), "")


def _measured(result: Mapping[str, Any]) -> str:
    machine = result["machine"]
    busy = f" **{BUSY}**" if is_busy(result) else ""
    return (
        f"Measured on {machine['date']} by `{machine['command']}`: {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB, {machine['system']}, Python {machine['python']}, SQLite {machine['sqlite']}, "
        f"git {machine['git']}; commit `{machine['commit']}`; load {machine['load']} before it.{busy}"
    )


def _groups(result: Mapping[str, Any]) -> str:
    rows = [
        f"| {_text(row['name'])} | {row['value']:,.4g} {row['unit']} | {_budget(row)} | {_marked(verdict(row))} |"
        for group in result["groups"]
        for row in group["rows"]
    ]
    return _table(("what", "measured", "budget", ""), rows)


def _budget(row: Mapping[str, Any]) -> str:
    return "" if row["budget"] == "none" else str(row["budget"])


def _marked(word: str) -> str:
    return "**missed**" if word == "missed" else word


def _curve(curve: Curve, result: Mapping[str, Any]) -> str:
    heads = (curve.size, *(f"{column.label} ({column.unit})" for column in curve.columns))
    rows = [
        f"| {point['size']:,} | " + " | ".join(f"{point[column.key]:,.3g}" for column in curve.columns) + " |"
        for point in result["points"]
    ]
    picture = f"![{curve.title}: {', '.join(column.label for column in curve.columns)}](performance/{curve.name}.svg)"
    measured = _measured(result)
    return f"## {curve.title}\n\n{curve.about}\n\n{measured}\n\n{_table(heads, rows)}\n\n{picture}\n"


def _day(result: Mapping[str, Any]) -> str:
    first, last = result["samples"][0], result["samples"][-1]
    rows = [
        f"| {label} | {first[key]:,.4g} | {last[key]:,.4g} | {result['slopes'].get(key, 0.0):+,.3g} |"
        for key, label in DAY.items()
    ]
    about = (
        f"{last['deliveries']:,.0f} deliveries in {last['seconds'] / 60:,.0f} minutes, {last['evaluations']:,.0f} "
        "evaluations: pull requests and issues are opened, commented on, pushed to and closed. Start and end are the "
        "first and the last sample; the growth is the slope by least squares over the second half."
    )
    measured = _measured(result)
    heads = ("figure", "start", "end", "growth with 10,000 deliveries")
    return f"## A day of traffic\n\n{about}\n\n{measured}\n\n{_table(heads, rows)}\n"


def _table(heads: Sequence[str], rows: Sequence[str]) -> str:
    return "\n".join([f"| {' | '.join(heads)} |", f"| {' | '.join('---' for _ in heads)} |", *rows])


def _text(name: str) -> str:
    return name.replace("|", "\\|")
