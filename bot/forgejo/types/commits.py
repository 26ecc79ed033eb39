"""Types of git objects: branches and the statuses of commits."""

from typing import ClassVar

from pydantic import Field

from bot.forgejo.types.replies import Moment, Reply
from bot.forgejo.types.server import User


class BranchHead(Reply):
    """The newest commit of a branch."""

    definition: ClassVar[str] = "PayloadCommit"

    id: str = ""


class Branch(Reply):
    """A branch, with those rules of its protection that a writer may see."""

    definition: ClassVar[str] = "Branch"

    commit: BranchHead = BranchHead()
    enable_status_check: bool = False
    status_check_contexts: tuple[str, ...] = ()


class BranchProtection(Reply):
    """A rule of protected branches; `rule_name` is a branch or a pattern. Only administrators may read it.

    Without a whitelist everybody with write access may do it; `enable_push` false means that nobody may push.
    """

    definition: ClassVar[str] = "BranchProtection"

    rule_name: str = ""
    enable_push: bool = False
    enable_push_whitelist: bool = False
    push_whitelist_usernames: tuple[str, ...] = ()
    push_whitelist_teams: tuple[str, ...] = ()
    push_whitelist_deploy_keys: bool = False
    enable_merge_whitelist: bool = False
    merge_whitelist_usernames: tuple[str, ...] = ()
    merge_whitelist_teams: tuple[str, ...] = ()
    enable_status_check: bool = False
    status_check_contexts: tuple[str, ...] = ()


class TreeEntry(Reply):
    """An entry of a tree: `blob`, `tree` or `commit`."""

    definition: ClassVar[str] = "GitEntry"

    path: str
    type: str
    sha: str


class Tree(Reply):
    """The first page of a tree, which has a thousand entries on an ordinary server."""

    definition: ClassVar[str] = "GitTreeResponse"

    tree: tuple[TreeEntry, ...] = ()


class CommitStatus(Reply):
    """One status of a commit. `creator` is empty for Forgejo's own Actions; any word may stand as state."""

    definition: ClassVar[str] = "CommitStatus"

    state: str = Field(default="", alias="status")
    context: str = ""
    description: str = ""
    target_url: str = ""
    creator: User = User()
    created_at: Moment = None


class CombinedStatus(Reply):
    """The newest status of each context."""

    definition: ClassVar[str] = "CombinedStatus"

    total_count: int = 0
    statuses: tuple[CommitStatus, ...] = ()
