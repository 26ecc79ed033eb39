"""Types of what belongs to the server and its accounts: users, rights, repositories, hooks, teams, settings."""

from pydantic import AwareDatetime, Field

from bot.forgejo.types.replies import Moment, Reply


class User(Reply):
    """An account. Where Forgejo gives null (Actions, a deleted account) it is the empty user: id 0, login empty."""

    id: int = 0
    login: str = ""
    full_name: str = ""
    html_url: str = ""
    is_admin: bool = False


class Permissions(Reply):
    """What the account that asked may do in a repository; in a webhook's payload it is *not* about the sender."""

    admin: bool = False
    push: bool = False
    pull: bool = False


class Repository(Reply):
    """A repository. `permissions` stays empty where Forgejo doesn't tell them."""

    id: int
    name: str
    full_name: str
    owner: User = User()
    html_url: str = ""
    clone_url: str = ""
    default_branch: str = ""
    object_format_name: str = "sha1"
    private: bool = False
    internal: bool = False
    fork: bool = False
    empty: bool = False
    archived: bool = False
    mirror: bool = False
    has_issues: bool = True
    has_pull_requests: bool = True
    size: int = 0
    permissions: Permissions = Permissions()
    updated_at: Moment = None


class RepositoryName(Reply):
    """The short form of a repository inside an issue."""

    id: int = 0
    owner: str = ""
    name: str = ""
    full_name: str = ""


class CollaboratorPermission(Reply):
    """The right of one account: `none`, `read`, `write`, `admin` or `owner`. Asking for others needs admin."""

    permission: str
    role_name: str = ""
    user: User = User()


class Hook(Reply):
    """A webhook. Forgejo drops event names it doesn't know in silence: compare `events` with what was asked for."""

    id: int
    type: str = ""
    active: bool = False
    events: tuple[str, ...] = ()
    branch_filter: str = ""
    config: dict[str, str] = Field(default_factory=dict)
    updated_at: Moment = None

    @property
    def target_url(self) -> str:
        """Gives where the hook delivers to."""
        return self.config.get("url", "")


class Protection(Reply):
    """A rule of branch protection; only an admin may read it."""

    rule_name: str
    enable_push: bool = False
    enable_status_check: bool = False
    status_check_contexts: tuple[str, ...] = ()
    required_approvals: int = 0
    block_on_rejected_reviews: bool = False
    dismiss_stale_approvals: bool = False
    apply_to_admins: bool = False
    protected_file_patterns: str = ""
    unprotected_file_patterns: str = ""


class Team(Reply):
    """A team of an organisation."""

    id: int
    name: str
    permission: str = ""
    includes_all_repositories: bool = False


class Organisation(Reply):
    """An organisation."""

    id: int
    name: str
    full_name: str = ""
    visibility: str = ""


class Subject(Reply):
    """What a notification is about."""

    type: str = ""
    state: str = ""
    title: str = ""
    html_url: str = ""


class Notification(Reply):
    """A notification of the bot's account."""

    id: int
    unread: bool = False
    updated_at: AwareDatetime
    subject: Subject = Subject()


class Settings(Reply):
    """What the server says of itself under `/settings/...`; each page fills its own fields."""

    max_response_items: int = 0
    default_paging_num: int = 0
    http_git_disabled: bool = False
    allowed_reactions: tuple[str, ...] = ()
    enabled: bool = True
    max_size: int = 0


class Version(Reply):
    """The server's version, such as `12.0.0+gitea-1.22.0`."""

    version: str


class Error(Reply):
    """Forgejo's words about a call that failed."""

    message: str
    errors: tuple[str, ...] = ()
