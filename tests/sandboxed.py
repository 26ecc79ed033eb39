"""A sandbox with the people of its world, and a client for each of them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bot.forgejo.httpx import HttpxForgejo
from bot.sandbox import Sandbox
from bot.sandbox.world import people


@asynccontextmanager
async def sandbox_with_people(folder: Path) -> AsyncIterator[tuple[Sandbox, dict[str, str], dict[str, HttpxForgejo]]]:
    """Yield a running sandbox, the tokens and the clients of its people by login."""
    async with AsyncExitStack() as closing:
        sandbox = Sandbox(folder / "forge")
        await sandbox.start()
        closing.push_async_callback(sandbox.stop)
        tokens = await people(sandbox)
        api = {
            login: await closing.enter_async_context(HttpxForgejo(sandbox.url, token))
            for login, token in tokens.items()
        }
        yield sandbox, tokens, api
