"""The timeline of a soak: every state on its way, what is reached, what is taken back, and within its columns."""

import pytest
from hypothesis import given

from handlers.soak.payload import ORDER, Next, StateName, Transition
from handlers.soak.timeline import BLOCKED, CURRENT, REACHED, TO_COME, WIDTH, timeline
from tests.handlers.soak.soak_states import NAMES, at, state
from tests.rendered import blocks
from tests.text.test_escape import hostile


def marks(drawn: str) -> dict[str, str]:
    """The mark of each state."""
    return {line.split()[1]: line[0] for line in drawn.splitlines()}


@pytest.mark.parametrize("name", ORDER)
def test_what_is_reached_stands_before_and_what_is_to_come_behind(name: StateName) -> None:
    place = ORDER.index(name)
    wanted = [REACHED] * place + [CURRENT] + [TO_COME] * (len(ORDER) - place - 1)
    drawn = timeline(state(name))
    assert marks(drawn) == dict(zip(ORDER, wanted, strict=True))
    assert all(len(line) <= WIDTH for line in drawn.splitlines())


def test_it_says_when_by_which_comment_and_why() -> None:
    lines = timeline(state("threshold-met")).splitlines()
    assert lines[2:5] == [
        "● soaking            2026-05-14 07:44  comment 6: the first run counts: #729",
        "◉ threshold-met      2026-05-14 07:55  comment 7: 3 of 3 runs count",
        "○ audited                              not before 2026-05-21 07:42 UTC",
    ]


def test_a_blocked_soak_stands_where_it_stood() -> None:
    lines = timeline(state("blocked")).splitlines()
    assert [line[0] for line in lines] == [REACHED] * 4 + [BLOCKED] + [TO_COME] * 5
    assert lines[4] == "✖ blocked            2026-05-17 06:30  comment 9: run #741: step health ended…"


def test_a_soak_that_is_blocked_before_anything_counts_is_drawn_too() -> None:
    drawn = timeline(state("blocked", transitions=(), since=at(14), why="it failed"))
    assert drawn.splitlines()[:2] == ["● not-started", "✖ blocked            2026-05-14 08:00  it failed"]


def test_what_was_taken_back_says_that_it_was_there() -> None:
    way = (*state("threshold-met").transitions, Transition(to="installed", at=at(16), why="restarted", comment=8))
    again = (*way, Transition(to="soaking", at=at(17, 9), why="the first run counts: #750", comment=9))
    lines = timeline(state("soaking", transitions=again)).splitlines()
    assert lines[1:4] == [
        "● installed          2026-05-16 08:00  comment 8: restarted",
        "◉ soaking            2026-05-17 09:00  comment 9: the first run counts: #750",
        "○ threshold-met                        reached 2026-05-14, then reverted",
    ]


def test_states_that_nobody_asks_for_are_left_out() -> None:
    criteria = tuple(one for one in state().criteria if one.state not in {"approved", "closed"})
    drawn = timeline(state("audited", gate=None, criteria=criteria, follow_up=state().follow_up[:1]))
    assert list(marks(drawn)) == ["not-started", "installed", "soaking", "threshold-met", "audited", "removed"]


@given(hostile)
def test_no_text_ends_the_block_or_names_anybody(text: str) -> None:
    for name in NAMES:
        made = state(name, why=text, next=Next(who=text, what=text))
        made = made.model_copy(
            update={"transitions": tuple(one.model_copy(update={"why": text}) for one in made.transitions)}
        )
        drawn = timeline(made)
        assert blocks(f"```text\n{drawn}\n```") == ["fence"]
        assert all(len(line) <= WIDTH for line in drawn.split("\n"))
        assert len(drawn.split("\n")) == len(timeline(state(name)).split("\n"))
        assert not {"<", "`", "@"} & set(drawn)
