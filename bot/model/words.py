"""The plain words: kinds, severities, verdicts, targets and places."""

import hashlib
import json
import re
from enum import StrEnum
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

CONTEXT = "assay/"
"""Begins the contexts of all the bot's statuses; the name of a check follows."""
OVERALL = "assay"
"""The context of the one status that a branch protection has to require: the worst of all checks."""
WRITING = frozenset({"write", "admin", "owner"})
"""What Forgejo calls the permissions of those who may write."""


def is_ours(context: str) -> bool:
    """Say whether a status's context is one of the bot's."""
    return context == OVERALL or context.startswith(CONTEXT)


def no_commit(sha: str) -> bool:
    """Say whether an id stands for no object: git writes only zeros then, 40 or, with SHA-256, 64 of them."""
    return not sha.strip("0")


class Value(BaseModel):
    """A frozen value; unknown fields are refused, so a snapshot file of another version fails loudly."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Kind(StrEnum):
    """What a target is."""

    PULL = "pull"
    ISSUE = "issue"


class Severity(StrEnum):
    """How bad a finding is, in rising order."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Gives 0 for low up to 3 for critical."""
        return list(Severity).index(self)


class Verdict(StrEnum):
    """What a check says, from best to worst."""

    SKIP = "skip"
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    ADVISE = "advise"
    PENDING = "pending"
    ERROR = "error"
    BLOCK = "block"

    @property
    def rank(self) -> int:
        """Gives 0 for skip up to 5 for block: the worst of several is the one with the highest rank."""
        return list(Verdict).index(self)


class Actor(StrEnum):
    """Who has to act on a finding; `nobody` for advice and for what ends by itself."""

    AUTHOR = "author"
    OPERATOR = "operator"
    REVIEWER = "reviewer"
    ADMINISTRATOR = "administrator"
    NOBODY = "nobody"


class Repo(Value):
    """A repository: the server's number, which stays, and its name `owner/name`, which may change. 0: not known yet."""

    id: int = 0
    name: str

    def target(self, number: int, kind: Kind) -> "Target":
        """Return a target in it."""
        return Target(repository=self.name, repository_id=self.id, number=number, kind=kind)


class Target(Value):
    """One pull request (`owner/repo!12`) or issue (`owner/repo#12`).

    `repository_id` is the server's number of the repository, which stays when it is renamed or transferred; 0 where it
    isn't known yet. `repository` is the name that it had when this value was made.
    """

    repository: str
    number: int
    kind: Kind
    repository_id: int = 0

    @property
    def key(self) -> str:
        """Return what tells this target from all others, whatever its repository is called now."""
        return f"{self.repository_id or self.repository}{'!' if self.kind is Kind.PULL else '#'}{self.number}"

    @property
    def repo(self) -> Repo:
        """Return the repository that this target is in."""
        return Repo(id=self.repository_id, name=self.repository)

    def beside(self, number: int, kind: Kind) -> Self:
        """Return another target of the same repository."""
        return self.model_copy(update={"number": number, "kind": kind})

    def __str__(self) -> str:
        return f"{self.repository}{'!' if self.kind is Kind.PULL else '#'}{self.number}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Gives the target that a text or a Forgejo URL names.

        Raises ValueError that says which forms are understood.
        """
        short = re.fullmatch(r"([^\s/]+/[^\s/!#]+)([!#])(\d{1,18})", text)
        if short:
            kind = Kind.PULL if short[2] == "!" else Kind.ISSUE
            return cls(repository=short[1], number=int(short[3]), kind=kind)
        parts = urlsplit(text).path.strip("/").split("/")
        if "://" in text and len(parts) >= 4 and parts[-2] in {"pulls", "issues"} and parts[-1].isdigit():  # noqa: PLR2004 - owner, repo, kind, number
            kind = Kind.PULL if parts[-2] == "pulls" else Kind.ISSUE
            return cls(repository="/".join(parts[-4:-2]), number=int(parts[-1]), kind=kind)
        raise ValueError(f"{text!r} is not a target; use owner/repo!12, owner/repo#12 or its URL")


class Location(Value):
    """A place. `where` is diff, path, title, body, comment, message, policy or target; for a secret also branch,
    repository, label, milestone, status or account.
    """

    where: str
    path: str = ""
    line: int = 0
    commit: str = ""
    comment_id: int = 0


def canonical(value: Any) -> str:
    """Gives JSON with sorted keys, no blanks and ASCII alone: what hashes of values are taken over."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest(text: str) -> str:
    """Gives `sha256:` and the hex SHA-256 of a text in UTF-8 (lone surrogates are kept apart, not refused)."""
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
