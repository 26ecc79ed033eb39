"""What all routes of Actions look up, with the answers to what isn't there."""

from bot.sandbox.http.request import Ask, Refusal, missing
from bot.sandbox.runs import Artifact, Job, Run

REPO = "/repos/{owner}/{repo}"
GONE = "resource does not exist"
LISTED_STATES = ("unknown", "waiting", "running", "blocked", "success", "failure", "cancelled", "skipped")


def enabled(ask: Ask) -> None:
    """Raises a 404 where the repository has Actions turned off."""
    if not ask.repo.has_actions:
        raise missing()


def the_run(ask: Ask) -> Run:
    """The run whose id the path has. Raises a 404, whose text differs for another repository's run."""
    enabled(ask)
    number = ask.number("id")
    found = ask.forge.run(number)
    if found is None:
        raise Refusal(404, f"run with id {number}: {GONE}")
    if found[0] is not ask.repo:
        raise Refusal(404, GONE)
    return found[1]


def the_job(ask: Ask) -> tuple[Run, Job]:
    """The job whose id the path has, with its run. Raises a 404, whose text differs for another repository's job."""
    enabled(ask)
    number = ask.number("id")
    for repo in ask.forge.repos.values():
        for run in repo.runs.values():
            for job in (job for attempt in (*run.past, run.jobs) for job in attempt):
                if job.id == number and repo is ask.repo:
                    return run, job
                if job.id == number:
                    raise Refusal(404, GONE)
    raise Refusal(404, f"run job with id {number}: {GONE}")


def the_artifact(ask: Ask) -> tuple[Run, Artifact]:
    """The artifact whose id the path has, with its run. Raises a 404."""
    enabled(ask)
    for run in ask.repo.runs.values():
        for artifact in run.artifacts:
            if artifact.id == ask.number("id"):
                return run, artifact
    raise Refusal(404, GONE)


def newest_first(ask: Ask) -> list[Run]:
    """The repository's runs, the newest first. Raises a 404 where Actions are off."""
    enabled(ask)
    return sorted(ask.repo.runs.values(), key=lambda run: -run.id)
