"""Probot, installed by npm into a cache folder of its own when it is needed."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

VERSION = "14.3.2"
INSTALL_SECONDS = 300
SERVER = Path(__file__).with_suffix(".mjs")


class Missing(Exception):
    """It can't be had; the text says why."""


def installed() -> Path:
    """The folder that Probot is installed in. Raises Missing where Node or npm is missing, or npm fails."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Missing("Node.js or npm is not installed")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = home / "assay-bench" / f"probot-{VERSION}"
    if (folder / "node_modules" / "probot" / "package.json").exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        (Path(made) / "package.json").write_text("{}")
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", f"probot@{VERSION}"]
        try:
            subprocess.run(command, cwd=made, check=True, capture_output=True, timeout=INSTALL_SECONDS)
        except subprocess.CalledProcessError as fault:
            raise Missing(f"npm could not install it (exit status {fault.returncode})") from None
        except subprocess.TimeoutExpired:
            raise Missing(f"npm did not install it within {INSTALL_SECONDS} s") from None
        Path(made).rename(folder)
        Path(made).mkdir()
    return folder


@asynccontextmanager
async def probot(path: str) -> AsyncIterator[int]:
    """Run it on loopback with the secret of ASSAY_BENCH_SECRET; yield its port. Raises Missing."""
    folder = await asyncio.to_thread(installed)
    environment = {**os.environ, "NODE_ENV": "production"}
    process = await asyncio.create_subprocess_exec(
        "node", str(SERVER), str(folder), path, stdout=asyncio.subprocess.PIPE, env=environment
    )
    try:
        assert process.stdout is not None
        line = await process.stdout.readline()
        if not line:
            raise Missing("it ended instead of listening")
        yield int(line)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
