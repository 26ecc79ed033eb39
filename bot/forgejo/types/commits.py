"""Types of what belongs to git: commits, branches, statuses, changed files, contents, runs of Actions."""

from pydantic import AwareDatetime, Field

from bot.forgejo.types.replies import Moment, Reply
from bot.forgejo.types.server import User


class Identity(Reply):
    """A name in a commit, as its maker claims it."""

    name: str = ""
    email: str = ""
    date: Moment = None


class CommitText(Reply):
    """The part of a commit that git itself holds."""

    message: str = ""
    author: Identity = Identity()
    committer: Identity = Identity()


class ObjectName(Reply):
    """The hash of a git object."""

    sha: str


class CommitFile(Reply):
    """A file that a commit touches: `added`, `modified`, `removed`."""

    filename: str
    status: str = ""


class Commit(Reply):
    """A commit. `author` and `committer` are accounts, found by address; empty where there is none."""

    sha: str
    html_url: str = ""
    commit: CommitText = CommitText()
    author: User = User()
    committer: User = User()
    parents: tuple[ObjectName, ...] = ()
    files: tuple[CommitFile, ...] = ()

    @property
    def message(self) -> str:
        """Gives the commit's message."""
        return self.commit.message


class Comparison(Reply):
    """The commits between two others."""

    total_commits: int = 0
    commits: tuple[Commit, ...] = ()
    files: tuple[CommitFile, ...] = ()


class BranchHead(Reply):
    """The newest commit of a branch."""

    id: str = ""
    message: str = ""
    timestamp: Moment = None


class Branch(Reply):
    """A branch, with those rules of its protection that a writer may see."""

    name: str
    commit: BranchHead = BranchHead()
    protected: bool = False
    required_approvals: int = 0
    enable_status_check: bool = False
    status_check_contexts: tuple[str, ...] = ()
    user_can_push: bool = False
    user_can_merge: bool = False


class CommitStatus(Reply):
    """One status of a commit. `creator` is empty for Forgejo's own Actions; any word may stand as state."""

    id: int = 0
    state: str = Field(default="", alias="status")
    context: str = ""
    description: str = ""
    target_url: str = ""
    creator: User = User()
    created_at: AwareDatetime
    updated_at: AwareDatetime


class CombinedStatus(Reply):
    """The newest status of each context. A commit without any has an empty state."""

    state: str = ""
    sha: str = ""
    total_count: int = 0
    statuses: tuple[CommitStatus, ...] = ()


class ChangedFile(Reply):
    """A file of a pull request: `added`, `changed`, `deleted`, `renamed`, or `unchanged` for a change of mode."""

    filename: str
    status: str = ""
    previous_filename: str = ""
    additions: int = 0
    deletions: int = 0
    changes: int = 0


class Contents(Reply):
    """A file or folder of a commit; `content` is base64 for a single file, empty in a listing."""

    name: str
    path: str
    sha: str
    type: str = ""
    size: int = 0
    encoding: str = ""
    content: str = ""


class Written(Reply):
    """The answer to writing a file: the file (None when it was deleted) and the commit."""

    content: Contents | None = None
    commit: ObjectName


class TreeEntry(Reply):
    """An entry of a tree; `mode` as git writes it."""

    path: str
    mode: str
    type: str
    sha: str
    size: int = 0


class Tree(Reply):
    """A page of a tree."""

    sha: str
    tree: tuple[TreeEntry, ...] = ()
    truncated: bool = False
    page: int = 1
    total_count: int = 0


class Blob(Reply):
    """A file's content in base64."""

    sha: str
    size: int
    content: str = ""
    encoding: str = ""


class RefObject(Reply):
    """What a reference points to."""

    type: str
    sha: str


class Reference(Reply):
    """A git reference, by its full name."""

    ref: str
    object: RefObject


class Run(Reply):
    """A run of Forgejo Actions, without times; or a task, which is a job that a runner took, with its own id."""

    id: int
    name: str = ""
    head_branch: str = ""
    head_sha: str = ""
    run_number: int = 0
    event: str = ""
    status: str = ""
    workflow_id: str = ""
    url: str = ""
    created_at: Moment = None
    updated_at: Moment = None
    run_started_at: Moment = None


class Runs(Reply):
    """A page of runs of Forgejo Actions, or of tasks."""

    total_count: int = 0
    workflow_runs: tuple[Run, ...] = ()


class Dispatched(Reply):
    """The run that a dispatch began."""

    id: int
    run_number: int = 0
    jobs: tuple[str, ...] = ()
