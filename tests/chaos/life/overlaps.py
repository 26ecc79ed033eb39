"""Counts evaluations of one target that overlap, by the logs of processes."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

BEGUN, ENDED = "evaluation.begun", "evaluation.ended"


@dataclass(frozen=True, order=True)
class Evaluation:
    """One evaluation of a target, from its begin to its end."""

    begun: datetime
    ended: datetime


def evaluations(log: Path, died: datetime) -> Iterator[tuple[str, Evaluation]]:
    """Return the evaluations that the log of one process shows. Those without an end ended when the process died."""
    open_since = dict[str, datetime]()
    for line in log.read_text().splitlines():
        try:
            told = json.loads(line)
        except ValueError:  # a process that was killed wrote half a line
            continue
        target, event = told.get("target", ""), told["event"]
        if event == BEGUN:
            open_since[target] = datetime.fromisoformat(told["timestamp"])
        elif event == ENDED:
            yield target, Evaluation(open_since.pop(target), datetime.fromisoformat(told["timestamp"]))
    for target, begun in open_since.items():
        yield target, Evaluation(begun, died)


def overlaps(found: Iterable[tuple[str, Evaluation]]) -> int:
    """Return how many evaluations began before an earlier one of their target had ended."""
    by_target = defaultdict[str, list[Evaluation]](list)
    for target, one in found:
        by_target[target].append(one)
    return sum(later.begun < one.ended for every in by_target.values() for one, later in pairwise(sorted(every)))
