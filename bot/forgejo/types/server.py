"""Types of the server and its accounts: users, permissions, repositories, hooks."""

from typing import ClassVar

from pydantic import Field

from bot.forgejo.types.replies import Reply


class User(Reply):
    """An account. Where Forgejo gives null (Actions, a deleted account) it is the empty user: id 0, login empty."""

    definition: ClassVar[str] = "User"

    id: int = 0
    login: str = ""


class Permissions(Reply):
    """What the account that asked may do in a repository; in a webhook's payload it is *not* about the sender."""

    definition: ClassVar[str] = "Permission"

    admin: bool = False
    push: bool = False


class Repository(Reply):
    """A repository. `permissions` stays empty where Forgejo doesn't tell them."""

    definition: ClassVar[str] = "Repository"

    id: int
    full_name: str
    owner: User = User()
    default_branch: str = ""
    empty: bool = False
    archived: bool = False
    autodetect_manual_merge: bool = False
    permissions: Permissions = Permissions()


class CollaboratorPermission(Reply):
    """The right of one account: `none`, `read`, `write`, `admin` or `owner`. Asking for others needs admin.

    `user` is the account that has the login which was asked for.
    """

    definition: ClassVar[str] = "RepoCollaboratorPermission"

    permission: str
    user: User = User()


class Hook(Reply):
    """A webhook. Forgejo drops event names it doesn't know in silence: compare `events` with what was asked for."""

    definition: ClassVar[str] = "Hook"

    id: int
    type: str = ""
    active: bool = False
    events: tuple[str, ...] = ()
    config: dict[str, str] = Field(default_factory=dict)

    @property
    def target_url(self) -> str:
        """Gives where the hook delivers to."""
        return self.config.get("url", "")


class Version(Reply):
    """The server's version, such as `12.0.0+gitea-1.22.0`."""

    definition: ClassVar[str] = "ServerVersion"

    version: str


class Error(Reply):
    """Forgejo's words about a call that failed."""

    definition: ClassVar[str] = "APIError"

    message: str
    errors: tuple[str, ...] = ()
