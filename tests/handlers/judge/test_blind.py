"""What the rules make of cases that were written apart from them: the figures that a change must not lower."""

import pytest

from handlers.judge.rules import judge
from tests.handlers.judge.blind_cases import GROUPS, SETS, BlindCase, blind_cases
from tests.handlers.judge.judge_table import observed, right

LEAST = {"blind": (54, 56), "blind_again": (57, 57), "blind_third": (58, 56)}
"""The least number of sixty that are right in action, and in priority."""
FLOORS = [(folder, case) for folder in SETS for group in GROUPS for case in blind_cases(group, folder) if case.floor]


@pytest.mark.parametrize("folder", SETS)
def test_most_blind_cases_are_judged_as_people_judge_them(folder: str) -> None:
    cases = [case for group in GROUPS for case in blind_cases(group, folder)]
    assert len(cases) == len({case.name for case in cases}) == 60
    ruled = [(case, judge(observed(case.case))) for case in cases]
    actions = sum(right(case.case, one) for case, one in ruled)
    priorities = sum(case.accepts_priority(one.opinion.priority) for case, one in ruled)
    assert (actions, priorities) >= LEAST[folder]
    assert priorities >= LEAST[folder][1]


@pytest.mark.parametrize(("folder", "case"), FLOORS, ids=[case.name for _, case in FLOORS])
def test_no_hostile_text_lowers_an_operator_matter(folder: str, case: BlindCase) -> None:
    opinion = judge(observed(case.case)).opinion
    assert opinion.recommended_next_action == "operator_needed"
    assert opinion.priority in {"p0", "p1"}
