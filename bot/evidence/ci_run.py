"""Finds the run for the evidence: the one named by the options, otherwise the current run of Forgejo Actions."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.model import EvidenceRun


@dataclass(frozen=True)
class NamedRun:
    """A run as the options name it; empty or None for options that are not given."""

    number: int | None = None
    id: int | None = None
    workflow: str = ""
    url: str = ""
    commit: str = ""


def in_ci(environ: Mapping[str, str], name: str) -> str:
    """Return a variable of the Actions' environment: `FORGEJO_…` if set, otherwise `GITHUB_…`."""
    return environ.get(f"FORGEJO_{name}", "") or environ.get(f"GITHUB_{name}", "")


def run_of(named: NamedRun, environ: Mapping[str, str]) -> tuple[EvidenceRun | None, str]:
    """Return the run and its commit; None and an empty text if neither options nor environment name them.

    If the options name another run than the current one, nothing is taken from the environment.
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
    """Return the workflow's file name, as in Forgejo's API; its title if the file is unknown."""
    return PurePosixPath(in_ci(environ, "WORKFLOW_REF").split("@")[0]).name or in_ci(environ, "WORKFLOW")


def _url(number: int, environ: Mapping[str, str]) -> str:
    """Return the page of a run of this repository; its address contains the run's number, not the id."""
    server, repository = in_ci(environ, "SERVER_URL").rstrip("/"), in_ci(environ, "REPOSITORY")
    return f"{server}/{repository}/actions/runs/{number}" if number and server and repository else ""


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004 - under Count's end
