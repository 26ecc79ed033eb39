"""Logs of jobs: one as text, served in ranges as Go serves files, and all of a run as an archive."""

import io
import re
import zipfile
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus

from aiohttp import web

from bot.sandbox.actions import NOT_YET, log_text
from bot.sandbox.api.actions.lookups import GONE, REPO, the_job, the_run
from bot.sandbox.http.request import Ask, Refusal
from bot.sandbox.http.routing import Routes
from bot.sandbox.runs import SETTLED, Job, Run, Task
from bot.sandbox.servers import FORGEJO_16

ROUTES = Routes()
TEXT = "text/plain; charset=utf-8"
BOUNDARY = "92732d96f15defe385c85e97ce45901e2561721b02090b4ebd0c7cb6f343"
UNSAFE = re.compile(r"[/\\\x00-\x1f]")
Span = tuple[int, int]


@ROUTES.add("GET", REPO + "/actions/jobs/{id}/logs", servers=(FORGEJO_16,))
async def of_job(ask: Ask) -> web.Response:
    """A job's log of its newest attempt, or of the one that is asked for; it grows while the job runs."""
    _run, job = the_job(ask)
    task = _attempt(ask, job)
    moment = task.updated if task.status in SETTLED else ask.forge.now()
    return ranged(ask.request, log_text(task).encode(), {"Content-Type": TEXT, "Last-Modified": _http(moment)})


def _attempt(ask: Ask, job: Job) -> Task:
    asked = ask.request.query.get("attempt")
    if asked is None:
        if job.task is None:
            raise Refusal(404, NOT_YET)
        return job.task
    number = int(asked) if re.fullmatch(r"-?\d{1,9}", asked) else 0
    task = next((task for task in job.tasks if task.attempt == number), None)
    if task is None:
        raise Refusal(404, f"task with job_id {job.id} and attempt {number}: {GONE}")
    return task


@ROUTES.add("GET", REPO + "/actions/runs/{id}/logs", servers=(FORGEJO_16,))
async def of_run(ask: Ask) -> web.Response:
    """The logs of all jobs' newest attempts in an archive; a job that no runner took has a line in their place."""
    run = the_run(ask)
    headers = {
        "Content-Type": "application/zip",
        "Content-Disposition": f'attachment; filename="run-{run.id}-logs.zip"',
    }
    return web.Response(body=_archive(run), headers=headers)


def _archive(run: Run) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for job in run.jobs:
            name = f"{UNSAFE.sub('', job.name)}-{job.id}-attempt-{job.attempt}"
            if job.task:
                archive.writestr(f"{name}.log", log_text(job.task))
            else:
                archive.writestr(f"{name}.MISSING", f"{NOT_YET}\n")
    return packed.getvalue()


def ranged(request: web.Request, content: bytes, headers: dict[str, str]) -> web.Response:
    """The content, or those parts of it that a request's Range names: RFC 9110, section 14.

    Headers have to hold Content-Type and Last-Modified.
    """
    headers = {"Accept-Ranges": "bytes"} | headers
    if _unchanged(request, headers["Last-Modified"]):
        kept = {name: value for name, value in headers.items() if name != "Content-Type"}
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=kept)
    asked = request.headers.get("Range", "")
    if not asked or request.headers.get("If-Range", headers["Last-Modified"]) != headers["Last-Modified"]:
        return web.Response(body=content, headers=headers)
    spans = _spans(asked, len(content))
    if not spans:
        refused = {"Accept-Ranges": "bytes", "Content-Range": f"bytes */{len(content)}", "Content-Type": TEXT}
        status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        return web.Response(status=status, text="invalid range: failed to overlap\n", headers=refused)
    if len(spans) > 1:
        body = _parts(content, spans, headers["Content-Type"])
        kind = f"multipart/byteranges; boundary={BOUNDARY}"
        return web.Response(status=206, body=body, headers=headers | {"Content-Type": kind})
    start, end = spans[0]
    return web.Response(status=206, body=content[start:end], headers=headers | _range(start, end, len(content)))


def _unchanged(request: web.Request, modified: str) -> bool:
    since = request.headers.get("If-Modified-Since")
    try:
        return since is not None and parsedate_to_datetime(modified) <= parsedate_to_datetime(since)
    except ValueError:
        return False


def _spans(asked: str, size: int) -> list[Span]:
    """The parts that begin within the content, as start and end."""
    found = []
    for part in asked.removeprefix("bytes=").split(","):
        start, _, end = part.strip().partition("-")
        if start.isdigit() and int(start) < size:
            found.append((int(start), min(int(end) + 1, size) if end.isdigit() else size))
        elif not start and end.isdigit():
            found.append((max(size - int(end), 0), size))
    return found


def _range(start: int, end: int, size: int) -> dict[str, str]:
    return {"Content-Range": f"bytes {start}-{end - 1}/{size}"}


def _parts(content: bytes, spans: list[Span], kind: str) -> bytes:
    pieces = []
    for start, end in spans:
        about = f"Content-Range: {_range(start, end, len(content))['Content-Range']}\r\nContent-Type: {kind}"
        pieces.append(f"--{BOUNDARY}\r\n{about}\r\n\r\n".encode() + content[start:end])
    return b"\r\n".join(pieces) + f"\r\n--{BOUNDARY}--\r\n".encode()


def _http(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)
