"""Product, version and features of a server, from the text of `/version`. No I/O.

Forgejo's text is like `12.0.0+gitea-1.22.0` or `16.0.0-dev-539-4695780d41+gitea-1.22.0`, Gitea's like `1.27.3`. The
first version with a feature was measured on Forgejo 12 and 16 and Gitea 1.27, and taken from release notes for versions
between.
"""

import re
from dataclasses import dataclass
from typing import Literal

Product = Literal["Forgejo", "Gitea", ""]
_TOLD = re.compile(r"v?(\d{1,5})\.(\d{1,5})[0-9A-Za-z.+~_-]{0,80}")


@dataclass(frozen=True)
class Feature:
    """A feature that only some servers have, with the first version of Forgejo and of Gitea; None if Gitea lacks it."""

    name: str
    forgejo: int
    gitea: tuple[int, int] | None = None

    @property
    def since(self) -> str:
        """Return which servers have it, such as `Forgejo ≥ 16, Gitea ≥ 1.24`."""
        gitea = f", Gitea ≥ {self.gitea[0]}.{self.gitea[1]}" if self.gitea else ""
        return f"Forgejo ≥ {self.forgejo}{gitea}"

    def __str__(self) -> str:
        return f"{self.name} ({self.since})"


TASKS = Feature("the list of tasks", 12, (1, 22))
RUNS = Feature("the list of runs", 12, (1, 25))
JOBS = Feature("the jobs of a run", 16, (1, 25))
JOB_LOGS = Feature("job logs", 16, (1, 24))
ARTIFACTS = Feature("artifacts of runs", 16, (1, 24))
RUN_HOOKS = Feature("webhooks about runs", 16, (1, 25))
LABELS_BY_NAME = Feature("removing labels by name", 16)
REPOSITORY_TOKENS = Feature("access tokens limited to repositories", 15)
ID_TOKENS = Feature("OpenID Connect tokens of jobs", 15)
FEATURES = (TASKS, RUNS, JOBS, JOB_LOGS, ARTIFACTS, RUN_HOOKS, LABELS_BY_NAME, REPOSITORY_TOKENS, ID_TOKENS)

OLDEST_FORGEJO, NEWEST_FORGEJO = 12, 16
OLDEST_GITEA, NEWEST_GITEA = (1, 22), (1, 27)
"""The bot is tested with these versions and those between."""
RUN_EVENTS = {"Forgejo": ("action_run_success", "action_run_failure"), "Gitea": ("workflow_run", "status")}
"""Events about runs that a webhook can subscribe to."""


@dataclass(frozen=True)
class Server:
    """A server: its product (empty if unknown), the version's first two numbers, and the version's text.

    `text` is empty if the server has not been asked yet.
    """

    product: Product = ""
    version: tuple[int, int] = (0, 0)
    text: str = ""

    def __str__(self) -> str:
        return f"{self.product or 'unknown server,'} {self.text or 'not asked yet'}"

    def can(self, feature: Feature) -> bool:
        """Return whether the server has a feature."""
        if self.product == "Forgejo":
            return self.version[0] >= feature.forgejo
        return self.product == "Gitea" and feature.gitea is not None and self.version >= feature.gitea

    @property
    def missing(self) -> tuple[Feature, ...]:
        """Return the features that the server lacks; empty for an unknown product."""
        return tuple(feature for feature in FEATURES if self.product and not self.can(feature))

    @property
    def hook_type(self) -> str:
        """Return the `type` with which the API creates a webhook."""
        return "gitea" if self.product == "Gitea" else "forgejo"

    @property
    def run_events(self) -> tuple[str, ...]:
        """Return the events about runs that a webhook can subscribe to through the API."""
        return RUN_EVENTS[self.product] if self.product and self.can(RUN_HOOKS) else ()

    @property
    def unsupported(self) -> str:
        """Return why the server is not supported; empty if it is."""
        if not self.text:
            return ""
        if not self.product:
            return (
                f"unknown server: its version ({self.text}) is not Forgejo's or Gitea's; the bot supports {SUPPORTED}"
            )
        if self._range[0] > self.version:
            return f"{self} is too old; the bot supports {SUPPORTED}: upgrade the server"
        return ""

    @property
    def untested(self) -> str:
        """Return a note about a server that is newer than the tested versions; empty if it is not."""
        newest = self._range[1]
        if not self.product or self.version <= newest:
            return ""
        return f"{self} is newer than {self.product} {_number(self.product, newest)}, the newest tested version"

    @property
    def _range(self) -> tuple[tuple[int, int], tuple[int, int]]:
        if self.product == "Gitea":
            return OLDEST_GITEA, NEWEST_GITEA
        return (OLDEST_FORGEJO, 0), (NEWEST_FORGEJO, 99999)


def _number(product: Product, version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}" if product == "Gitea" else str(version[0])


SUPPORTED = (
    f"Forgejo {OLDEST_FORGEJO} to {NEWEST_FORGEJO} and Gitea "
    f"{_number('Gitea', OLDEST_GITEA)} to {_number('Gitea', NEWEST_GITEA)}"
)


def server_of(text: str) -> Server:
    """Return the server with this version; one without a product if the text has another form."""
    found = _TOLD.fullmatch(text.strip())
    if found is None:
        return Server(text="unknown format")
    version = int(found[1]), int(found[2])
    if "+gitea-" in text:
        return Server("Forgejo", version, found[0])
    # Gitea's versions start with 1. Those of Forgejo before 7 did too; they are too old anyway.
    return Server("Gitea" if version[0] == 1 else "", version, found[0])
