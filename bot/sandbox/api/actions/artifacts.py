"""Artifacts: files that runs kept, listed with their counts and packed as archives."""

import io
import zipfile
from collections.abc import Iterable
from datetime import UTC
from email.utils import format_datetime

from aiohttp import web

from bot.sandbox.actions import RunShapes
from bot.sandbox.api.actions.logs import ranged
from bot.sandbox.api.actions.lookups import REPO, newest_first, the_artifact, the_run
from bot.sandbox.http.request import Ask, Page, answer, listed, nothing
from bot.sandbox.http.routing import Routes
from bot.sandbox.people import Level
from bot.sandbox.runs import Artifact, Run
from bot.sandbox.servers import FORGEJO_16

ROUTES = Routes()
ON = (FORGEJO_16,)
ARTIFACTS = REPO + "/actions/artifacts"
ONE = ARTIFACTS + "/{id}"


@ROUTES.add("GET", ARTIFACTS, servers=ON)
async def listing(ask: Ask) -> web.Response:
    """The repository's artifacts, the newest first, or those of a name."""
    name = ask.request.query.get("name")
    pairs = [(run, one) for run in newest_first(ask) for one in run.artifacts if name in (None, "", one.name)]
    return _listed(ask, sorted(pairs, key=lambda pair: -pair[1].id))


@ROUTES.add("GET", REPO + "/actions/runs/{id}/artifacts", servers=ON)
async def of_run(ask: Ask) -> web.Response:
    """A run's artifacts."""
    run = the_run(ask)
    return _listed(ask, [(run, artifact) for artifact in run.artifacts])


def _listed(ask: Ask, pairs: list[tuple[Run, Artifact]]) -> web.Response:
    shapes = RunShapes(ask.forge, ask.parts.shapes)
    shown = Page.of(ask.request).cut(pairs)
    return listed([shapes.artifact(ask.repo, *pair) for pair in shown], len(pairs))


@ROUTES.add("GET", ONE, servers=ON)
async def read(ask: Ask) -> web.Response:
    """One artifact."""
    return answer(RunShapes(ask.forge, ask.parts.shapes).artifact(ask.repo, *the_artifact(ask)))


@ROUTES.add("DELETE", ONE, Level.WRITE, servers=ON)
async def delete(ask: Ask) -> web.Response:
    """Removes an artifact, by any writer."""
    run, artifact = the_artifact(ask)
    run.artifacts.remove(artifact)
    return nothing()


@ROUTES.add("GET", ONE + "/zip", servers=ON)
async def packed(ask: Ask) -> web.Response:
    """The files of an artifact, packed without compression."""
    _run, artifact = the_artifact(ask)
    name = f"{artifact.name}.zip"
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"inline; filename=\"{name}\"; filename*=UTF-8''{name}",
        "Access-Control-Expose-Headers": "Content-Disposition",
        "Cache-Control": "private, max-age=300",
        "Last-Modified": format_datetime(artifact.created.astimezone(UTC), usegmt=True),
        "No-Gzip-Compression": "1",
    }
    return ranged(ask.request, _archive(artifact.files.items()), headers)


def _archive(files: Iterable[tuple[str, bytes]]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return stream.getvalue()
