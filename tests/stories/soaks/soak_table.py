"""The story of a soak as a table: `python -m tests.stories.soaks.soak_table`.

Each comment, the state that the story says, and the state that the bot found through webhook, database and API.
"""

import asyncio
import logging
import sys
import tempfile
from pathlib import Path

import structlog

from tests.stories.soaks.soak_story import REPORT, STORY, soaking

ROW = "{:>3}  {:60} {:18} {:18} {}"


def _row(*cells: object) -> None:
    sys.stdout.write(ROW.format(*cells).rstrip() + "\n")
    sys.stdout.flush()


async def main() -> int:
    """Tells the story and gives how many states differ."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        async with soaking(Path(folder)) as story:
            _row("#", "comment", "has to be", "is", "why")
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
    sys.stdout.write(f"{len(STORY) + 1 - wrong} of {len(STORY) + 1} as they have to be\n")
    return wrong


if __name__ == "__main__":
    sys.exit(1 if asyncio.run(main()) else 0)
