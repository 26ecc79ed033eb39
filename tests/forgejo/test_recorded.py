"""Every recorded answer of a real Forgejo is read into its type, every recorded refusal into its error."""

import re
import secrets

import pytest

from bot.forgejo import errors
from bot.forgejo import types as t
from bot.forgejo.sansio import read_response
from tests.forgejo.exchanges import API, exchange

# The first pattern that fits the recording's name decides.
TYPES: list[tuple[str, type[t.Reply]]] = [
    ("actions-combined-status|commit-status-.*", t.CombinedStatus),
    ("actions-statuses-.*|status-.*|statuses-.*|scope-min-status", t.CommitStatus),
    ("actions-tasks-.*", t.Runs),
    ("actions-workflow-dispatch", t.Dispatched),
    ("permission-.*", t.CollaboratorPermission),
    ("auth-none-public-repo|repo", t.Repository),
    ("repo-teams|org-teams-.*", t.Team),
    ("org-.*|user-orgs", t.Organisation),
    (
        "user|user-get|scope-min-user|auth-bearer-scheme|team-member.*|.*ers-list|collaborators-list|assignees-list",
        t.User,
    ),
    ("branch.*", t.Branch),
    ("comment-.*|comments-.*|scope-min-comment|issue-comments-.*", t.Comment),
    ("git-commit|commits-.*|pull-commits.*", t.Commit),
    ("compare", t.Comparison),
    ("contents-write-.*", t.Written),
    ("contents-.*", t.Contents),
    ("git-ref.*", t.Reference),
    ("git-blob", t.Blob),
    ("git-tree-.*", t.Tree),
    ("hook.*", t.Hook),
    ("issue-labels-.*|labels?-.*|scope-read-issue-labels-list", t.Label),
    ("issue.*|scope-read-issue-get-issue", t.Issue),
    ("pull-files.*", t.ChangedFile),
    ("pull.*", t.PullRequest),
    ("protection.*", t.Protection),
    ("reaction.*", t.Reaction),
    ("review-comments", t.ReviewComment),
    ("review.*|requested-reviewers-add", t.Review),
    ("timeline.*", t.TimelineEvent),
    ("notifications-new|settings-.*", t.Settings),
    ("notifications", t.Notification),
    ("version", t.Version),
]
STATUS_ERRORS = {
    303: errors.Redirected,
    304: errors.Redirected,
    400: errors.Validation,
    401: errors.Unauthorised,
    403: errors.Forbidden,
    404: errors.NotFound,
    405: errors.Conflict,
    409: errors.Conflict,
    422: errors.Validation,
    500: errors.ServerFault,
}
REFUSED = [name for name in API if exchange(name).response.status >= 300]
ANSWERED = [name for name in API if name not in REFUSED]


def type_of(name: str) -> type[t.Reply]:
    return next(kind for pattern, kind in TYPES if re.fullmatch(pattern, name))


def test_the_recordings_are_there() -> None:
    assert len(API) > 250
    assert len(REFUSED) > 90


@pytest.mark.parametrize("name", ANSWERED)
def test_an_answer_is_read_into_its_type(name: str) -> None:
    seen = exchange(name)
    value = read_response(seen.response, seen.call)
    if seen.call.raw:
        assert value == seen.response.body
        return
    assert value == seen.json
    for item in value if isinstance(value, list) else [value] if value is not None else []:
        read = type_of(name).of(item)
        # What is named as in the JSON has the JSON's value.
        told = read.model_dump(mode="json", by_alias=True, exclude_unset=True)
        plain = {key: part for key, part in told.items() if isinstance(part, str | int) and part != item[key]}
        assert plain == {}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_told_with_what_the_server_said(name: str) -> None:
    seen = exchange(name)
    token = secrets.token_hex(20)
    with pytest.raises(errors.ForgejoError) as caught:
        read_response(seen.response, seen.call, (token,))
    error = caught.value
    expected = errors.ForgejoError if name == "method-not-allowed" else STATUS_ERRORS[seen.response.status]
    assert type(error) is expected
    assert (error.method, error.path, error.status) == (seen.call.method, seen.call.path, seen.response.status)
    words = (seen.json or {}).get("message", "") or ""
    assert error.message.startswith(words[:290])
    assert token not in f"{error}{error!r}"
    assert str(seen.response.status) in str(error)


def test_details_of_a_refusal_are_part_of_its_message() -> None:
    seen = exchange("branch-missing")
    with pytest.raises(errors.NotFound, match=r"couldn't be found\. \(branch does not exist \[name: none\]\)"):
        read_response(seen.response, seen.call)


def test_the_plain_text_of_a_missing_path_is_told() -> None:
    seen = exchange("path-missing")
    with pytest.raises(errors.NotFound, match="404 page not found"):
        read_response(seen.response, seen.call)


def test_a_redirect_tells_where_and_is_not_followed() -> None:
    seen = exchange("org-member-check")
    with pytest.raises(errors.Redirected) as caught:
        read_response(seen.response, seen.call)
    assert caught.value.location == "/api/v1/orgs/workshop/public_members/iskra"
