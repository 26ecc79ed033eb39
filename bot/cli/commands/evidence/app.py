"""`assay evidence`: turns a run's logs and artifacts into a comment with soak evidence, which the bot reads.

It runs in a CI job with that job's own token, and needs neither the bot's database nor its settings. `assay.toml` is
not read: it may belong to the change under test and could send the token to another server. No log and no artifact
leaves the job; only counts, exit codes and names do, and only if no input contains a secret.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.bootstrap import FromEnvironment, read_settings, repository_name, run, with_forgejo
from bot.cli.commands.evidence.files import Files, SeveralFiles, file_of_token, files_of
from bot.cli.input import read_text
from bot.cli.options import with_options
from bot.cli.output import FINE, FOUND, line, note, whole
from bot.cli.printing.grouped_help import group
from bot.evidence.ci_run import NamedRun, in_ci, run_of
from bot.evidence.collect import EvidenceError, Markers, against, comment, evidence_of, module_of, moment, steps_of
from bot.policy import PATH, SoakPolicy, load

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.model import Evidence

MAX = 10**9

app = group("Collect soak evidence of a run, in a CI job.")


class EvidenceKind(StrEnum):
    """Kinds of evidence."""

    INSTALL = "install"
    SMOKE = "smoke"
    AUDIT = "audit"
    APPROVAL = "approval"
    REMOVAL = "removal"


@dataclass(frozen=True)
class Asked:
    """The options of the command, as typed."""

    log: Annotated[
        list[str],
        typer.Option(metavar="FILE…", help="Logs of the run: one or more files, or a pattern; repeatable."),
    ] = field(default_factory=list)
    artifact: Annotated[
        list[str],
        typer.Option(
            metavar="FILE…",
            help="<module>.plan.stdout.json, .apply.stdout.json, .health.json or auto-apply-scope.json; as --log.",
        ),
    ] = field(default_factory=list)
    policy: Annotated[
        str, typer.Option(metavar="FILE", help="The policy file; default is .forgejo/assay.yml, if it exists.")
    ] = ""
    marker: Annotated[
        list[str], typer.Option(metavar="TEXT", help="An additional text to count in the logs; repeatable.")
    ] = field(default_factory=list)
    module: Annotated[str, typer.Option(help="The module; default is taken from the artifacts' names.")] = ""
    run_number: Annotated[
        int | None, typer.Option(min=1, max=MAX, help="The run's number; default is this job's run.")
    ] = None
    run_id: Annotated[
        int | None, typer.Option(min=1, max=MAX, help="The run's id in the API; default is this job's run.")
    ] = None
    workflow: Annotated[str, typer.Option(metavar="FILE", help="The run's workflow; default is this job's.")] = ""
    run_url: Annotated[str, typer.Option(metavar="URL", help="The run's page; default is derived from its number.")] = (
        ""
    )
    commit: Annotated[str, typer.Option(metavar="SHA", help="The run's commit; default is this job's.")] = ""
    token_file: Annotated[
        str,
        typer.Option(metavar="PATH", help="The token file: its mode, owner and size are recorded; it is not opened."),
    ] = ""
    approved_pr: Annotated[
        int | None,
        typer.Option(min=1, max=MAX, help="The pull request that approved the run; default is in the apply artifact."),
    ] = None
    window_hours: Annotated[float | None, typer.Option(min=0, help="Audit: the hours that the logs cover.")] = None
    observed_at: Annotated[
        str, typer.Option(metavar="TIME", help="The time of the observation, with time zone; default is now.")
    ] = ""
    post: Annotated[bool, typer.Option("--post", help="Post the comment instead of printing it.")] = False
    repo: Annotated[
        str, typer.Option(metavar="OWNER/REPO", help="The repository to post to; default is this job's.")
    ] = ""
    issue: Annotated[
        int | None, typer.Option(min=1, help="The issue to post to; default is the soak's tracking issue.")
    ] = None

    @property
    def run(self) -> NamedRun:
        """The run that the options name."""
        return NamedRun(self.run_number, self.run_id, self.workflow, self.run_url, self.commit)


@dataclass(frozen=True)
class Subject:
    """The subject of the evidence. `known` is the soak's policy, if there is a policy."""

    soak: str
    kind: EvidenceKind
    known: SoakPolicy | None

    def markers(self, more: list[str]) -> Markers:
        """Return the texts to count: the policy's and `more`. Raises BadParameter."""
        if any(not text.strip() or "\n" in text or "\r" in text for text in more):
            raise typer.BadParameter("invalid text; use a non-empty text on one line", param_hint="--marker")
        own = (self.known.marker,) if self.known and self.known.marker else ()
        return Markers((*own, *more), self.known.forbidden if self.known else ())


@app.command(cls=SeveralFiles)
@with_options(Asked)
def collect(
    soak: Annotated[str, typer.Option(metavar="NAME", help="The soak's name in the policy.")],
    kind: Annotated[EvidenceKind, typer.Option(help="The kind of evidence.")],
    given: Asked,
) -> None:
    """Print or post soak evidence from a run's logs and artifacts.

    Counts the soak's texts in the logs, and takes exit codes from JSON artifacts. Reads the policy too. Counts are
    totals over all logs, which are read as UTF-8 without terminal colours. Prints the comment, or posts it with --post.
    Nothing is printed or posted if a log or an artifact contains a secret or could not be scanned completely; rule,
    file and line are then printed to standard error.

    Exit status: 0 printed or posted; 1 a secret was found or a file not scanned, or the evidence was printed or posted
    but shows a failure (a forbidden text, an exit code other than 0, a smoke without the marker); 2 usage or
    configuration error; 3 Forgejo or network error.
    """
    subject = Subject(soak, kind, _known(soak, given.policy))
    markers = subject.markers(given.marker)
    try:
        lacking = _needed(subject, given)
        target = _target(subject, given) if given.post else None
        files = files_of(given.log, given.artifact, markers.texts, _tokens(target))
        markers = markers.counted([log.counts for log in files.logs])
        evidence = _evidence(subject, given, markers, files)
        text = comment(evidence, markers, files.artifacts)
    except EvidenceError as fault:
        raise typer.BadParameter(str(fault)) from None
    files.refuse_secrets_of(text)
    if target is None:
        whole(text)
    else:
        line(run(_posted(target, text)))
    if lacking:
        note(f"note: this evidence does not count without {' and '.join(lacking)}")
    failures = tuple(against(evidence, markers))
    for failure in failures:
        note(f"this evidence shows a failure: {failure}")
    raise typer.Exit(FOUND if failures else FINE)


@dataclass(frozen=True)
class Place:
    """The issue to post to, and the settings with server and token."""

    settings: "Settings"
    repo: str
    issue: int


def _known(name: str, policy: str) -> SoakPolicy | None:
    """Return the soak's policy. Raises BadParameter for a soak that the policy does not have, and PolicyError."""
    file = policy or (PATH if Path(PATH).is_file() else "")
    if not file:
        note(f"no {PATH} in this folder: the soak name {name} is not checked, and only texts of --marker are counted")
        return None
    soaks = load(read_text(file, "--policy"), path="stdin" if file == "-" else file).soaks
    for soak in soaks:
        if soak.name == name:
            return soak
    names = ", ".join(soak.name for soak in soaks)
    known = f"available: {names}" if names else "the file defines no soaks"
    raise typer.BadParameter(f"soak {name!r} not found in {file}; {known}", param_hint="--soak")


def _needed(subject: Subject, given: Asked) -> tuple[str, ...]:
    """Return missing options that evidence needs to count. Raises EvidenceError for options that are always needed,
    and with --post for all missing ones.
    """
    found, commit = run_of(given.run, os.environ)
    log, artifact = ("--log", bool(given.log)), ("--artifact", bool(given.artifact))
    needs = {
        EvidenceKind.INSTALL: (("--token-file", bool(given.token_file)),),
        EvidenceKind.SMOKE: (log, artifact),
        EvidenceKind.AUDIT: (log, ("--window-hours", given.window_hours is not None)),
    }
    of_run = (("--run-number", found is not None), ("--commit", bool(commit)))
    asked = of_run if subject.kind in {EvidenceKind.SMOKE, EvidenceKind.REMOVAL} else ()
    missing = [option for option, there in needs.get(subject.kind, ()) if not there]
    lacking = tuple(option for option, there in asked if not there)
    if missing or (lacking and given.post):
        raise EvidenceError(f"evidence of kind {subject.kind} needs {', '.join((*missing, *lacking))}")
    return lacking


def _evidence(subject: Subject, given: Asked, markers: Markers, files: Files) -> "Evidence":
    """Return the evidence. Raises EvidenceError."""
    found, commit = run_of(given.run, os.environ)
    approved = next((one.approved_pr for one in files.artifacts if one.approved_pr), None)
    return evidence_of(
        {
            "soak": subject.soak,
            "kind": subject.kind.value,
            "module": module_of(files.artifacts, given.module),
            "run": found.model_dump() if found else None,
            "commit": commit,
            "markers": markers.counts,
            "steps": steps_of([one for one in files.artifacts if one.step]),
            "token_file": file_of_token(given.token_file) if given.token_file else None,
            "approved_pr": given.approved_pr or approved,
            "window_hours": given.window_hours,
            "logs": len(files.logs) or None,
            "observed_at": moment(given.observed_at, datetime.now(UTC)),
            "actor": in_ci(os.environ, "ACTOR"),
        }
    )


def _target(subject: Subject, given: Asked) -> Place:
    """Return where to post. Raises BadParameter and ConfigError."""
    named = given.repo or in_ci(os.environ, "REPOSITORY")
    if not named:
        raise typer.BadParameter("the repository is unknown outside a CI job; set this option", param_hint="--repo")
    repo = repository_name(named)
    issue = given.issue or (subject.known.issue if subject.known else 0)
    if not issue:
        raise typer.BadParameter(
            "the tracking issue is unknown without a policy; set this option", param_hint="--issue"
        )
    return Place(with_forgejo(read_settings(FromEnvironment)), repo, issue)


def _tokens(target: Place | None) -> Iterator[str]:
    """Yield this job's tokens: they are found in any text, whatever they look like."""
    if target is not None:
        yield target.settings.read_token()
    for name in ("ASSAY_TOKEN", "FORGEJO_TOKEN", "GITHUB_TOKEN", "GITEA_TOKEN"):
        yield os.environ.get(name, "").strip()


async def _posted(target: Place, text: str) -> str:
    """Post the comment and return where. Raises ForgejoError."""
    from bot.forgejo import Options, endpoints  # noqa: PLC0415 - as above
    from bot.forgejo.httpx import HttpxForgejo  # noqa: PLC0415 - loads the client, which --help doesn't need

    options = Options(network=target.settings.network())
    async with HttpxForgejo(target.settings.forgejo_url, target.settings.read_token(), options) as client:
        made = await endpoints.ISSUE_COMMENTS.post(client, target.repo, target.issue, data={"body": text})
    return f"{target.repo}#{target.issue}: comment {made.id}"
