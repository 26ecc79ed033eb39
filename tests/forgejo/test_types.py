"""What the types make of the odd corners of Forgejo's answers."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.forgejo import types as t
from bot.forgejo.errors import Malformed
from tests.forgejo.exchanges import exchange

NOON = "2026-11-22T12:00:00+01:00"


def event(**fields: Any) -> t.TimelineEvent:
    return t.TimelineEvent.of({"type": "pull_push", "created_at": NOON, **fields})


def review(at: str) -> t.Review:
    return t.Review.of({"id": 1, "submitted_at": at})


def test_a_pull_request_is_read_with_both_sides() -> None:
    pull = t.PullRequest.of(exchange("pull-get-fork").json)
    assert pull.head.repo is not None
    assert pull.base.repo is not None
    assert pull.head.repo.full_name.startswith("devops-engineer/")
    assert pull.base.repo.id != pull.head.repo.id
    assert pull.created_at.utcoffset() is not None


def test_a_fork_that_is_gone_leaves_a_head_without_repository() -> None:
    told = exchange("pull-get-fork").json
    assert t.PullRequest.of({**told, "head": {**told["head"], "repo": None}}).head.repo is None


def test_null_is_the_same_as_absent() -> None:
    told = exchange("pull-get").json
    pull = t.PullRequest.of({**told, "labels": None, "user": None, "body": None, "merge_commit_sha": None})
    assert (pull.labels, pull.user, pull.body, pull.merge_commit_sha) == ((), t.User(), "", "")


def test_a_commit_without_statuses_has_none() -> None:
    assert t.CombinedStatus.of(exchange("commit-status-none").json) == t.CombinedStatus()


def test_a_status_of_actions_has_no_creator_and_its_state_is_named_status() -> None:
    status = t.CombinedStatus.of(exchange("actions-combined-status").json).statuses[0]
    assert status.creator == t.User()
    assert status.state == "success"
    assert status.context == "ci / test (push)"


def test_the_timeline_tells_who_set_a_label_and_what_was_pushed() -> None:
    label, push = (t.TimelineEvent.of(told) for told in exchange("timeline-labels-and-pushes").json)
    assert (label.user.login, label.body) == ("devops-engineer", "1")
    assert label.label is not None
    assert label.label.name == "judge/pass"
    assert push.pushed == t.Push(
        forced=False, commits=("4b66e7aa1f046eaf523df5d83b1aaa682df6a262", "991b41686dbdced6f5612072a264277bddcddf8d")
    )
    assert label.pushed is None


def test_a_force_push_tells_old_and_new_head() -> None:
    old, new = "a" * 40, "b" * 64
    body = f'{{"is_force_push": true, "commit_ids": ["{old}", "{new}"]}}'
    assert event(body=body).pushed == t.Push(forced=True, commits=(old, new))


@pytest.mark.parametrize(
    "body", ["", "x", "[]", "1", "null", "{}", '{"is_force_push": true}', "[" * 100_000, '{"commit_ids": 3}']
)
def test_a_push_that_does_not_tell_is_none(body: str) -> None:
    assert event(body=body).pushed is None


def test_what_is_no_commit_id_is_left_out_of_a_push() -> None:
    body = '{"is_force_push": false, "commit_ids": ["--upload-pack=x", null, 3, "main"]}'
    assert event(body=body).pushed == t.Push(forced=False, commits=())


@pytest.mark.parametrize("ids", ['"x"', "3", '{"a": 1}'])
def test_commit_ids_that_are_no_list_are_none(ids: str) -> None:
    assert event(body=f'{{"is_force_push": false, "commit_ids": {ids}}}').pushed is None


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "1970-01-01T00:00:00Z",
        "1970-01-01T01:00:00+01:00",
        "1969-12-31T19:00:00-05:00",
    ],
)
def test_the_zero_of_go_and_of_the_epoch_are_never(text: str) -> None:
    assert review(text).submitted_at is None


def test_a_second_after_the_epoch_is_a_time() -> None:
    assert review("1970-01-01T00:00:01Z").submitted_at == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)


def test_times_keep_their_zone() -> None:
    assert event().created_at == datetime(2026, 11, 22, 11, tzinfo=UTC)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(Malformed, match="created_at"):
        event(created_at="2026-11-22T12:00:00")


def test_a_hook_tells_where_it_delivers() -> None:
    assert t.Hook.of(exchange("hook-get").json).target_url == "http://127.0.0.1:8099/quiet"


def test_a_run_of_each_server_is_read_by_its_own_names() -> None:
    assert isinstance(t.RUN.of(exchange("run-get", "forgejo-16").json), t.ActionRun)
    assert isinstance(t.RUN.of(exchange("run-get-after-rerun", "gitea").json), t.GiteaRun)
    assert isinstance(t.RUN.of({"id": 3, "run_number": 2}), t.EarlyRun)


@pytest.mark.parametrize("value", [None, [], "x", 3, {}, {"id": 3}, {"index_in_repo": "x"}])
def test_what_is_no_run_is_malformed(value: object) -> None:
    with pytest.raises(Malformed):
        t.RUN.of(value)


def test_an_answer_of_another_shape_is_told_without_its_content() -> None:
    content = "hunter" + "2"
    with pytest.raises(Malformed) as caught:
        t.Label.of({"id": content, "name": "x"})
    assert "id: expected a whole number" in str(caught.value)
    assert content not in f"{caught.value}{caught.value!r}"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_whatever_comes_is_read_or_malformed(value: object) -> None:
    try:
        t.Error.of(value)
    except Malformed as error:
        assert error.path == "Error"  # noqa: PT017 - either outcome is right
