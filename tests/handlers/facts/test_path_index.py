"""Names asked in bulk: the same answers as one by one, within a budget."""

from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.facts.path_index import MAX_LETTERS, Budget, PathIndex
from handlers.facts.patterns import chosen
from tests.handlers.facts.test_patterns import PATH, PATTERN

PATTERNS = st.lists(st.builds(lambda no, text: no + text, st.sampled_from(["", "", "!"]), PATTERN), max_size=6)


@settings(max_examples=500)
@given(PATTERNS, st.lists(PATH, max_size=6))
def test_what_is_chosen_in_bulk_is_what_is_chosen_one_by_one(patterns: list[str], paths: list[str]) -> None:
    index = PathIndex(paths)
    one_by_one = {path: chosen(patterns, path) for path in paths}
    assert index.chosen(patterns) == {path: pattern for path, pattern in one_by_one.items() if pattern}
    assert list(index.chosen(patterns)) == [path for path, pattern in one_by_one.items() if pattern]
    assert index.answered


@given(PATTERNS, st.lists(PATH, max_size=6), st.integers(0, 200))
def test_a_short_budget_leaves_names_out_and_says_so(patterns: list[str], paths: list[str], steps: int) -> None:
    index, whole = PathIndex(paths, Budget(steps)), PathIndex(paths)
    assert index.chosen(patterns) == whole.chosen(patterns) or not index.answered


def test_names_over_the_limit_are_not_asked_and_that_is_said() -> None:
    names = [f"{'a' * 99}{number % 10}/{number}" for number in range(MAX_LETTERS // 100)]
    index = PathIndex(names)
    assert (index.whole, index.answered) == (False, False)
    assert 0 < len(index.chosen(["*"])) < len(names)
