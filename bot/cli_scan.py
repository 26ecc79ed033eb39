"""`assay scan`: secrets in a diff, a range of commits or a text, without Forgejo and without settings.

`assay.toml` isn't read: it may belong to the very change that is scanned, and could name a prepared cache of rules.
"""

import os
import secrets
import sys
from dataclasses import asdict
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_machine import run
from bot.cli_output import FINE, FOUND, as_json, line, note, working
from bot.config import made

if TYPE_CHECKING:
    from bot.cli_leaks import Found, Scanned
    from bot.scan import Scanner

MAX_INPUT = 256 * 1024 * 1024


class Form(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


def add(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(scan)


def scan(
    diff: Annotated[str, typer.Option(metavar="FILE", help="Added lines of a unified diff; - is standard input.")] = "",
    commits: Annotated[
        str, typer.Option("--range", metavar="A..B", help="Every commit of a range in this git checkout.")
    ] = "",
    text: Annotated[str, typer.Option(metavar="FILE", help="A whole text; - is standard input.")] = "",
    form: Annotated[Form, typer.Option("--format", help="For people, for programs, or for code hosts.")] = Form.TEXT,
) -> None:
    """Look for secrets, offline, by the rules of the bot. Name one of --diff, --range and --text.

    Ends with 1 when there are secrets, or when something couldn't be looked at (`errors`). The secrets themselves are
    never printed. Fingerprints are the bot's where ASSAY_DATA_DIR names its data directory, else this account's own.
    """
    if sum(map(bool, (diff, commits, text))) != 1:
        raise typer.BadParameter("name exactly one of --diff FILE, --range A..B and --text FILE")
    scanned = run(_scan(diff, commits, text))
    _print(scanned, form)
    raise typer.Exit(FOUND if scanned.findings or scanned.errors else FINE)


async def _scan(diff: str, commits: str, text: str) -> "Scanned":
    from bot import cli_leaks  # noqa: PLC0415 - loads the scanner's engine, which --help doesn't need
    from bot.cli_checkout import Checkout, RangeError  # noqa: PLC0415 - as above

    checkout = Checkout(Path.cwd())
    if commits:
        try:
            start, end = await checkout.range(commits)
        except RangeError as fault:
            raise typer.BadParameter(str(fault), param_hint="--range") from None
    data = _read(diff or text) if not commits else b""
    with working("Looking for secrets …"):
        scanner = _scanner()
        if commits:
            return await cli_leaks.scan_range(scanner, checkout, start, end)
        if diff:
            return await cli_leaks.scan_diff(scanner, data)
        return await cli_leaks.scan_text(scanner, data, "stdin" if text == "-" else text)


def _read(file: str) -> bytes:
    """Gives the bytes of a file or of standard input. Raises OSError, and BadParameter for what is too large."""
    if file == "-":
        data = sys.stdin.buffer.read(MAX_INPUT + 1)
    else:
        with Path(file).open("rb") as opened:
            data = opened.read(MAX_INPUT + 1)
    if len(data) > MAX_INPUT:
        raise typer.BadParameter(f"{file} is over {MAX_INPUT // 2**20} MiB; scan it in parts, or use --range")
    return data


def _scanner() -> "Scanner":
    """Makes the scanner with the bot's key where its data directory is named, else with this account's own."""
    from bot.scan import Scanner  # noqa: PLC0415 - loads the engine, which --help doesn't need

    own = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "assaymaster"
    named = os.environ.get("ASSAY_DATA_DIR", "")
    data = Path(named) if named else own
    rules = Path(os.environ.get("ASSAY_RULES_CACHE_DIR") or data / "rules")
    try:
        return Scanner(key=bytes.fromhex(made(data / "installation.key").strip()), cache_dir=rules)
    except OSError as fault:
        if named:
            raise
        note(f"{own} can't be written ({fault.strerror}): fingerprints are of this run only, and the start is slow")
        return Scanner(key=secrets.token_bytes(32))


def _print(scanned: "Scanned", form: Form) -> None:
    if form is Form.JSON:
        as_json({"findings": [asdict(found) for found in scanned.findings], "errors": list(scanned.errors)})
    elif form is Form.SARIF:
        from bot.sarif import sarif_log  # noqa: PLC0415 - one form of three

        as_json(sarif_log(scanned, version("assaymaster")))
    else:
        for found in scanned.findings:
            line(_text(found))
        for error in scanned.errors:
            note(f"not looked at: {error}")
        if scanned.findings:
            note("Revoke each secret first, then take it out of the history.")


def _text(found: "Found") -> str:
    where = f"{found.path}:{found.line}" if found.path else "commit message"
    commit = f" {found.commit[:10]}" if found.commit else ""
    allowed = " (a comment allows it; it counts all the same)" if found.suppressed else ""
    return f"{where}{commit}: {found.severity} {found.rule} {found.fingerprint}{allowed}"
