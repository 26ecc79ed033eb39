"""What commands read besides their arguments: files and standard input; and a scanner that needs no server."""

import os
import secrets
import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bot.cli.output import note
from bot.config import made

if TYPE_CHECKING:
    from bot.scan import ScanLimits, Scanner

MAX_INPUT = 256 * 1024 * 1024


def read_bytes(file: str, option: str, advice: str = "use a smaller file") -> bytes:
    """Return the bytes of a file or of standard input (`-`). Raises BadParameter that names the option."""
    try:
        if file == "-":
            data = sys.stdin.buffer.read(MAX_INPUT + 1)
        else:
            with Path(file).open("rb") as opened:
                data = opened.read(MAX_INPUT + 1)
    except OSError as fault:
        raise typer.BadParameter(f"{file}: {fault.strerror}; use a readable file", param_hint=option) from None
    if len(data) > MAX_INPUT:
        raise typer.BadParameter(f"{file} is larger than {MAX_INPUT // 2**20} MiB; {advice}", param_hint=option)
    return data


def read_text(file: str, option: str) -> str:
    """Return a file's text unchanged, its last newline included. Raises BadParameter."""
    try:
        return read_bytes(file, option).decode("utf-8")
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{file} is not UTF-8; save it as UTF-8", param_hint=option) from None


def local_scanner(limits: "ScanLimits | None" = None, tokens: Collection[str] = ()) -> "Scanner":
    """Return a scanner with the bot's key if ASSAY_DATA_DIR is set, else with this user's own key.

    `tokens` are found wherever they occur. Raises ValueError for an invalid token.
    """
    from bot.scan import Scanner  # noqa: PLC0415 - loads the engine, which --help doesn't need

    own = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "assaymaster"
    named = os.environ.get("ASSAY_DATA_DIR", "")
    data = Path(named) if named else own
    rules = Path(os.environ.get("ASSAY_RULES_CACHE_DIR") or data / "rules")
    try:
        key = bytes.fromhex(made(data / "installation.key").strip())
        return Scanner(key=key, own=tokens, cache_dir=rules, limits=limits)
    except OSError as fault:
        if named:
            raise
        note(f"cannot write {own} ({fault.strerror}): fingerprints are valid for this run only, and startup is slow")
        return Scanner(key=secrets.token_bytes(32), own=tokens, limits=limits)
