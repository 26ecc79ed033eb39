"""What commands start with: settings, the database, or the whole machine.

The machine's parts take longer to load than most commands take to run, so they are imported where they are used.
"""

import asyncio
import codecs
import difflib
import re
import sys
import tomllib
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from bot.config import ConfigError, ModelSettings, Settings
from bot.text import described

if TYPE_CHECKING:
    from bot.app import Machine
    from bot.store import Store

Result = TypeVar("Result")
NAME = re.compile(r"(?!\.+(?:/|$))[A-Za-z0-9._-]{1,100}")
PLACE = re.compile(r"\(at (?:line \d+, column \d+|end of document)\)")
REPOSITORY = re.compile(rf"{NAME.pattern}/{NAME.pattern}")


def repository_name(text: str) -> str:
    """Return the text if it has the form `owner/repo`. Raises BadParameter."""
    if not REPOSITORY.fullmatch(text):
        raise typer.BadParameter(f"{text!r} is not a repository; use owner/repo")
    return text


RepositoryName = Annotated[
    str, typer.Argument(metavar="OWNER/REPO", callback=repository_name, help="The repository, as owner/repo.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Return the result of a command's coroutine, run in its own event loop."""
    return asyncio.run(work)


class FromEnvironment(Settings):
    """The settings without `assay.toml`: that file may belong to the change under review and is not trusted."""

    model_config = SettingsConfigDict(toml_file=None)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic-settings' signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources of settings, highest priority first."""
        return (init_settings, env_settings)


def read_settings(made: type[Settings] = Settings) -> Settings:
    """Return the settings of environment and `assay.toml`.

    Raises ConfigError with one line for each error, which names the variable and never shows the value.
    """
    try:
        settings = made()
    except ValidationError as fault:
        raise ConfigError("\n".join(_mistake(error) for error in fault.errors(include_input=False))) from None
    except tomllib.TOMLDecodeError as fault:
        place = PLACE.search(str(fault))
        raise ConfigError(f"assay.toml: invalid TOML{f' {place[0]}' if place else ''}; {_syntax()}") from None
    except UnicodeDecodeError:
        raise ConfigError("assay.toml: not UTF-8; save it as UTF-8") from None
    except (SettingsError, ValueError, RecursionError):
        raise ConfigError("cannot read the settings; use plain values in ASSAY_… and assay.toml") from None
    return settings


def _syntax() -> str:
    """Return what to do about a file that is not TOML."""
    if Path("assay.toml").read_bytes().startswith(codecs.BOM_UTF8):
        return "it begins with a byte-order mark: save it as UTF-8 without it"
    return "fix the syntax there"


def with_forgejo(settings: Settings) -> Settings:
    """Return the settings if they name a server and a token. Raises ConfigError."""
    if not settings.forgejo_url:
        raise ConfigError(
            "no Forgejo server is configured; set ASSAY_FORGEJO_URL to its URL, for example https://forge.example.org"
        )
    settings.read_token()
    return settings


@asynccontextmanager
async def opened_machine() -> AsyncIterator["Machine"]:
    """Open the whole machine for one command: the bot's account is known, and warnings go to standard error."""
    from bot.app import assemble, refuse_another_key  # noqa: PLC0415 - loads everything, which --help and scan don't need
    from bot.telemetry import configure_logs  # noqa: PLC0415 - as above

    settings = with_forgejo(read_settings())
    async with assemble(settings) as machine:
        level = settings.log_level if settings.log_level.lower() == "debug" else "warning"
        configure_logs(level, machine.scanner.mask, to=sys.stderr)
        await asyncio.to_thread(refuse_another_key, machine.store, settings.installation_key())
        await machine.account.ask()
        try:
            yield machine
        finally:
            await _end_the_rest()


@asynccontextmanager
async def opened_store() -> AsyncIterator["Store"]:
    """Open only the database, which must exist, and take stored deliveries into it: no request to Forgejo, no token.

    Raises StoreError.
    """
    from bot.store import deliveries, open_store  # noqa: PLC0415 - loads SQLAlchemy, which --help and scan don't need

    store = await open_store(read_settings().store_url(), create=False)
    try:
        await deliveries.take_in(store)
        yield store
    finally:
        await store.close()


async def _end_the_rest() -> None:
    """Cancel the calls that are still running after a failed one, before their client is closed."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


def _mistake(error: Any) -> str:
    name, *inner = map(str, error["loc"] or ("settings",))
    whole = ".".join((name, *inner))
    if error["type"] == "extra_forbidden":
        known = ModelSettings.model_fields if inner else Settings.model_fields
        near = difflib.get_close_matches((name, *inner)[-1], known, n=1)
        advice = f"did you mean `{near[0]}`?" if near else "remove it"
        return f"assay.toml: unknown setting `{whole}`; {advice}"
    where = f"ASSAY_{name.upper()}" + (f" ({'.'.join(inner)})" if inner else "")
    return f"{where}: {described(error)}; fix the variable, or `{whole}` in assay.toml"
