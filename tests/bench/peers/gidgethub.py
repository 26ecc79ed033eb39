"""A bot of gidgethub on aiohttp, as its documentation shows one, whose callback does nothing. Prints its port.

python -m tests.bench.peers.gidgethub PATH uvloop|asyncio
"""

import asyncio
import os
import sys

import uvloop
from aiohttp import web
from gidgethub.routing import Router
from gidgethub.sansio import Event

BODY_LIMIT = 25 * 1024 * 1024


async def main(path: str) -> None:
    """Run until killed."""
    router = Router()
    router.add(_nothing, "pull_request")
    secret = os.environ["ASSAY_BENCH_SECRET"]

    async def receive(request: web.Request) -> web.Response:
        event = Event.from_http(request.headers, await request.read(), secret=secret)
        await router.dispatch(event)
        return web.Response(status=200)

    app = web.Application(client_max_size=BODY_LIMIT)
    app.router.add_post(path, receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


async def _nothing(_event: Event) -> None:
    """The callback of a bot that does nothing."""


if __name__ == "__main__":
    (uvloop.run if sys.argv[2] == "uvloop" else asyncio.run)(main(sys.argv[1]))
