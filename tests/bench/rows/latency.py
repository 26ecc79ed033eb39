"""From the event on the server to the last write of the bot: report, labels and statuses; 20 files, warm mirror."""

from tests.bench.harness.figures import Row, spread, under
from tests.bench.rows.worlds import POLICY, Bench, bench, files

OPENED = 60
PULLS = 5
PUSHES = 50
WARM = 5
WORKFLOW = ".forgejo/workflows/bench.yml"
JOB = "on: push\njobs:\n  water:\n    runs-on: docker\n    steps:\n      - run: echo {}\n"


async def rows() -> list[Row]:
    """Pull requests that are opened, with defaults; pushes with all checks on, without and with a workflow."""
    async with bench() as world:
        opened = [await _opened(world, f"bench-{number}") for number in range(OPENED + WARM)]
    async with bench(POLICY) as world:
        names = [f"bench-all-{number}" for number in range(PULLS)]
        for name in names:
            await _opened(world, name)
        plain = [await _pushed(world, names[push % PULLS], push) for push in range(1, PUSHES + WARM + 1)]
        linted = [await _pushed(world, names[push % PULLS], push, JOB) for push in range(1, PUSHES + WARM + 1)]
    name = "webhook to last write, 20 files"
    return [
        *_rows(f"{name}, defaults", opened[WARM:], 200, 500),
        *_rows(f"{name}, all checks", plain[WARM:], 300, 1000),
        *_rows(f"{name} and a workflow, all checks", linted[WARM:], 1000, 1000),
    ]


def _rows(name: str, seconds: list[float], middle: float, late: float) -> list[Row]:
    seen = spread([second * 1000 for second in seconds])
    return [under(f"{name}, p50", seen.p50, "ms", middle), under(f"{name}, p99", seen.p99, "ms", late)]


async def _opened(world: Bench, name: str) -> float:
    _, head, opened = await world.pull(name)
    return await world.forge.until_written(head, opened) - opened


async def _pushed(world: Bench, name: str, push: int, job: str = "") -> float:
    changed = files(name, push + (1000 if job else 0))
    if job:
        changed[WORKFLOW] = job.format(push)
    head, pushed = await world.forge.pushed(name, changed)
    return await world.forge.until_written(head, pushed) - pushed
