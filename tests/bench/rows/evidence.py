"""How fast `assay evidence collect` reads a long log, how much memory that takes, and whether it misses a secret in it.

The log is made: what CI jobs print, with the marker as often as real runs show it, and a digest on every twelfth line.
The job holds a token, as one that posts does, so that is looked for as well.
"""

import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.evidence.logs import BLOCK
from tests.bench.harness.figures import Row
from tests.scan.compiled import cache_dir

SIZE = 200_000_000
SMALL = 1_000_000
PART = 5_000_000
MARKER = "forgejo_token_source=infisical-token-auth"
MODULES = ("matrix-well-known", "dashboard")


@dataclass(frozen=True)
class Ended:
    """What a run of the command ended with."""

    status: int
    told: str
    seconds: float
    megabytes: float


def lines(chance: random.Random) -> Iterator[str]:
    """What jobs print, for ever."""
    while True:
        second = f"2026-05-14T07:{chance.randrange(60):02d}:{chance.randrange(60):02d}.{chance.randrange(10**7):07d}Z"
        module, count = chance.choice(MODULES), chance.randrange(1000)
        for text in (
            "##[group]Run actions/checkout@v4",
            f"remote: Counting objects: {count % 100}% ({count}/1000)",
            f"Downloading layer sha256:{chance.randbytes(32).hex()} {count} MB",
            f"[INFO] module={module} step=plan status=in-sync exitCode=0",
            f"collected 12 files in {count / 1000:.3f}s; nothing to change",
            f"Run platformctl apply --module {module}",
            f'{{"level":"info","request_id":"{chance.randbytes(8).hex()}","path":"/api/v1/repos","ms":{count}}}',
            "\x1b[32mok\x1b[0m container started",
            f"commit {chance.randbytes(20).hex()} on main",
            "npm warn deprecated glob@7.2.3: Glob versions prior to v9 are no longer supported",
            f"Container platform-{module}-{count % 9}  Recreated",
            f"TASK [{module} : render configuration] ok: [rs2000] => (item={count})",
            f"Get:{count} http://deb.debian.org/debian bookworm/main amd64 libexpat1 amd64 2.5.0-1 [{count} kB]",
            f"Unpacking libexpat1:amd64 (2.5.0-{count % 9}) over (2.5.0-1+deb12u1) ...",
            f"tests/test_{module.replace('-', '_')}.py::test_plan_of_step_{count} PASSED [{count % 100:3d}%]",
            f"Collecting typing-extensions>=4.{count % 9} (from -r requirements.txt (line {count % 40}))",
            f"  Downloading typing_extensions-4.{count % 9}.2-py3-none-any.whl.metadata (3.0 kB)",
            f"time=2026-05-14T07:44:09+02:00 level=info msg=converged module={module} changed={count}",
            f"PLAY RECAP rs2000 : ok={count % 50} changed=0 unreachable=0 failed=0 skipped={count % 7}",
            "  ##[endgroup]",
            f"warning: in the working copy of 'deploy/{module}/compose.yml', LF will be replaced by CRLF",
            f"  GET /healthz 200 {count} ms",
            f"Waiting for {module} to become healthy, attempt {count % 10} of 10",
            f"-rw-r--r-- 1 forgejo-deploy forgejo-deploy {count * 97} May 14 07:44 deploy/{module}/compose.yml",
        ):
            yield f"{second} {text}\n"


def write(path: Path, size: int) -> int:
    """Writes a log and gives how often the marker stands in it."""
    made, parts, length = lines(random.Random(7)), list[str](), 0  # noqa: S311 - a log, not a secret
    while length < min(size, PART):
        parts.append(next(made))
        length += len(parts[-1])
    part = f"{MARKER}\n".encode() + "".join(parts).encode() + f"{MARKER}\n".encode()
    with path.open("wb") as file:
        for _ in range(max(1, size // len(part))):
            file.write(part)
    return 2 * max(1, size // len(part))


def plant(path: Path, places: list[int], tokens: list[str]) -> None:
    """Overwrites the log at each place with a line that holds a token."""
    with path.open("r+b") as file:
        for place, token in zip(places, tokens, strict=True):
            file.seek(place)
            file.write(f"\nAuthorization: token {token}\n".encode())


def collect(folder: Path, log: Path) -> Ended:
    """Runs the command as a CI job does."""
    (folder / "dashboard.plan.stdout.json").write_text(json.dumps({"status": "in-sync", "exitCode": 0}))
    environment = {
        **os.environ,
        "ASSAY_DATA_DIR": str(folder / "data"),
        "ASSAY_RULES_CACHE_DIR": str(cache_dir()),
        "FORGEJO_TOKEN": secrets.token_hex(20),
    }
    options = ["--soak", "bench", "--kind", "smoke", "--marker", MARKER, "--run-number", "7", "--commit", "c" * 40]
    files = ["--log", str(log), "--artifact", str(folder / "dashboard.plan.stdout.json")]
    words = [sys.executable, "-m", "bot.cli", "evidence", "collect", *options, *files]
    with (folder / "told").open("wb+") as told:
        start = time.perf_counter()
        process = subprocess.Popen(words, stdout=told, stderr=subprocess.STDOUT, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        return Ended(process.returncode, told.read().decode(), seconds, usage.ru_maxrss / 1024)


def rows() -> list[Row]:
    """Speed and memory on a clean log, then tokens planted in it: none may be missed, none shown."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name:
        folder = Path(name)
        log, small = folder / "run.log", folder / "small.log"
        count = write(log, SIZE)
        write(small, SMALL)
        collect(folder, small)
        base = collect(folder, small)
        done = min((collect(folder, log) for _ in range(2)), key=lambda one: one.seconds)
        right = done.status == base.status == 0 and f'"{MARKER}": {count}' in done.told
        rate, growth = (SIZE - SMALL) / 1e6 / (done.seconds - base.seconds), done.megabytes - base.megabytes
        places = [100, BLOCK - 30, 2 * BLOCK - 25, 77 * BLOCK - 41, SIZE // 2, log.stat().st_size - 70]
        tokens = [secrets.token_hex(20) for _ in places]
        plant(log, places, tokens)
        refused = collect(folder, log)
        shown = any(token[at : at + 8] in refused.told for token in tokens for at in range(33))
        found = refused.told.count(f"{log}:")
    good = refused.status == 1 and not shown and found == len(places)
    return [
        Row(
            name="evidence of a 200 MB log, once started",
            value=rate,
            unit="MB/s",
            budget="at least 40",
            ok=right and rate >= 40,
        ),
        Row(
            name="memory above that of a 1 MB log",
            value=growth,
            unit="MB",
            budget="under 150",
            ok=right and growth < 150,
        ),
        Row(name="planted tokens found, none shown", value=found, unit="tokens", budget=f"{len(places)}", ok=good),
    ]


if __name__ == "__main__":
    for row in rows():
        sys.stdout.write(
            f"{row['name']:<44}{row['value']:>10.2f} {row['unit']:<8} budget {row['budget']} {row['ok']}\n"
        )
