"""The story of a soak as a table: `python -m tests.stories.soaks.soak_table [--server forgejo-12|forgejo-16|gitea]`.

Each comment, the expected state, and the state that the bot found through webhook, database and API.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
from pathlib import Path

import structlog

from bot.sandbox import SERVERS, Server
from tests.stories.soaks.soak_story import REPORT, STORY, soaking

ROW = "{:>3}  {:60} {:18} {:18} {}"


def _row(*cells: object) -> None:
    sys.stdout.write(ROW.format(*cells).rstrip() + "\n")
    sys.stdout.flush()


async def main(server: Server) -> int:
    """Plays the story on a server, and returns how many states differ."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        async with soaking(Path(folder), server) as story:
            _row("#", "comment", "expected", "found", "why")
            for number, step in enumerate(STORY, start=1):
                await step.act(story)
                found = await story.state()
                wrong += found["state"] != step.state
                _row(number, step.about, step.state, found["state"], found["why"])
            number, _ = await story.pull("codex/early", "chore: count the beds", {"garden/beds.py": "BEDS = 1\n"})
            number, _ = await story.pull("codex/report", "docs: report the soak", {"docs/soak.md": "It is done.\n"})
            assert number == REPORT
            await story.merge(number)
            found = await story.state()
            wrong += found["state"] != "closed"
            _row("", "the report is merged", "closed", found["state"], found["why"])
    sys.stdout.write(f"{len(STORY) + 1 - wrong} of {len(STORY) + 1} as expected\n")
    return wrong


if __name__ == "__main__":
    servers = {server.name: server for server in SERVERS}
    parser = argparse.ArgumentParser(description="Plays the story of a soak, and prints each state.")
    parser.add_argument("--server", choices=servers, default="forgejo-16", help="the server that the sandbox acts as")
    sys.exit(1 if asyncio.run(main(servers[parser.parse_args().server])) else 0)
