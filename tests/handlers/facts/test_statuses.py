"""What a status is worth to the merge classification: its author's word, and a description that speaks of skipping."""

from typing import Any

import pytest

from bot.model import StatusSeen
from handlers.merge.facts import Facts
from handlers.merge.reasons import held
from tests.handlers.guards.guarding import clean, status
from tests.snapshots import AGENT, TOOLS, WRITER

CONTEXT = "ci / test"


def reasons(seen: StatusSeen, **change: Any) -> dict[str, str]:
    facts = Facts(clean(statuses=(seen,), **change), TOOLS.labels)
    return {one.reason.name: one.says for one in held(facts)}


@pytest.mark.parametrize("required", [(CONTEXT,), ()])
@pytest.mark.parametrize(("creator", "counts"), [("", True), (WRITER, True), (AGENT, False), ("Dawid", False)])
def test_a_success_that_somebody_reports_of_his_own_work_is_none(
    creator: str, required: tuple[str, ...], *, counts: bool
) -> None:
    own = status(CONTEXT).model_copy(update={"creator": creator})
    told = reasons(own, required=required, author="dawid").get("missing-checks", "")
    assert (told == "") is counts
    assert counts or f"{CONTEXT} by {creator}" in told


@pytest.mark.parametrize(
    ("state", "description", "reason"),
    [
        ("success", "3 passed, 2 skipped", None),
        ("success", "Has been skipped", "missing-checks"),
        ("failure", "1 failed, 2 skipped", "failing-checks"),
    ],
)
def test_a_job_that_speaks_of_skipped_tests_has_run(state: str, description: str, reason: str | None) -> None:
    found = reasons(status(CONTEXT, state, description), required=(CONTEXT,))
    assert list(found) == ([reason] if reason else [])
