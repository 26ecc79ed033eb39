"""Figures: rows with a budget, percentiles, and slopes."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypedDict


class Row(TypedDict):
    """One measured figure and whether it is within its budget."""

    name: str
    value: float
    unit: str
    budget: str
    ok: bool


def under(name: str, value: float, unit: str, most: float) -> Row:
    """A row whose value has to be below a limit."""
    return Row(name=name, value=value, unit=unit, budget=f"under {most:g}", ok=value < most)


def at_most(name: str, value: float, unit: str, most: float) -> Row:
    """A row whose value may reach a limit."""
    return Row(name=name, value=value, unit=unit, budget=f"at most {most:g}", ok=value <= most)


def at_least(name: str, value: float, unit: str, least: float) -> Row:
    """A row whose value has to reach a limit."""
    return Row(name=name, value=value, unit=unit, budget=f"at least {least:g}", ok=value >= least)


def told(name: str, value: float, unit: str) -> Row:
    """A row for information, without a budget."""
    return Row(name=name, value=value, unit=unit, budget="none", ok=True)


def verdict(row: Row) -> str:
    """Whether a row keeps its budget, in one word; nothing where it has none."""
    if row["budget"] == "none":
        return ""
    return "met" if row["ok"] else "missed"


@dataclass(frozen=True)
class Spread:
    """The middle and the end of a distribution, in the unit of its values."""

    p50: float
    p95: float
    p99: float
    worst: float
    count: int

    def json(self) -> dict[str, Any]:
        """The figures as JSON, rounded."""
        return {key: round(value, 5) for key, value in asdict(self).items()}


def spread(values: Sequence[float]) -> Spread:
    """The percentiles of one or more values: the smallest that at least so many percent do not exceed."""
    ordered = sorted(values)
    last = len(ordered) - 1

    def rank(percent: float) -> float:
        return ordered[min(last, -int(-len(ordered) * percent // 100) - 1)]

    return Spread(statistics.median(ordered), rank(95), rank(99), ordered[last], len(ordered))


def slope(points: Sequence[tuple[float, float]]) -> float:
    """By how much y grows with each unit of x, by least squares. Needs two different x."""
    xs, ys = zip(*points, strict=True)
    return statistics.linear_regression(xs, ys).slope
