"""The servers that the sandbox can be, each as the recordings of a real one show it.

A difference is a field here, so that a handler asks what the server does and never which server it is.
"""

from dataclasses import dataclass
from typing import Literal

TimelinePages = Literal["never", "with-page", "always"]


@dataclass(frozen=True, kw_only=True)
class Server:
    """A product in a version, and what it does in ways of its own.

    `junk` is the text of a 401, where `{token}` is the token that was sent. `unknown_commit`, `unknown_label` and
    `stale_file` are the answers' statuses to a status of no commit, to the removal of no label, and to a file that
    is written over another content than the one named. `posted_events` are names of events that a hook can be made with
    and that no change of it adds or takes away. `hides_owners` says that a repository's owner is told to nobody in
    particular without an address; `backdating` is the refusal of a time of update. `fails_strange_states` says
    that a commit fails which has a status in a word that is no state; `tells_posters_rights`, that the event of a new
    issue tells what its poster may do, and not what everybody may.
    """

    name: str
    product: Literal["forgejo", "gitea"]
    version: str
    cache_control: str
    junk: str
    hook_types: tuple[str, ...]
    header_families: tuple[str, ...]
    posted_events: tuple[str, ...]
    lists_runs: bool
    links_wiki: bool
    hides_owners: bool
    tells_posters_rights: bool
    fails_strange_states: bool
    backdating: str
    links_pulls_to_api: bool
    labels_go_by_name: bool
    unknown_commit: int
    unknown_label: int
    stale_file: int
    timeline_pages: TimelinePages
    pages_all_comments: bool
    names_lost_heads: bool
    dismissal_keeps_official: bool
    opens_pulls_from_forks: bool
    filters_pulls: bool

    @property
    def gitea(self) -> bool:
        """Whether this is Gitea, whose JSON has fields of its own."""
        return self.product == "gitea"


_MALFORMED = "token is malformed: token contains an invalid number of segments"

FORGEJO_12 = Server(
    name="forgejo-12",
    product="forgejo",
    version="12.0.0-dev-412-7958942e3e+gitea-1.22.0",
    cache_control="max-age=0, private, must-revalidate, no-transform",
    junk="user does not exist [uid: 0, name: ]",
    hook_types=("forgejo", "gitea", "gogs"),
    header_families=("Forgejo", "Gitea", "Gogs", "GitHub"),
    posted_events=(),
    lists_runs=False,
    links_wiki=False,
    hides_owners=False,
    tells_posters_rights=False,
    fails_strange_states=False,
    backdating="user needs to have admin or owner right",
    links_pulls_to_api=False,
    labels_go_by_name=False,
    unknown_commit=500,
    unknown_label=422,
    stale_file=422,
    timeline_pages="never",
    pages_all_comments=False,
    names_lost_heads=False,
    dismissal_keeps_official=False,
    opens_pulls_from_forks=False,
    filters_pulls=False,
)
FORGEJO_16 = Server(
    name="forgejo-16",
    product="forgejo",
    version="16.0.0-dev-539-4695780d41+gitea-1.22.0",
    cache_control="max-age=0, private, must-revalidate",
    junk="\n".join(
        (
            _MALFORMED,
            "access token does not exist [sha: {token}]",
            _MALFORMED,
            'task with token "{token}": resource does not exist',
            f"authorized integration: parse JWT error: {_MALFORMED}",
        )
    ),
    hook_types=("forgejo", "gitea", "gogs"),
    header_families=("Forgejo", "Gitea", "Gogs", "GitHub"),
    posted_events=("package", "action_run_failure", "action_run_recover", "action_run_success"),
    lists_runs=True,
    links_wiki=True,
    hides_owners=True,
    tells_posters_rights=True,
    fails_strange_states=False,
    backdating="user needs to have admin or repository owner right to set an update date",
    links_pulls_to_api=True,
    labels_go_by_name=True,
    unknown_commit=404,
    unknown_label=422,
    stale_file=409,
    timeline_pages="with-page",
    pages_all_comments=False,
    names_lost_heads=True,
    dismissal_keeps_official=True,
    opens_pulls_from_forks=True,
    filters_pulls=True,
)
GITEA = Server(
    name="gitea",
    product="gitea",
    version="1.27.3",
    cache_control="max-age=0, private, must-revalidate",
    junk="invalid username, password or token",
    hook_types=("gitea", "gogs"),
    header_families=("Gitea", "Gogs", "GitHub"),
    posted_events=(),
    lists_runs=True,
    links_wiki=False,
    hides_owners=True,
    tells_posters_rights=True,
    fails_strange_states=True,
    backdating="user needs to have admin or repository owner right to set an update date",
    links_pulls_to_api=False,
    labels_go_by_name=False,
    unknown_commit=500,
    unknown_label=404,
    stale_file=422,
    timeline_pages="always",
    pages_all_comments=True,
    names_lost_heads=True,
    dismissal_keeps_official=True,
    opens_pulls_from_forks=True,
    filters_pulls=False,
)
SERVERS = (FORGEJO_12, FORGEJO_16, GITEA)
