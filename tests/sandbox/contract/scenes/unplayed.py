"""Recorded calls and deliveries that the sandbox doesn't play, by patterns of their names, each with the reason."""

NOT_ASKED = "the bot asks nothing of the kind"
NO_SCOPES = "the sandbox's tokens have all rights of their account, and none is made by the API"
NO_SIGN_IN = "nobody signs in at the sandbox"
NO_IDENTITY = "runs of the sandbox have no identity to prove"
NO_TEAMS = "the sandbox has no teams; an organisation has owners, a repository collaborators"
NO_AGIT = "the sandbox takes pull requests from branches alone"
NO_RUNNERS = "the sandbox has no runners; who takes a job is staged"
REPOSITORY_HOOKS = "the sandbox has hooks of repositories alone"
IN_HEADERS = "the bot sends its token in a header, and no password"
PAGES = "the pages of the sandbox are its own"

CALLS: dict[str, dict[str, str]] = {
    "forgejo-12": {
        "scope-.*": NO_SCOPES,
        "team-.*|.*-teams.*|org-.*|user-orgs": NO_TEAMS,
        "pull-get-agit": NO_AGIT,
        "assignees-list|reviewers-list|requested-reviewers-.*|notifications.*|compare|markup-render": NOT_ASKED,
        "git-(blob|commit-diff|ref-pull|refs)|media-at-sha|review-(delete|get)|server-nodeinfo": NOT_ASKED,
        "settings-(attachment|repository|ui)|pull-by-base-head|pull-files-(skip-to|whitespace)": NOT_ASKED,
        "pull-diff-html-url": PAGES,
        "issues-list-by-label": "its issue has a milestone and an assignee, which the sandbox has none of",
    },
    "forgejo-16": {
        "scope16-.*|dispatch-chosen-repository": NO_SCOPES,
        "token-.*|tokens-.*|admin-token-.*": NO_SCOPES,
        "oauth2-.*": NO_SIGN_IN,
        "oidc-.*|job-logs-(authorized-integration.*|oidc-.*|job-token-rights)": NO_IDENTITY,
        "access-.*-runners-.*|runner-.*|actions-variable-create": NO_RUNNERS,
        "(admin|default|system|org)-hook.*": REPOSITORY_HOOKS,
        "auth-basic-password|auth-query-.*": IN_HEADERS,
        "collaborator-check-team|.*-teams.*": NO_TEAMS,
        "pull-get-agit": NO_AGIT,
        "assignees-list|reviewers-list|requested-reviewers-add|compare|pull-by-base-head": NOT_ASKED,
        "issue-(close-blocked|delete-.*|dependenc.*)|review-comments-multi-line|repos-convert-in-openapi": NOT_ASKED,
        "web-job-log-anonymous": PAGES,
    },
    "gitea": {
        "token-.*": NO_SCOPES,
        "oauth2-discovery": NO_SIGN_IN,
        "issue-lock|workflows": NOT_ASKED,
    },
}

NO_MILESTONES = "the sandbox has no milestones, assignees and requests for reviews"
WEB_FORM = "on this server only the web's form makes hooks for events of runs"
NOT_MADE = "no call of the sandbox makes this happen"

DELIVERIES: dict[str, dict[str, str]] = {
    "forgejo-12": {
        "action_run_.*": WEB_FORM,
        ".*_(assign|milestone|review_request) .*": NO_MILESTONES,
        "(release|repository|wiki) .*": NOT_MADE,
    },
    "forgejo-16": {".*_(assign|milestone|review_request) .*": NO_MILESTONES},
    "gitea": {},
}
"""Events that were recorded and that the sandbox doesn't tell, by patterns of fine name and action."""

SAME = "recorded of Forgejo 12 alone; issue, comment and repository in it are held where other events tell them"
FEW = "few events of Gitea were recorded; issue, comment and repository in it are held where others tell them"
UNRECORDED: dict[str, dict[str, str]] = {
    "forgejo-16": {
        "issue_comment created": SAME,
        "issue_comment deleted": SAME,
        "issue_comment edited": SAME,
        "issue_label label_cleared": SAME,
        "issues closed": SAME,
        "issues edited": SAME,
        "issues reopened": SAME,
        "pull_request reopened": SAME,
        "pull_request_comment deleted": SAME,
    },
    "gitea": {
        "delete None": FEW,
        "issue_comment created": FEW,
        "issue_comment deleted": FEW,
        "issue_comment edited": FEW,
        "issue_label label_cleared": FEW,
        "issue_label label_updated": FEW,
        "issues closed": FEW,
        "issues edited": FEW,
        "issues reopened": FEW,
        "pull_request closed": FEW,
        "pull_request edited": FEW,
        "pull_request reopened": FEW,
        "pull_request_comment deleted": FEW,
        "pull_request_label label_cleared": FEW,
        "pull_request_review_approved reviewed": FEW,
        "pull_request_review_comment reviewed": FEW,
        "pull_request_review_rejected reviewed": FEW,
        "pull_request_sync synchronized": FEW,
    },
}
"""Events that the sandbox tells and that no recording of the server has."""

FORK = r"\.pull_request\.(head|base)\.repo\."
EXCUSED: dict[str, tuple[tuple[str, str, str], ...]] = {
    "forgejo-16": (
        ("pull_request opened", FORK, "from a fork, which is recorded in pull_request_label and in the API's answers"),
        ("pull_request closed", r"\.pull_request\.merge", "closed without a merge, which is recorded of Forgejo 12"),
        ("pull_request edited", r"\.changes\.", "another body, which is recorded of Forgejo 12"),
        (
            "action_run_success success",
            r"\.run\.(prettyref|event_payload<json>\.ref)",
            "a dispatch that named a commit",
        ),
        ("action_run_success success", r"\.run\.event_payload<json>\.", "a schedule, whose payload the API's run has"),
    ),
    "gitea": (
        ("pull_request opened", FORK, "from a fork, which is recorded in the API's answers"),
        ("pull_request_label label_updated", FORK, "from a fork, which is recorded in the API's answers"),
        ("status None", r"\.target_url: path", "a status of Actions, whose address is in the API's answers"),
        ("workflow_run .*", r"\.workflow_run\.previous_attempt_url", "a second attempt, which the API's run has"),
    ),
}
"""Departures that aren't the sandbox's: event, pattern, reason."""

DESCRIBED = "described by the server's OpenAPI, whose names and types test_described holds it against"
LIKE_FORGEJO = "few calls of Gitea were recorded; it answers in shapes that other calls and deliveries of Gitea hold"
UNSEEN = "few calls of Gitea were recorded; its answer is Forgejo's, and nothing holds that Gitea's is the same"
REPO = "/repos/{owner}/{repo}"
ISSUE, PULL = f"{REPO}/issues/{{index:\\d+}}", f"{REPO}/pulls/{{index:\\d+}}"

_BOTH = (
    "GET /orgs/{org}/labels",
    "POST /orgs/{org}/labels",
    "PATCH /orgs/{org}/labels/{id}",
    "GET /repositories/{id}",
    "GET /repos/issues/search",
    f"POST {REPO}/forks",
    f"DELETE {REPO}/branches/{{branch:.+}}",
    f"GET {REPO}/commits/{{sha}}/pull",
    f"GET {REPO}/contents",
    f"GET {ISSUE}/reactions",
    f"DELETE {ISSUE}/reactions",
)
_SIXTEEN = (
    f"DELETE {PULL}/merge",
    "GET /users/{name}",
    f"GET {REPO}/branches",
    f"GET {REPO}/branch_protections",
    f"DELETE {REPO}/branch_protections/{{name}}",
    f"GET {REPO}/collaborators",
    f"GET {REPO}/commits",
    f"GET {REPO}/contents/{{path:.*}}",
    f"GET {REPO}/git/commits/{{sha}}",
    f"GET {REPO}/git/trees/{{sha}}",
    f"POST {ISSUE}/reactions",
    f"GET {REPO}/labels/{{id}}",
    f"DELETE {REPO}/labels/{{id}}",
    f"GET {PULL}/commits",
)
_GITEA_ALIKE = (
    *_BOTH[:4],
    "GET /users/{name}",
    f"PATCH {REPO}",
    f"POST {REPO}/forks",
    f"GET {REPO}/issues",
    f"POST {REPO}/issues",
    f"GET {ISSUE}",
    f"PATCH {ISSUE}",
    f"GET {REPO}/issues/comments/{{id}}",
    f"GET {REPO}/issues/{{index}}/labels",
    f"PUT {REPO}/issues/{{index}}/labels",
    f"GET {REPO}/labels/{{id}}",
    f"POST {REPO}/labels",
    f"PATCH {REPO}/labels/{{id}}",
    f"GET {PULL}",
    f"PATCH {PULL}",
    f"GET {REPO}/commits/{{sha}}/pull",
    f"GET {REPO}/statuses/{{sha}}",
    f"GET {REPO}/hooks",
    f"GET {REPO}/hooks/{{id}}",
    f"PATCH {REPO}/hooks/{{id}}",
    f"GET {REPO}/collaborators",
)
_GITEA_UNSEEN = (
    "GET /settings/api",
    "POST /markdown",
    f"DELETE {PULL}/merge",
    f"GET {REPO}/branches",
    f"GET {REPO}/branches/{{branch:.+}}",
    f"DELETE {REPO}/branches/{{branch:.+}}",
    f"GET {REPO}/branch_protections",
    f"POST {REPO}/branch_protections",
    f"GET {REPO}/branch_protections/{{name}}",
    f"PATCH {REPO}/branch_protections/{{name}}",
    f"DELETE {REPO}/branch_protections/{{name}}",
    f"GET {REPO}/collaborators/{{name}}",
    f"GET {REPO}/commits",
    f"GET {REPO}/contents",
    f"GET {REPO}/contents/{{path:.*}}",
    f"POST {REPO}/contents/{{path:.+}}",
    f"PUT {REPO}/contents/{{path:.+}}",
    f"GET {REPO}/git/commits/{{sha}}",
    f"GET {REPO}/git/trees/{{sha}}",
    f"GET {REPO}/raw/{{path:.+}}",
    f"DELETE {REPO}/hooks/{{id}}",
    f"POST {REPO}/hooks/{{id}}/tests",
    f"DELETE {REPO}/issues/comments/{{id}}",
    f"GET {REPO}/issues/comments/{{id}}/reactions",
    f"DELETE {REPO}/issues/comments/{{id}}/reactions",
    f"GET {ISSUE}/reactions",
    f"POST {ISSUE}/reactions",
    f"DELETE {ISSUE}/reactions",
    f"DELETE {REPO}/issues/{{index}}/labels",
    f"DELETE {REPO}/labels/{{id}}",
    f"GET {PULL}.{{form:diff|patch}}",
    f"GET {PULL}/commits",
    f"GET {PULL}/files",
    f"GET {PULL}/merge",
    f"POST {PULL}/merge",
    f"GET {PULL}/reviews",
    f"POST {PULL}/reviews",
    f"GET {PULL}/reviews/{{id:\\d+}}/comments",
    f"POST {PULL}/reviews/{{id:\\d+}}/dismissals",
)
ROUTES: dict[str, dict[str, str]] = {
    "forgejo-12": dict.fromkeys((*_BOTH, f"PATCH {REPO}"), DESCRIBED),
    "forgejo-16": dict.fromkeys((*_BOTH, *_SIXTEEN), DESCRIBED),
    "gitea": dict.fromkeys(_GITEA_ALIKE, LIKE_FORGEJO) | dict.fromkeys(_GITEA_UNSEEN, UNSEEN),
}
"""Routes of the sandbox that no recording of the server holds."""
