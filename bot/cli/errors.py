"""Maps an exception to an exit status and to one or two lines with the problem and the next step.

It imports the errors of the whole program, so it is loaded only after an error.
"""

from collections.abc import Iterator

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from bot.cli.output import FORGEJO, INTERNAL, USAGE
from bot.config import ConfigError
from bot.forgejo.errors import ForgejoError, NotFound, Unauthorised, Unreachable
from bot.git import GitError
from bot.history import Moved
from bot.reconcile import LabelRefused
from bot.store import StoreError
from bot.store.ledger import LedgerFileError
from bot.text import YamlFileError
from bot.thread import NotTheirs, WrongKind

ADVICE: dict[type[Exception], str] = {
    Unauthorised: "Set a valid token in ASSAY_TOKEN_FILE or ASSAY_TOKEN.",
    Unreachable: "Check ASSAY_FORGEJO_URL, and that the server is running.",
    NotFound: "Check the name, and that the bot's account has access.",
    Moved: "Run the command again.",
}


STATUSES: tuple[tuple[tuple[type[Exception], ...], int], ...] = (
    ((YamlFileError, ConfigError, LedgerFileError, WrongKind, NotTheirs, StoreError, SQLAlchemyError, OSError), USAGE),
    ((ForgejoError, GitError, Moved, LabelRefused, ValidationError), FORGEJO),
)


def explained(fault: Exception) -> tuple[int, tuple[str, ...]]:
    """Return the exit status and the lines for an exception."""
    status = next((status for kinds, status in STATUSES if isinstance(fault, kinds)), INTERNAL)
    return status, tuple(_lines(fault, status))


def _lines(fault: Exception, status: int) -> Iterator[str]:
    if isinstance(fault, YamlFileError):
        yield from fault.problems
    elif isinstance(fault, ValidationError):
        yield f"unexpected response from the server ({fault.title}); check that it is a supported Forgejo version"
    elif isinstance(fault, SQLAlchemyError):
        yield f"database error ({type(fault).__name__}); check ASSAY_DATABASE_URL and the database server"
    elif isinstance(fault, OSError):
        place = f"{fault.filename}: " if fault.filename else ""
        advice = "check the path and its permissions" if fault.filename else "check the host and the port"
        yield f"{place}{fault.strerror or type(fault).__name__}; {advice}"
    elif status == INTERNAL:
        # The text of an unexpected exception may contain a secret, so only the class is shown.
        yield f"internal error (a bug): {type(fault).__name__}"
        yield "Set ASSAY_LOG_LEVEL=debug for a traceback, and report the bug."
    else:
        yield from str(fault).splitlines()
        yield from (text for kind, text in ADVICE.items() if isinstance(fault, kind))
