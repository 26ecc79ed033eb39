"""The page of performance: current with its results, and what it says of missed budgets."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.bench.curves.__main__ import CURVES
from tests.bench.report.page import BUSY, FOLDER, PAGE, bounds, page, results, unexplained
from tests.bench.report.plot import digest, draw

MACHINE = {
    "date": "2026-05-01 10:00 UTC",
    "command": "python -m tests.bench",
    "processor": "Example 9000",
    "cores": 2,
    "memory_gib": 24,
    "system": "Linux 6.1",
    "python": "3.11.7",
    "sqlite": "3.45.0",
    "git": "2.45.0",
    "commit": "0123456789ab",
    "load": 0.2,
}


def budgets(*, ok: bool) -> dict[str, Any]:
    row = {"name": "scan of 5 KB", "value": 7.25, "unit": "ms", "budget": "under 5", "ok": ok}
    info = {"name": "the bot against X", "value": 1.5, "unit": "times", "budget": "none", "ok": True}
    return {"machine": MACHINE, "groups": [{"name": "scan", "seconds": 1.0, "load": 0.2, "rows": [row, info]}]}


def curve(name: str) -> dict[str, Any]:
    sizes = CURVES[name].sizes
    points = [{"size": size, **{one.key: 1.0 + size / 7 for one in CURVES[name].columns}} for size in sizes]
    return {"machine": MACHINE, "name": name, "seconds": 9.0, "sizes": sizes, "points": points}


def test_the_page_is_current_with_its_results() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(results(FOLDER), bounds(FOLDER)), "run python -m tests.bench report"


def test_the_pictures_are_current_with_their_results() -> None:
    found = results(FOLDER)
    stale = [
        name
        for name in CURVES.keys() & found.keys()
        if f"data {digest(found[name])}" not in (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    ]
    assert stale == [], "run python -m tests.bench report"


def test_every_missed_budget_is_explained() -> None:
    assert unexplained(results(FOLDER), bounds(FOLDER)) == [], "say what bounds it in docs/performance/bounds.json"


def test_a_missed_budget_is_told_with_what_bounds_it() -> None:
    found, known = {"budgets": budgets(ok=False)}, [("^scan of 5", "The regular expressions take it.")]
    text = page(found, known)
    assert "| scan of 5 KB | 7.25 ms | under 5 | **missed** |" in text
    assert "- scan of 5 KB: 7.25 ms. The regular expressions take it." in text
    assert unexplained(found, known) == []
    assert unexplained(found, []) == ["scan of 5 KB"]


def test_a_met_budget_needs_no_explanation_and_a_row_without_one_has_no_verdict() -> None:
    text = page({"budgets": budgets(ok=True)}, [])
    assert "| scan of 5 KB | 7.25 ms | under 5 | met |" in text
    assert "| the bot against X | 1.5 times |  |  |" in text
    assert "Missed budgets" not in text


def test_a_result_of_a_busy_machine_says_so_and_explains_nothing() -> None:
    busy = copy.deepcopy(budgets(ok=False))
    busy["machine"]["load"] = 9.5
    assert BUSY in page({"budgets": busy}, [])
    assert BUSY not in page({"budgets": budgets(ok=False)}, [])
    assert unexplained({"budgets": busy}, []) == []


def test_each_curve_has_its_table_and_its_picture() -> None:
    text = page({name: curve(name) for name in CURVES}, [])
    for name, one in CURVES.items():
        assert f"](performance/{name}.svg)" in text
        assert f"| {one.sizes[-1]:,} | " in text


def test_the_figures_of_a_day_are_told_with_their_growth() -> None:
    sample = {
        "seconds": 60.0,
        "deliveries": 100.0,
        "evaluations": 9.0,
        "memory": 150.0,
        "descriptors": 40,
        "database": 1.5,
        "acknowledged_p50": 1.0,
        "acknowledged_p99": 9.0,
        "hot_p50": 0.2,
    }
    end = {**sample, "deliveries": 200_000.0, "seconds": 3600.0, "memory": 160.0}
    day = {"machine": MACHINE, "name": "day", "seconds": 3600, "samples": [sample, end], "slopes": {"memory": 0.51}}
    text = page({"day": day}, [])
    assert "200,000 deliveries in 60 minutes" in text
    assert "| resident memory (MB) | 150 | 160 | +0.51 |" in text


@pytest.mark.long
def test_the_same_result_gives_the_same_picture_and_another_one_another(tmp_path: Path) -> None:
    seen = []
    for number in range(3):
        result = curve("diff")
        if number == 2:
            result["points"][0]["seconds"] = 77.0
        file = tmp_path / f"{number}.svg"
        draw(CURVES["diff"], result, file)
        seen.append(file.read_text())
    assert seen[0] == seen[1] != seen[2]
    assert f"data {digest(curve('diff'))}" in seen[0]
    assert "<dc:date>" not in seen[0]
    assert "event to last write" in seen[0]  # texts stay texts


def test_the_results_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in FOLDER.iterdir()}
    assert all(size < 100_000 for size in sizes.values()), sizes
    for path in FOLDER.glob("*.json"):
        json.loads(path.read_text())
