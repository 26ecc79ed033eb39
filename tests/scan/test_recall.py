"""The totals of both generated sets; `python -m tests.scan.table` prints them by family."""

from bot.scan.scanner import Scanner
from tests.scan import corpus, table
from tests.scan.contexts import NAMED


def test_the_first_set_has_a_hundred_contexts() -> None:
    placed = {place for family in corpus.PLACED_FAMILIES for place in family.places}
    assert len({*NAMED, *placed}) >= 100


def test_first_set_reaches_its_totals(scanner: Scanner) -> None:
    rows = table.measured(scanner, table.first_set())
    total = rows["total"]
    assert (total.recall >= 0.97, total.false <= 0.01) == (True, True), table.table("first set", rows)


def test_no_family_of_the_first_set_is_left_behind(scanner: Scanner) -> None:
    rows = table.measured(scanner, corpus.positives())
    assert {family: row.recall for family, row in rows.items() if row.recall < 0.9} == {}


def test_other_seeds_give_the_same_picture(scanner: Scanner) -> None:
    total = table.measured(scanner, [*corpus.positives(101), *corpus.negatives(103)])["total"]
    assert total.recall >= 0.97
    assert total.false <= 0.01


def test_second_set_stays_close(scanner: Scanner) -> None:
    rows = table.measured(scanner, table.second_set())
    total = rows["total"]
    assert (total.recall >= 0.95, total.false <= 0.02) == (True, True), table.table("second set", rows)
