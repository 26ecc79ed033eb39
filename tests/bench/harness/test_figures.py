"""The figures of the benchmarks."""

import pytest

from tests.bench.harness.figures import at_least, at_most, slope, spread, told, under


def test_a_spread_tells_values_that_were_measured() -> None:
    seen = spread([float(number) for number in range(100, 0, -1)])
    assert (seen.p50, seen.p95, seen.p99, seen.worst, seen.count) == (50.5, 95.0, 99.0, 100.0, 100)


def test_the_end_of_few_values_is_the_worst_of_them() -> None:
    seen = spread([3.0, 1.0, 2.0])
    assert (seen.p50, seen.p95, seen.p99, seen.worst) == (2.0, 3.0, 3.0, 3.0)


def test_a_slope_is_the_growth_for_each_unit_whatever_the_noise() -> None:
    assert slope([(0, 5.0), (10, 25.5), (20, 44.5), (30, 65.0)]) == pytest.approx(2.0, abs=0.02)


def test_rows_know_whether_a_budget_is_kept() -> None:
    rows = [under("a", 5, "ms", 5), at_most("b", 5, "calls", 5), at_least("c", 59.9, "MB/s", 60), told("d", 1, "s")]
    assert [row["ok"] for row in rows] == [False, True, False, True]
    assert [row["budget"] for row in rows] == ["under 5", "at most 5", "at least 60", "none"]
