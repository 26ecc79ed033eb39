"""A policy tried on kept snapshots, and the preview that an open pull request with a changed policy gets."""

import zlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update

from bot.model import ChangedFile, Inputs, Judgment, Snapshot, Verdict
from bot.model.preview import Preview
from bot.plan.policy_changes import WAITS
from bot.plan.policy_report import policy_report
from bot.policy import PATH, Policy, load
from bot.preview.backtest import Bench, Kept, kept, repositories, run_backtest
from bot.preview.preview import MAX_CHANGES, MAX_PROBLEMS, Previews
from bot.store import targets
from bot.store.database.session import Store
from bot.store.repositories import serve
from bot.store.tables import SnapshotRow
from handlers import CHECKS
from tests.snapshots import GARDEN, HEAD, ISSUE, LABELS, NOW, OPERATOR, POLICY, PULL, inputs, leak, snapshot

BENCH = Bench(CHECKS, LABELS)
OFF = POLICY.model_copy(update={"secret_leak": POLICY.secret_leak.model_copy(update={"mode": "off"})})
CHANGED = (ChangedFile(path=PATH, status="changed"),)
OTHER_HEAD = "c3" * 20


def pull(number: int, minutes: int = 0, **change: Any) -> Snapshot:
    target = PULL.model_copy(update={"number": number})
    seen = snapshot(target, **({"title": f"Bed {number}"} | change))
    return seen.model_copy(update={"taken_at": NOW + timedelta(minutes=minutes)})


async def keep(store: Store, *seen: Snapshot) -> None:
    async with store.session() as session:
        await serve(session, GARDEN, NOW)
        await targets.add_targets(session, {one.target for one in seen}, quiet=False)
        for one in seen:
            await targets.keep_snapshot(session, one)


def numbers(found: Kept) -> list[int]:
    return [one.target.number for one in found.snapshots]


async def test_the_last_pull_requests_come_newest_first_each_once(store: Store) -> None:
    await keep(store, *(pull(number) for number in range(1, 6)), pull(3, 1, title="Bed 3 again"), snapshot(ISSUE))
    found = await kept(store, PULL.repository_id, 3)
    assert numbers(found) == [5, 4, 3]
    assert found.snapshots[2].inputs.title == "Bed 3 again"
    assert numbers(await kept(store, PULL.repository_id, 3, without=4)) == [5, 3, 2]
    assert await kept(store, 3) == Kept()
    assert await repositories(store) == (GARDEN,)


async def test_of_a_closed_one_the_last_moment_before_is_tried_where_it_is_known(store: Store) -> None:
    await keep(store, pull(1), pull(1, 1, title="last"), pull(1, 2, state="merged"), pull(2, state="closed"))
    two, one = (await kept(store, PULL.repository_id)).snapshots
    assert (two.inputs.state, one.inputs.state, one.inputs.title) == ("closed", "open", "last")


async def test_the_policy_that_decided_last_is_that_of_the_newest_snapshot(store: Store) -> None:
    await keep(store, pull(1, 5, policy=OFF, state="merged"), pull(1, 4), pull(2, 3))
    assert (await kept(store, PULL.repository_id)).policy == OFF


@pytest.mark.parametrize("content", [b"", zlib.compress(b"{}"), zlib.compress(b'{"target": 1')])
async def test_snapshots_of_another_version_are_counted(store: Store, content: bytes) -> None:
    await keep(store, pull(1), pull(2))
    async with store.session() as session:
        await session.execute(update(SnapshotRow).where(SnapshotRow.number == 2).values(content=content))
    found = await kept(store, PULL.repository_id)
    assert (numbers(found), found.unreadable) == ([1], 1)
    assert (
        (await run_backtest(found, POLICY, OFF, BENCH))
        .left_out[0]
        .startswith("1 not compared: the snapshot was stored by another version")
    )


async def test_a_verdict_and_its_labels_that_differ_are_told() -> None:
    found = Kept((pull(2, leaks=(leak(),)), pull(1)))
    tried = await run_backtest(found, POLICY, OFF, BENCH)
    two, one = tried.trials
    assert [(shift.check, shift.before, shift.after) for shift in two.shifts] == [("secret-leak", "block", "skip")]
    assert (two.labels, one.labels) == (("-safety:secret-touch",), ())
    assert [(shift.before, shift.after) for shift in one.shifts] == [("pass", "skip")]
    assert tried.totals == (("secret-leak: block → skip", 1), ("secret-leak: pass → skip", 1))


async def test_the_number_of_findings_is_told_where_the_verdict_stays() -> None:
    two = tuple(leak(f"sf_{digit * 16}") for digit in "12")
    accepting = load(f"secret-leak: {{accept: [{{fingerprint: {two[0].fingerprint}, reason: a fixture}}]}}")
    tried = await run_backtest(Kept((pull(1, leaks=two),)), Policy(), accepting, BENCH)
    (shift,) = tried.trials[0].shifts
    assert (shift.before, shift.after) == ("block, 2 findings", "block, 1 finding")


async def test_labels_by_rule_come_and_go() -> None:
    rule = "labels: {rules: [{name: beds, when: {title: ['bed*']}, labels: [meta]}]}"
    tried = await run_backtest(Kept((pull(1),)), Policy(), load(rule), BENCH)
    assert (tried.trials[0].labels, tried.trials[0].shifts) == (("+meta",), ())
    back = await run_backtest(Kept((pull(1),)), load(rule), Policy(), BENCH)
    assert back.trials[0].labels == ("-meta",)


async def test_the_same_policy_says_the_same_of_all() -> None:
    found = Kept((pull(1, leaks=(leak(),)), pull(2, draft=True), pull(3, state="merged")))
    tried = await run_backtest(found, POLICY, POLICY, BENCH)
    assert tried.differing == ()
    assert [one.state for one in tried.trials] == ["open", "draft", "merged"]


async def test_no_model_is_asked() -> None:
    asking = POLICY.model_copy(update={"judge": POLICY.judge.model_copy(update={"model": "oak"})})
    tried = await run_backtest(Kept((pull(1),)), POLICY, asking, BENCH)
    assert len(tried.trials) == 1


async def test_what_would_take_too_long_is_left_and_counted() -> None:
    many = tuple(ChangedFile(path=f"beds/{number}.py", status="added") for number in range(50))
    rule = load("labels: {rules: [{name: x, when: {paths: [a, b, c]}, labels: [meta]}]}")
    found = Kept((pull(2, files=many), pull(1)))
    bounded = await run_backtest(found, Policy(), rule, Bench(CHECKS, LABELS, work=100))
    assert ([one.number for one in bounded.trials], bounded.large, bounded.late) == ([1], 1, 0)
    over = await run_backtest(found, Policy(), rule, Bench(CHECKS, LABELS, seconds=-1))
    assert (over.trials, over.late) == ((), 2)


Read = Callable[[str, str], Awaitable[str]]


class Texts:
    """The policy file at some commits, and how often it was asked for."""

    def __init__(self, **texts: str) -> None:
        self.texts = {"b2" * 20: texts.get("base", ""), HEAD: texts.get("head", ""), OTHER_HEAD: texts.get("other", "")}
        self.asked: list[str] = []

    async def __call__(self, repository: str, commit: str) -> str:
        assert repository == PULL.repository
        self.asked.append(commit)
        return self.texts[commit]


async def narrowed(policy: Policy) -> Policy:
    return policy.narrowed((OPERATOR,))


def previews(store: Store, texts: Texts) -> Previews:
    return Previews(store, texts, CHECKS, LABELS, narrowed, lambda: NOW)


async def shown(store: Store, texts: Texts, *earlier: Judgment, **change: Any) -> Preview:
    seen = inputs(**({"files": CHANGED} | change))
    made = await previews(store, texts).of(PULL, seen, POLICY, earlier)
    assert made is not None
    return made


@pytest.mark.parametrize(
    "seen",
    [inputs(), inputs(files=CHANGED, state="merged"), inputs(files=(ChangedFile(path=f"{PATH}.bak", status="added"),))],
)
async def test_nothing_else_has_a_preview_and_no_file_is_asked_for(store: Store, seen: Inputs) -> None:
    texts = Texts()
    assert await previews(store, texts).of(PULL, seen, POLICY, ()) is None
    assert texts.asked == []


async def test_a_changed_policy_is_tried_on_all_others(store: Store) -> None:
    await keep(store, pull(12, leaks=(leak(),)), pull(11, leaks=(leak(),)), pull(10))
    made = await shown(store, Texts(head="secret-leak: {mode: off}"))
    assert made.changes == (f'secret-leak.mode: changes from "block" to "off"{WAITS}',)
    assert [(one.number, one.differs) for one in made.backtest.trials] == [(11, True), (10, True)]
    assert (made.problems, made.warnings, made.removed) == ((), (), False)


async def test_a_preview_is_the_same_again_until_head_or_policy_change(store: Store) -> None:
    await keep(store, pull(11))
    texts = Texts(head="agents: [ann]", other="agents: [ann]")
    first = await shown(store, texts)
    judged = policy_report(snapshot(), first).judgment
    assert judged is not None
    await keep(store, pull(13), pull(14))
    assert await shown(store, texts, judged) == first
    pushed = await shown(store, texts, judged, head=inputs().head.model_copy(update={"sha": OTHER_HEAD}))
    assert [one.number for one in pushed.backtest.trials] == [14, 13, 11]
    texts.texts["b2" * 20] = "agents: [bo]"
    assert (await shown(store, texts, judged)).basis != first.basis


async def test_a_removed_policy_is_compared_with_the_defaults(store: Store) -> None:
    for file in (
        ChangedFile(path=PATH, status="deleted"),
        ChangedFile(path="old.yml", old_path=PATH, status="renamed"),
    ):
        made = await shown(store, Texts(base="agents: [ann]"), files=(file,))
        assert (made.removed, len(made.changes)) == (True, 1)
    assert not (await shown(store, Texts(base="agents: [ann]"))).removed


async def test_a_broken_policy_before_is_replaced_by_the_one_in_force(store: Store) -> None:
    made = await shown(store, Texts(base="agents: [", head="agents: [ann]"))
    assert any(one.startswith('agents: adds "ann", removes "codex"') for one in made.changes)


async def test_mistakes_are_told_with_their_lines_and_nothing_is_tried(store: Store) -> None:
    await keep(store, pull(11))
    made = await shown(store, Texts(head="version: 1\nagentz: [ann]"))
    assert made.problems == (f"{PATH}:2: unknown key `agentz`; did you mean `agents`?",)
    assert (made.changes, made.backtest.trials) == ((), ())


async def test_rules_that_cant_be_followed_are_warnings_with_their_line(store: Store) -> None:
    made = await shown(store, Texts(head="labels:\n  rules:\n  - {name: x, when: {}, labels: [nowhere]}"))
    assert made.warnings[0].startswith(f'{PATH}:3: the rule "x" uses the undeclared label "nowhere"')


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\n" * 200_000,
        "a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]",
        "[" * 50_000,
        "agents: [" + ", ".join(["'*'"] * 5000) + "]",
        "\n".join(f"key{number}: 1" for number in range(1500)),
        "{}: 1",
        "\x00",
        "!!python/object:os.system {}",
    ],
)
async def test_hostile_files_are_refused_in_few_words(store: Store, text: str) -> None:
    made = await shown(store, Texts(head=text))
    assert 0 < len(made.problems) <= MAX_PROBLEMS + 1
    assert len(made.model_dump_json()) < 15_000


async def test_long_lists_of_changes_and_warnings_are_cut(store: Store) -> None:
    many = "labels:\n  rules:\n" + "".join(
        f"  - {{name: r{number}, when: {{words: [a]}}, labels: [nowhere{number}]}}\n" for number in range(100)
    )
    made = await shown(store, Texts(base=many, head=many.replace("[a]", "[b]")))
    assert (len(made.changes), made.more) == (MAX_CHANGES, 100 - MAX_CHANGES)
    assert len(made.warnings) == MAX_PROBLEMS


async def test_a_preview_writes_nothing(store: Store) -> None:
    await keep(store, pull(11))
    said: list[str] = []
    event.listen(store.engine.sync_engine, "before_cursor_execute", lambda *call: said.append(call[2]))
    await shown(store, Texts(head="agents: [ann]"))
    assert said
    assert all(statement.lstrip().upper().startswith(("SELECT", "BEGIN")) for statement in said)
    async with store.read() as session:
        assert len((await session.execute(select(SnapshotRow))).all()) == 1


async def test_twenty_pull_requests_are_tried_within_the_time_that_there_is(store: Store) -> None:
    body = "## What changed\n\nThe bed is dug.\n\n" * 30
    files = tuple(ChangedFile(path=f"beds/{number}.py", status="added", added=10) for number in range(20))
    await keep(store, *(pull(number, body=body, files=files) for number in range(20, 40)))
    made = await shown(store, Texts(head="secret-leak: {mode: advise}"))
    assert (len(made.backtest.trials), made.backtest.late) == (20, 0)
    assert policy_report(snapshot(), made).verdict is Verdict.ADVISE
