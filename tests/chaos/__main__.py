"""Random lives with faults: `make chaos ARGS="--lives 50"`, and one of them again: `make chaos ARGS="--seed 7"`.

A seed gives the script and the schedule of faults. When what meets what still differs from run to run, since sockets
and processes are real.
"""

import argparse
import contextlib
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import structlog

from tests.chaos.life.process import Database
from tests.chaos.life.verdict import Verdict, judge
from tests.postgres import Cluster, fresh_database, postgres_binaries, postgres_cluster

PROCESSES = {"here": 0, "process": 1, "postgres": 1, "postgres-3": 3}
DATABASE = {"postgres", "postgres-3"}


def main() -> int:
    given = _arguments()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for noisy in ("sqlalchemy.pool", "aiohttp.server"):  # connections that end with a killed bot
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    seeds = [given.seed] if given.seed is not None else range(given.first, given.first + given.lives)
    wrong, begun = list[int](), time.monotonic()
    with _cluster(wanted=given.house in DATABASE) as cluster:
        for count, seed in enumerate(seeds, 1):
            verdict = _lived(given, seed, cluster)
            wrong += [] if verdict.good else [seed]
            _tell(verdict, f"{count}/{len(seeds)}, {time.monotonic() - begun:.0f} s", shown=given.seed is not None)
    _say(f"{len(seeds)} lives, {len(wrong)} wrong{f': seeds {wrong}' if wrong else ''}")
    return 1 if wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--lives", type=int, default=20, help="how many lives")
    parser.add_argument("--seed", type=int, help="only the life of this seed")
    parser.add_argument("--first", type=int, default=1, help="the seed of the first life")
    parser.add_argument("--length", type=int, default=12, help="events in a life")
    told = "the bot here, as a process with SQLite, or as one or three with PostgreSQL"
    parser.add_argument("--house", choices=PROCESSES, default="here", help=told)
    parser.add_argument("--keep", action="store_true", help="leave the folders of the lives, and say where")
    return parser.parse_args()


@contextlib.contextmanager
def _cluster(*, wanted: bool) -> Iterator[Cluster | None]:
    if not wanted:
        yield None
        return
    binaries = postgres_binaries()
    if binaries is None:
        sys.exit("no PostgreSQL is installed; install postgresql")
    with postgres_cluster(binaries) as cluster:
        yield cluster


def _lived(given: argparse.Namespace, seed: int, cluster: Cluster | None) -> Verdict:
    root = Path(tempfile.mkdtemp(prefix="assay-chaos-"))
    try:
        with fresh_database(cluster.url) if cluster else contextlib.nullcontext("") as url:
            database = Database(url, cluster) if cluster else None
            return judge(root, seed, given.length, processes=PROCESSES[given.house], database=database)
    finally:
        if given.keep:
            _say(f"seed {seed}: {root}")
        else:
            shutil.rmtree(root, ignore_errors=True)


def _tell(verdict: Verdict, progress: str, *, shown: bool) -> None:
    _say(f"seed {verdict.seed}: {'as it should be' if verdict.good else 'WRONG'} ({progress})")
    if shown or not verdict.good:
        _say(verdict.told())


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
