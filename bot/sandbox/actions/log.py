"""A job's log, line by line as a runner writes it: a time of seven digits, a blank, the text.

What a runner was told to keep secret is masked wherever it stands, also inside other words.
"""

from collections.abc import Iterable
from datetime import datetime

from bot.sandbox.runs import Job, Run, Task

RUNNER = "runner(version:v12.1.99)"
MASK = "***"
LINE_LIMIT = 64 * 1024
NOT_YET = "job has not been executed yet"


def text(task: Task) -> str:
    """The whole log of an attempt."""
    return "".join(f"{_moment(when)} {line}\n" for when, line in task.lines)


def masked(line: str, secrets: Iterable[str]) -> str:
    """The line as it may be kept: cut, and with no secret in it."""
    parts = {part for secret in secrets for part in secret.splitlines() if part}
    for part in sorted(parts, key=len, reverse=True):
        line = line.replace(part, MASK)
    return line[:LINE_LIMIT]


def opening(run: Run, job: Job, task: Task) -> list[str]:
    """The lines before the first of a job's own."""
    taken = f"{RUNNER} received task {task.id} of job {job.name}, be triggered by event: {run.trigger.name}"
    return [taken, "workflow prepared", f"⭐ Run Main {job.step}"]


def closing(job: Job, status: str) -> list[str]:
    """The lines after the last of a job's own, by how it ended."""
    if status == "success":
        return ["🏁  Job succeeded"]
    if status == "skipped":
        return [f"Skipping job '{job.name}' due to '${{{{ false }}}}'"]
    if status == "cancelled":
        told = "⚙️ [runner]: this step has been cancelled: ctx: context canceled, exec: RUN signal: killed"
        return [told, "🏁  Job failed", "context canceled"]
    return ["⚙️ [runner]: RUN exit status 1", "🏁  Job failed", f"Job '{job.name}' failed"]


def _moment(when: datetime) -> str:
    return f"{when.strftime('%Y-%m-%dT%H:%M:%S.%f')}0Z"
