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

from tests.chaos.life.verdict import Verdict, judge
from tests.postgres import fresh_database, postgres_binaries, running_postgres


def main() -> int:
    given = _arguments()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for noisy in ("sqlalchemy.pool", "aiohttp.server"):  # connections that end with a killed bot
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    seeds = [given.seed] if given.seed is not None else range(given.first, given.first + given.lives)
    wrong, begun = list[int](), time.monotonic()
    with _server(wanted=given.house == "postgres") as server:
        for count, seed in enumerate(seeds, 1):
            verdict = _lived(given, seed, server)
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
    houses = ("here", "process", "postgres")
    parser.add_argument("--house", choices=houses, default="here", help="the bot here, or as a process on a database")
    parser.add_argument("--keep", action="store_true", help="leave the folders of the lives, and say where")
    return parser.parse_args()


@contextlib.contextmanager
def _server(*, wanted: bool) -> Iterator[str]:
    if not wanted:
        yield ""
        return
    binaries = postgres_binaries()
    if binaries is None:
        sys.exit("no PostgreSQL is installed; install postgresql")
    with running_postgres(binaries) as server:
        yield server


def _lived(given: argparse.Namespace, seed: int, server: str) -> Verdict:
    root = Path(tempfile.mkdtemp(prefix="assay-chaos-"))
    try:
        with fresh_database(server) if server else contextlib.nullcontext("") as url:
            return judge(root, seed, given.length, process=given.house != "here", database_url=url)
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
