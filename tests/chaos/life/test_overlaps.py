"""The recorder of evaluations that overlap."""

import json
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.life.overlaps import BEGUN, ENDED, evaluations, overlaps


def at(second: int) -> datetime:
    return datetime(2026, 12, 1, 11, 0, second, tzinfo=UTC)


def log(path: Path, *lines: tuple[int, str, str]) -> Path:
    told = [
        json.dumps({"timestamp": at(second).isoformat(), "event": event, "target": one}) for second, event, one in lines
    ]
    path.write_text("\n".join([*told, '{"event": "evalu']))
    return path


def test_evaluations_of_one_target_in_two_processes_that_overlap_are_counted(tmp_path: Path) -> None:
    first = log(tmp_path / "1", (1, BEGUN, "a!1"), (2, BEGUN, "a!2"), (4, ENDED, "a!1"), (5, ENDED, "a!2"))
    second = log(tmp_path / "2", (3, BEGUN, "a!1"), (6, ENDED, "a!1"), (7, BEGUN, "a!2"), (8, ENDED, "a!2"))
    assert overlaps([*evaluations(first, at(9)), *evaluations(second, at(9))]) == 1


def test_an_evaluation_lasts_until_its_process_is_dead(tmp_path: Path) -> None:
    first, second = log(tmp_path / "1", (1, BEGUN, "a!1")), log(tmp_path / "2", (3, BEGUN, "a!1"), (6, ENDED, "a!1"))
    assert overlaps([*evaluations(first, at(2)), *evaluations(second, at(9))]) == 0
    assert overlaps([*evaluations(first, at(4)), *evaluations(second, at(9))]) == 1
