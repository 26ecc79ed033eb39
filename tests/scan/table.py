"""Recall and false alarms by family, of both sets: `python -m tests.scan.table`."""

import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from bot.scan.scanner import Scanner
from tests.scan import corpus
from tests.scan.compiled import scanner


@dataclass
class Row:
    found: int = 0
    planted: int = 0
    alarms: int = 0
    clean: int = 0

    @property
    def recall(self) -> float:
        return self.found / self.planted if self.planted else 1.0

    @property
    def false(self) -> float:
        return self.alarms / self.clean if self.clean else 0.0


def is_found(scan: Scanner, case: corpus.Case) -> bool:
    if case.secret is None:
        return bool(scan.scan(case.text).hits)
    start, end = case.secret
    return any(hit.start < end and start < hit.end for hit in scan.scan(case.text).hits)


def measured(scan: Scanner, cases: Iterable[corpus.Case]) -> dict[str, Row]:
    """Rows by family, and their sum under "total"."""
    rows: dict[str, Row] = defaultdict(Row)
    for case in cases:
        hit = is_found(scan, case)
        for row in (rows[case.family], rows["total"]):
            if case.secret is None:
                row.clean += 1
                row.alarms += hit
            else:
                row.planted += 1
                row.found += hit
    return rows


def table(title: str, rows: dict[str, Row]) -> str:
    lines = [f"{title:<34}{'found':>12}{'recall':>9}{'alarms':>14}{'false':>9}"]
    for family, row in sorted(rows.items(), key=lambda item: (item[0] == "total", item[1].planted == 0, item[0])):
        found = f"{row.found}/{row.planted}" if row.planted else ""
        alarms = f"{row.alarms}/{row.clean}" if row.clean else ""
        recall = f"{row.recall:.1%}" if row.planted else ""
        false = f"{row.false:.1%}" if row.clean else ""
        lines.append(f"{family:<34}{found:>12}{recall:>9}{alarms:>14}{false:>9}")
    return "\n".join(lines)


def first_set() -> Iterable[corpus.Case]:
    return [*corpus.positives(), *corpus.negatives()]


def second_set() -> Iterable[corpus.Case]:
    return [*corpus.held_out(), *corpus.held_out_negatives()]


if __name__ == "__main__":
    made = scanner()
    sys.stdout.write(table("first set", measured(made, first_set())) + "\n\n")
    sys.stdout.write(table("second set, other contexts", measured(made, second_set())) + "\n")
