"""The picture of a soak: well-formed, readable to who sees nothing, without anything that runs or leads elsewhere."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulate.svg import SPACE, drawn
from bot.simulate.timeline import ORDER, points, steps
from handlers.soak.payload import ORDER as WAY
from handlers.soak.payload import Transition
from tests.handlers.soak.soak_states import NAMES, at, many, state
from tests.text.test_escape import hostile

TAGS = {"svg", "title", "desc", "style", "rect", "line", "circle", "path", "text"}
SAFE = {"id", "style", "class", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "d", "width", "height"}
SAFE |= {"viewBox", "role", "aria-labelledby"}


def read(picture: str) -> ET.Element:
    """The picture, held against what may be in one."""
    root = ET.fromstring(picture)  # noqa: S314 - what is read was drawn here
    names = {element.tag.removeprefix(f"{{{SPACE}}}") for element in root.iter()}
    assert names <= TAGS
    assert {name for element in root.iter() for name in element.attrib} <= SAFE
    assert picture.count("http") == picture.count(SPACE) == 1
    assert "url(" not in picture
    assert "@import" not in picture
    return root


def texts(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{{{SPACE}}}text")]


def kinds(root: ET.Element) -> list[str]:
    """The classes of what is drawn with a title of its own, above the axis and in the legend."""
    return [element.attrib.get("class", "") for element in root.iter() if element.find(f"{{{SPACE}}}title") is not None]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_picture_with_a_title_and_a_description(name: Any) -> None:
    root = read(drawn(state(name).content()))
    assert root.attrib["aria-labelledby"] == "soak-title soak-desc"
    title, description = root[0], root[1]
    assert title.text == f"Soak deploy-runner-token: {name}"
    assert str(description.text).startswith(f"State {name}: ")
    assert name in texts(root)


def test_what_happened_stands_on_the_axis_of_days() -> None:
    root = read(drawn(state("closed").content()))
    legend = 1
    for kind, count in (("smoke", 3), ("install", 1), ("audit", 1), ("phrase", 1), ("removal", 1)):
        assert kinds(root).count(kind) == count + legend, kind
    assert kinds(root).count("smoke not") == 1
    assert {"14 May", "17 May", "23 May"} <= set(texts(root))


def test_each_mark_says_in_words_what_it_is() -> None:
    told = [one.words for one in points(state("closed").content())]
    assert told[0] == "2026-05-14 07:40 UTC: install: counts as the installation"
    assert told[2] == "2026-05-14 07:44 UTC: smoke of matrix-well-known, run 729: run #729 counts as 1 of 3"
    assert told[-2] == "2026-05-24 16:40 UTC: operator wrote w4a-remove-direct-pat-approved"


def test_the_states_stand_in_their_order_with_their_marks() -> None:
    assert ORDER == WAY
    marks = [(mark, name) for mark, name, _ in steps(state("blocked").content())]
    assert marks[3:6] == [("reached", "threshold-met"), ("blocked", "blocked"), ("open", "audited")]
    assert [mark for mark, *_ in steps(state("soaking").content())] == ["reached"] * 2 + ["current"] + ["open"] * 6


def test_what_was_taken_back_says_so() -> None:
    way = (*state("threshold-met").transitions, Transition(to="installed", at=at(16), why="restarted", comment=8))
    told = {name: (mark, words) for mark, name, words in steps(state("installed", transitions=way).content())}
    assert told["installed"] == ("current", "2026-05-16 08:00  restarted")
    assert told["threshold-met"] == ("open", "reached 2026-05-14, then reverted")


def test_the_day_from_which_the_next_thing_can_be_done_is_marked() -> None:
    told = texts(read(drawn(state("threshold-met").content())))
    assert "not before" in told
    assert told[2:4] == ["Next: codex, deploy-runner: audit 10 logs over 48 hours. Not", "before 2026-05-21 07:42 UTC."]


def test_states_that_nobody_asks_for_are_left_out() -> None:
    criteria = tuple(one for one in state().criteria if one.state not in {"approved", "closed"})
    names = [name for _, name, _ in steps(state("audited", gate=None, criteria=criteria).content())]
    assert names == ["not-started", "installed", "soaking", "threshold-met", "audited", "removed"]


def test_much_evidence_makes_no_larger_picture() -> None:
    assert len(drawn(many(2000).content())) < 100_000


@given(st.lists(hostile, min_size=3, max_size=3))
def test_no_text_becomes_part_of_the_picture(texts_given: list[str]) -> None:
    one, two, three = (text.replace("http", "h") for text in texts_given)
    made = state("threshold-met").content()
    made |= {"soak": one, "why": two, "next": {"who": three, "what": f"{one}\ufffe\x00", "earliest": None}}
    made["evidence"][0] |= {"why": two, "module": three}
    made["transitions"][0] |= {"why": one}
    root = read(drawn(made))
    assert len(list(root.iter())) >= len(list(read(drawn(state("not-started").content())).iter()))
