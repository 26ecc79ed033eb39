"""`assay scan`: secrets in a diff, a range of commits or a text, without Forgejo and without settings.

`assay.toml` isn't read: it may belong to the very change that is scanned, and could name a prepared cache of rules.
"""

from dataclasses import asdict
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.bootstrap import run
from bot.cli.input import local_scanner, read_bytes
from bot.cli.output import FINE, FOUND, as_json, line, note, working

if TYPE_CHECKING:
    from bot.cli.commands.scan.leaks import Found, Scanned


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
    from bot.cli.checkout import Checkout, RangeError  # noqa: PLC0415 - as above
    from bot.cli.commands.scan import leaks  # noqa: PLC0415 - loads the scanner's engine, which --help doesn't need

    checkout = Checkout(Path.cwd())
    if commits:
        try:
            start, end = await checkout.range(commits)
        except RangeError as fault:
            raise typer.BadParameter(str(fault), param_hint="--range") from None
    option = "--diff" if diff else "--text"
    data = read_bytes(diff or text, option, "scan it in parts, or use --range") if not commits else b""
    with working("Looking for secrets …"):
        scanner = local_scanner()
        if commits:
            return await leaks.scan_range(scanner, checkout, start, end)
        if diff:
            return await leaks.scan_diff(scanner, data)
        return await leaks.scan_text(scanner, data, "stdin" if text == "-" else text)


def _print(scanned: "Scanned", form: Form) -> None:
    if form is Form.JSON:
        as_json({"findings": [asdict(found) for found in scanned.findings], "errors": list(scanned.errors)})
    elif form is Form.SARIF:
        from bot.cli.commands.scan.sarif import sarif_log  # noqa: PLC0415 - one form of three

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
