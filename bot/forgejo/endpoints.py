"""Every path of the API that the bot calls, as in the server's OpenAPI description, with the type of its answer."""

from bot.forgejo.endpoint import Endpoint, Unread
from bot.forgejo.types import (
    RUN,
    Branch,
    BranchProtection,
    CollaboratorPermission,
    CombinedStatus,
    Comment,
    CommitStatus,
    Hook,
    Issue,
    Label,
    PullRequest,
    Repository,
    Review,
    ReviewComment,
    RunPage,
    TaskPage,
    TimelineEvent,
    Tree,
    User,
    Version,
)

VERSION = Endpoint("/version", Version)
USER = Endpoint("/user", User)
ACCOUNT = Endpoint("/users/{username}", User)
ORG_LABELS = Endpoint("/orgs/{org}/labels", Label)
ORG_LABEL = Endpoint("/orgs/{org}/labels/{id}", Label)

REPOSITORY = Endpoint("/repos/{owner}/{repo}", Repository)
REPOSITORY_BY_ID = Endpoint("/repositories/{id}", Repository)
BRANCH = Endpoint("/repos/{owner}/{repo}/branches/{branch}", Branch, open_ended=True)
BRANCH_PROTECTIONS = Endpoint("/repos/{owner}/{repo}/branch_protections", BranchProtection)
TREE = Endpoint("/repos/{owner}/{repo}/git/trees/{sha}", Tree)
FILE = Endpoint("/repos/{owner}/{repo}/raw/{filepath}", Unread, query=["ref"], open_ended=True)
COLLABORATOR_PERMISSION = Endpoint(
    "/repos/{owner}/{repo}/collaborators/{collaborator}/permission", CollaboratorPermission
)
HOOKS = Endpoint("/repos/{owner}/{repo}/hooks", Hook)
HOOK = Endpoint("/repos/{owner}/{repo}/hooks/{id}", Hook)
LABELS = Endpoint("/repos/{owner}/{repo}/labels", Label)
LABEL = Endpoint("/repos/{owner}/{repo}/labels/{id}", Label)

ISSUES = Endpoint("/repos/{owner}/{repo}/issues", Issue, query=["state", "since"])
ISSUE_SEARCH = Endpoint("/repos/issues/search", Issue, query=["owner", "state", "since"])
ISSUE = Endpoint("/repos/{owner}/{repo}/issues/{index}", Issue)
ISSUE_COMMENTS = Endpoint("/repos/{owner}/{repo}/issues/{index}/comments", Comment)
ISSUE_LABELS = Endpoint("/repos/{owner}/{repo}/issues/{index}/labels", Label)
ISSUE_LABEL = Endpoint("/repos/{owner}/{repo}/issues/{index}/labels/{identifier}", Unread)
TIMELINE = Endpoint("/repos/{owner}/{repo}/issues/{index}/timeline", TimelineEvent)
COMMENTS = Endpoint("/repos/{owner}/{repo}/issues/comments", Comment, query=["since"])
COMMENT = Endpoint("/repos/{owner}/{repo}/issues/comments/{id}", Comment)
REACTIONS = Endpoint("/repos/{owner}/{repo}/issues/comments/{id}/reactions", Unread)

PULL = Endpoint("/repos/{owner}/{repo}/pulls/{index}", PullRequest)
REVIEWS = Endpoint("/repos/{owner}/{repo}/pulls/{index}/reviews", Review)
REVIEW_COMMENTS = Endpoint("/repos/{owner}/{repo}/pulls/{index}/reviews/{id}/comments", ReviewComment)
COMBINED_STATUS = Endpoint("/repos/{owner}/{repo}/commits/{ref}/status", CombinedStatus)
COMMIT_STATUSES = Endpoint("/repos/{owner}/{repo}/commits/{ref}/statuses", CommitStatus)
STATUSES = Endpoint("/repos/{owner}/{repo}/statuses/{sha}", Unread)

RUNS = Endpoint("/repos/{owner}/{repo}/actions/runs", RunPage, query=["run_number", "status", "ref"])
RUN_BY_ID = Endpoint("/repos/{owner}/{repo}/actions/runs/{run_id}", RUN)
TASKS = Endpoint("/repos/{owner}/{repo}/actions/tasks", TaskPage)
