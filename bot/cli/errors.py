"""From what went wrong to an exit status and to one or two lines that say what to do next.

It knows the errors of the whole program, so it is loaded only when there is one.
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
from bot.text import YamlFileError
from bot.thread import WrongKind

ADVICE: dict[type[Exception], str] = {
    Unauthorised: "Put a valid token into ASSAY_TOKEN_FILE or ASSAY_TOKEN.",
    Unreachable: "Check ASSAY_FORGEJO_URL, and that the server runs.",
    NotFound: "Check the name, and that the bot's account may see it.",
    Moved: "Run the command again.",
}


STATUSES: tuple[tuple[tuple[type[Exception], ...], int], ...] = (
    ((YamlFileError, ConfigError, WrongKind, StoreError, SQLAlchemyError, OSError), USAGE),
    ((ForgejoError, GitError, Moved, LabelRefused, ValidationError), FORGEJO),
)


def explained(fault: Exception) -> tuple[int, tuple[str, ...]]:
    """Gives the exit status and the lines for a fault."""
    status = next((status for kinds, status in STATUSES if isinstance(fault, kinds)), INTERNAL)
    return status, tuple(_lines(fault, status))


def _lines(fault: Exception, status: int) -> Iterator[str]:
    if isinstance(fault, YamlFileError):
        yield from fault.problems
    elif isinstance(fault, ValidationError):
        yield f"an answer of the server isn't what Forgejo gives ({fault.title}); check server and version"
    elif isinstance(fault, SQLAlchemyError):
        yield f"the database failed ({type(fault).__name__}); check ASSAY_DATABASE_URL and its server"
    elif isinstance(fault, OSError):
        place = f"{fault.filename}: " if fault.filename else ""
        yield f"{place}{fault.strerror or type(fault).__name__}; check the path and its rights, or the address"
    elif status == INTERNAL:
        # Nobody foresaw it, so its text may hold anything: only the class is told.
        yield f"a fault of the program: {type(fault).__name__}"
        yield "ASSAY_LOG_LEVEL=debug shows where; please report it."
    else:
        yield from str(fault).splitlines()
        yield from (text for kind, text in ADVICE.items() if isinstance(fault, kind))
