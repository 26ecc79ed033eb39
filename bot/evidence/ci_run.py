"""Which run evidence is about: what the options name, else the run of Forgejo Actions that the command runs in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.model import EvidenceRun


@dataclass(frozen=True)
class NamedRun:
    """A run as the options name it; empty or None where they don't."""

    number: int | None = None
    id: int | None = None
    workflow: str = ""
    url: str = ""
    commit: str = ""


def in_ci(environ: Mapping[str, str], name: str) -> str:
    """Gives a variable of the Actions' environment, `FORGEJO_…` before `GITHUB_…`."""
    return environ.get(f"FORGEJO_{name}", "") or environ.get(f"GITHUB_{name}", "")


def run_of(named: NamedRun, environ: Mapping[str, str]) -> tuple[EvidenceRun | None, str]:
    """Gives the run and its commit; None and an empty text where neither options nor environment know them.

    As soon as the options name another run than the one the command runs in, nothing of the latter is taken.
    """
    number, own_id = _whole(in_ci(environ, "RUN_NUMBER")), _whole(in_ci(environ, "RUN_ID"))
    same = named.number in (None, number) and named.id in (None, own_id)
    run = EvidenceRun(
        number=named.number or (number if same else 0),
        id=named.id or (own_id if same else 0),
        workflow=(named.workflow or (_workflow(environ) if same else ""))[:200],
    )
    if not (run.number or run.id):
        return None, named.commit
    url = named.url or _url(run.number, environ)
    return run.model_copy(update={"url": url[:1000]}), named.commit or (in_ci(environ, "SHA") if same else "")


def _workflow(environ: Mapping[str, str]) -> str:
    """The workflow's file, since that is what Forgejo's API tells; its title where the file isn't known."""
    return PurePosixPath(in_ci(environ, "WORKFLOW_REF").split("@")[0]).name or in_ci(environ, "WORKFLOW")


def _url(number: int, environ: Mapping[str, str]) -> str:
    """The page of a run of this repository; Forgejo's pages go by the number, not by the id."""
    server, repository = in_ci(environ, "SERVER_URL").rstrip("/"), in_ci(environ, "REPOSITORY")
    return f"{server}/{repository}/actions/runs/{number}" if number and server and repository else ""


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004 - under Count's end
