"""The order of targets that wait: each is taken once, and the order costs little with many repositories."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.queue import Queue, Waiting
from bot.model import Kind, Target

REPOSITORIES, EACH = 1000, 10


def target(number: int, repository: int = 0) -> Target:
    return Target(repository=f"workshop/{repository}", number=number, kind=Kind.PULL)


def drained(queue: Queue) -> list[Waiting]:
    found = []
    while (one := queue.take()) is not None:
        found.append(one)
        queue.done(one)
    return found


def test_taking_looks_at_few_entries_where_many_repositories_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0
    counts = Queue._counts

    def counted(queue: Queue, one: Waiting) -> bool:
        nonlocal looked
        looked += 1
        return counts(queue, one)

    monkeypatch.setattr(Queue, "_counts", counted)
    queue = Queue(8)
    for number in range(EACH):
        for repository in range(REPOSITORIES):
            queue.put(target(number, repository), 8, 0)
    assert len(drained(queue)) == REPOSITORIES * EACH
    assert looked < 10 * REPOSITORIES * EACH


def test_an_old_backlog_keeps_no_more_than_a_quarter_of_the_workers_from_pressing_work() -> None:
    queue = Queue(8)
    for repository in range(100):
        queue.put(target(1, repository), 8, 0)
    for repository in range(100, 200):
        queue.put(target(1, repository), 0, 3600)
    first = [one for _ in range(8) if (one := queue.take())]
    assert sorted(one.priority for one in first) == [0] * 6 + [8] * 2


def test_a_push_goes_before_the_other_changes_of_a_busy_repository_that_wait() -> None:
    queue = Queue(1)
    for number in range(200):
        queue.put(target(number), 1, 59 + number / 100)
    queue.put(target(1000), 0, 61 + 60)  # a minute later, whatever the clock's minute
    assert next(iter(drained(queue))).target.number == 1000


def test_a_backlog_alone_has_half_of_the_workers() -> None:
    queue = Queue(8)
    for repository in range(100):
        queue.put(target(1, repository), 8, 0)
    assert len([one for _ in range(8) if (one := queue.take())]) == 4


def test_the_only_repository_that_waits_has_all_workers_but_one_and_others_get_the_next() -> None:
    queue = Queue(4)
    for number in range(10):
        queue.put(target(number), 0, 0)
    assert [one for _ in range(4) if (one := queue.take())][-1].target.number == 2
    queue.put(target(1, 1), 0, 0)
    last = queue.take()
    assert last is not None
    assert last.target == target(1, 1)


steps = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "put", "remove", "take", "done"]),
        st.integers(0, 4),
        st.integers(0, 4),
        st.integers(0, 9),
        st.integers(0, 900),
    ),
    max_size=80,
)


@given(steps)
def test_whatever_is_put_is_taken_once_with_its_best_priority_unless_it_was_removed(
    steps: list[tuple[str, int, int, int, int]],
) -> None:
    queue, waiting, running = Queue(3), dict[str, int](), list[Waiting]()
    for what, number, repository, priority, now in steps:
        key = str(target(number, repository))
        match what:
            case "put":
                queue.put(target(number, repository), priority, now)
                waiting[key] = min(priority, waiting.get(key, priority))
            case "remove":
                queue.remove(key)
                waiting.pop(key, None)
            case "take" if len(running) < 3 and (one := queue.take()) is not None:
                assert waiting.pop(str(one.target)) == one.priority
                running.append(one)
            case "done" if running:
                queue.done(running.pop(0))
            case _:
                pass
        assert len(queue) == len(waiting)
    for one in running:
        queue.done(one)
    assert {str(one.target): one.priority for one in drained(queue)} == waiting
