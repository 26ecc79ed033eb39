"""What a curve is: the sizes that are measured, the figures at each, and how they are drawn."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One figure of each point. `panel` is the label of the axis that it is drawn on; empty: it stands in the table."""

    key: str
    label: str
    unit: str
    panel: str = ""


@dataclass(frozen=True)
class Curve:
    """A cost curve. `measure` gives the figures at one size, by the keys of the columns; `small` sizes are a trial."""

    name: str
    title: str
    about: str
    size: str
    sizes: tuple[int, ...]
    small: tuple[int, ...]
    columns: tuple[Column, ...]
    measure: Callable[[int], Awaitable[dict[str, float]]]
