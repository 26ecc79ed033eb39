"""Puts the names of accounts in the place of logins in everything that was read from Forgejo."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from bot.forgejo.types import PullRequest, User
from bot.model import StatusSeen
from bot.policy import named
from bot.thread.directory import Directory
from bot.thread.thread import Thread

MAX_NOTES = 5
CONFIRM = "if this is right, run on the bot's host: assay accounts confirm"
NOTE = (
    "{name} uses or used the login {login}, which means another account; it has no rights here; "
    f"{CONFIRM} {{login}} {{id}}"
)


class HasUser(Protocol):
    """Anything that somebody did."""

    @property
    def user(self) -> User:
        """Who did it."""

    def model_copy(self, *, update: dict[str, Any]) -> Any:
        """Return a copy with changed fields."""


Done = TypeVar("Done", bound=HasUser)


def people_of(thread: Thread) -> list[User]:
    """Return the accounts in a thread, in no order and more than once."""
    merger = [thread.head.merged_by] if isinstance(thread.head, PullRequest) else []
    others = (*(one.user for one in thread.comments), *(one.user for one in thread.timeline))
    return [thread.head.user, *merger, *others]


def with_names(thread: Thread, directory: Directory) -> Thread:
    """Return a thread in which every login is the name of its account."""
    head = thread.head
    changed = {"user": _named(head.user, directory)}
    if isinstance(head, PullRequest):
        changed["merged_by"] = _named(head.merged_by, directory)
    return replace(
        thread,
        head=head.model_copy(update=changed),
        comments=tuple(by_name(one, directory) for one in thread.comments),
        timeline=tuple(by_name(one, directory) for one in thread.timeline),
        statuses=posted(thread.statuses, directory),
    )


def by_name(thing: Done, directory: Directory) -> Done:
    """Return a thing with the name of the account that did it."""
    user = _named(thing.user, directory)
    if user is thing.user:
        return thing
    changed: Done = thing.model_copy(update={"user": user})
    return changed


def notes(thread: Thread, listed: Iterable[str]) -> tuple[str, ...]:
    """Return a note for each account in a named thread that has or had a listed login without being meant by it."""
    logins = tuple(listed)
    found = dict.fromkeys(
        (user.login, login, user.id)
        for user in people_of(thread)
        for login, sign, _ in [user.login.partition("#")]
        if sign and named(login, logins)
    )
    return tuple(NOTE.format(name=name, login=login, id=number) for name, login, number in [*found][:MAX_NOTES])


def posted(statuses: Iterable[StatusSeen], directory: Directory) -> tuple[StatusSeen, ...]:
    """Return statuses with the names of the accounts that posted them."""
    return tuple(one.model_copy(update={"creator": directory.name(one.creator, one.creator_id)}) for one in statuses)


def _named(user: User, directory: Directory) -> User:
    name = directory.name(user.login, user.id)
    return user if name == user.login else user.model_copy(update={"login": name})
