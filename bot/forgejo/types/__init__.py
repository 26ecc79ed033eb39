"""All types of the API's answers, by one name to import from."""

from bot.forgejo.types.actions import RUN, ActionRun, EarlyRun, GiteaRun, Run, RunPage, Task, TaskPage
from bot.forgejo.types.commits import Branch, BranchProtection, CombinedStatus, CommitStatus, Tree, TreeEntry
from bot.forgejo.types.replies import Reply
from bot.forgejo.types.server import (
    CollaboratorPermission,
    Error,
    Hook,
    Permissions,
    Repository,
    User,
    Version,
)
from bot.forgejo.types.threads import (
    Comment,
    Issue,
    Label,
    PullRef,
    PullRequest,
    Push,
    Review,
    ReviewComment,
    TimelineEvent,
)

__all__ = [
    "RUN",
    "ActionRun",
    "Branch",
    "BranchProtection",
    "CollaboratorPermission",
    "CombinedStatus",
    "Comment",
    "CommitStatus",
    "EarlyRun",
    "Error",
    "GiteaRun",
    "Hook",
    "Issue",
    "Label",
    "Permissions",
    "PullRef",
    "PullRequest",
    "Push",
    "Reply",
    "Repository",
    "Review",
    "ReviewComment",
    "Run",
    "RunPage",
    "Task",
    "TaskPage",
    "TimelineEvent",
    "Tree",
    "TreeEntry",
    "User",
    "Version",
]
