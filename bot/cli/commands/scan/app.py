"""`assay scan`: finds secrets in a diff, a range of commits or a text, without Forgejo and without settings.

`assay.toml` is not read: it may belong to the change under review, and could name a manipulated rules cache.
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
    """Output formats."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


def add(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(scan)


def scan(
    diff: Annotated[
        str, typer.Option(metavar="FILE", help="Scan the added lines of a unified diff; - is standard input.")
    ] = "",
    commits: Annotated[
        str, typer.Option("--range", metavar="A..B", help="Scan every commit of a range in this git checkout.")
    ] = "",
    text: Annotated[str, typer.Option(metavar="FILE", help="Scan a whole text; - is standard input.")] = "",
    form: Annotated[Form, typer.Option("--format", help="The output format.")] = Form.TEXT,
) -> None:
    """Scan a diff, a range of commits or a text for secrets.

    Works offline, with the bot's rules. Reads exactly one of --diff, --range and --text. Writes a rules cache and a
    fingerprint key in ASSAY_DATA_DIR, or in the user's cache folder; set ASSAY_DATA_DIR to the bot's data directory to
    get the bot's fingerprints. Never prints a secret.

    Exit status: 0 no secrets; 1 secrets, or something could not be scanned (`errors`); 2 usage error; 3 git error.
    """
    if sum(map(bool, (diff, commits, text))) != 1:
        raise typer.BadParameter("use exactly one of --diff FILE, --range A..B and --text FILE")
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
    data = read_bytes(diff or text, option, "scan smaller parts, or use --range") if not commits else b""
    with working("Scanning for secrets …"):
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
            note(f"not scanned: {error}")
        if scanned.findings:
            note("Revoke each secret first, then remove it from the history.")


def _text(found: "Found") -> str:
    where = f"{found.path}:{found.line}" if found.path else "commit message"
    commit = f" {found.commit[:10]}" if found.commit else ""
    allowed = " (the suppression comment on this line is ignored)" if found.suppressed else ""
    return f"{where}{commit}: {found.severity} {found.rule} {found.fingerprint}{allowed}"
