"""Which server answers, and what it can do: read from the text of `/version`, without I/O.

Forgejo says `12.0.0+gitea-1.22.0` or `16.0.0-dev-539-4695780d41+gitea-1.22.0`, Gitea `1.27.3`. From which version on a
server has something was measured on Forgejo 12 and 16 and on Gitea 1.27, and taken from the release notes between.
"""

import re
from dataclasses import dataclass
from typing import Literal

Product = Literal["Forgejo", "Gitea", ""]
_TOLD = re.compile(r"v?(\d{1,5})\.(\d{1,5})[0-9A-Za-z.+~_-]{0,80}")


@dataclass(frozen=True)
class Feature:
    """Something that not every server has: since which Forgejo, and which Gitea; None where it never had it."""

    name: str
    forgejo: int
    gitea: tuple[int, int] | None = None

    @property
    def since(self) -> str:
        """Gives which servers have it, such as `Forgejo ≥ 16, Gitea ≥ 1.24`."""
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
LABELS_BY_NAME = Feature("taking labels off by name", 16)
REPOSITORY_TOKENS = Feature("tokens for chosen repositories", 15)
ID_TOKENS = Feature("signed identities of jobs", 15)
FEATURES = (TASKS, RUNS, JOBS, JOB_LOGS, ARTIFACTS, RUN_HOOKS, LABELS_BY_NAME, REPOSITORY_TOKENS, ID_TOKENS)

OLDEST_FORGEJO, NEWEST_FORGEJO = 12, 16
OLDEST_GITEA, NEWEST_GITEA = (1, 22), (1, 27)
"""Between these the bot is tested."""
RUN_EVENTS = {"Forgejo": ("action_run_success", "action_run_failure"), "Gitea": ("workflow_run", "status")}
"""What a webhook subscribes to in order to hear of runs, where the server has such events."""


@dataclass(frozen=True)
class Server:
    """A server: its product (empty for another one), the version's first two numbers, and as it was told.

    Nothing is told of one that wasn't asked yet.
    """

    product: Product = ""
    version: tuple[int, int] = (0, 0)
    told: str = ""

    def __str__(self) -> str:
        return f"{self.product or 'a server of another kind,'} {self.told or 'not asked yet'}"

    def can(self, feature: Feature) -> bool:
        """Says whether it has something."""
        if self.product == "Forgejo":
            return self.version[0] >= feature.forgejo
        return self.product == "Gitea" and feature.gitea is not None and self.version >= feature.gitea

    @property
    def missing(self) -> tuple[Feature, ...]:
        """Gives what it hasn't got; nothing is known of a server that isn't known."""
        return tuple(feature for feature in FEATURES if self.product and not self.can(feature))

    @property
    def hook_type(self) -> str:
        """Gives the word by which it makes a webhook of its own form."""
        return "gitea" if self.product == "Gitea" else "forgejo"

    @property
    def run_events(self) -> tuple[str, ...]:
        """Gives the events about runs that a webhook can subscribe to through the API."""
        return RUN_EVENTS[self.product] if self.product and self.can(RUN_HOOKS) else ()

    @property
    def unsupported(self) -> str:
        """Gives why the bot isn't made for it, empty where it is."""
        made_for = f"the bot is made for {SUPPORTED}"
        if not self.told:
            return ""
        if not self.product:
            return f"the server says {self.told}, which is neither Forgejo's form nor Gitea's; {made_for}"
        if self._range[0] > self.version:
            return f"{self} is too old; {made_for}: upgrade the server"
        return ""

    @property
    def untested(self) -> str:
        """Gives a word about a server that is newer than those that were tested, empty where it isn't."""
        newest = self._range[1]
        if not self.product or self.version <= newest:
            return ""
        return f"{self} is newer than {self.product} {_number(self.product, newest)}, the newest that was tested"

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
    """Gives the server that says this of its version; one of no product for a text of any other form."""
    found = _TOLD.fullmatch(text.strip())
    if found is None:
        return Server(told="a version of another form")
    version = int(found[1]), int(found[2])
    if "+gitea-" in text:
        return Server("Forgejo", version, found[0])
    # Gitea is at 1 for good; Forgejo said so too before its seventh, which is too old as well.
    return Server("Gitea" if version[0] == 1 else "", version, found[0])
