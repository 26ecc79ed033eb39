"""Settings of the process: environment variables `ASSAY_*` and, below them, the same keys in `assay.toml`.

Secrets come from the environment or from files that only their owner can read; what the installation makes for itself
(a webhook secret, the key of fingerprints) lies in the data directory with mode 0600.
"""

import json
import os
import re
import secrets
import stat
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bot.network import AuthorityFile, Network, ProxyAddress

MIB = 1024 * 1024
KEY = re.compile(r"[0-9a-f]{64}")
MODEL_KEY = re.compile(r"[\x21-\x7e]*")
"""What an HTTP header can carry, and what is no slip of the pen such as a second line."""


class ConfigError(ValueError):
    """A setting that can't be used; the text says which and what to do."""


class ModelSettings(BaseModel):
    """Where one model is asked, and within which limits. A policy names a model by its name, and never an address."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str = Field(description="Root of the model's interface, such as https://models.example.org/v1.")
    model: str = Field(min_length=1, max_length=200, description="The model's name at that address.")
    kind: Literal["openai", "ollama"] = Field(default="openai", description="What answers there.")
    api_key: SecretStr = Field(default=SecretStr(""), description="The key, where one is needed.")
    api_key_file: Path | None = Field(default=None, description="A file with the key, mode 0600 or stricter, yours.")
    seconds: float = Field(default=60.0, gt=0, le=600, description="Longest time of one question.")
    max_tokens: int = Field(default=1500, ge=1, le=100_000, description="Longest answer.")

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        found = web_address(value, "api_key_file")
        try:
            known = HttpUrl(found)
        except ValidationError:
            raise ValueError("write a whole address such as https://models.example.org/v1") from None
        if known.query is not None or known.fragment is not None:
            raise ValueError("write the address without anything from ? or # on")
        return found

    @model_validator(mode="after")
    def _one_key(self) -> "ModelSettings":
        if self.api_key_file is not None and self.api_key.get_secret_value():
            raise ValueError("write api_key_file or api_key, not both")
        return self

    def read_key(self, name: str) -> str:
        """Gives the model's key, empty where it needs none; `name` is the model's in the settings.

        Raises ConfigError when its file can't be used, is empty, or holds what can't be a key.
        """
        if self.api_key_file is None:
            key = self.api_key.get_secret_value().strip()
        else:
            key = read_private(self.api_key_file, f"models.{name}.api_key_file").strip()
            if not key:
                raise ConfigError(
                    f"models.{name}: {self.api_key_file} is empty; write the key into it, or name no file"
                )
        if not MODEL_KEY.fullmatch(key):
            raise ConfigError(
                f"models.{name}: the key has blanks or signs beyond ASCII; write the key alone, on one line"
            )
        return key


ModelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]


class Settings(BaseSettings):
    """Everything that an operator can set, with its default."""

    # A refused value may be a secret, or stand beside one.
    model_config = SettingsConfigDict(
        env_prefix="ASSAY_", toml_file="assay.toml", extra="forbid", env_ignore_empty=True, hide_input_in_errors=True
    )

    forgejo_url: str = Field(default="", description="Root address of the Forgejo server.")
    token: SecretStr = Field(default=SecretStr(""), description="The bot account's access token.")
    token_file: Path | None = Field(default=None, description="A file with the token, mode 0600 or stricter, yours.")
    webhook_secret: SecretStr = Field(
        default=SecretStr(""), description="Webhook secrets, one a line; the first signs, all are accepted."
    )
    webhook_secret_file: Path | None = Field(
        default=None, description="A file with the webhook secrets, mode 0600 or stricter."
    )
    database_url: str = Field(default="", description="SQLAlchemy URL; default is SQLite in the data directory.")
    operators: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Logins of those who decide, separated by commas."
    )
    data_dir: Path = Field(default=Path("data"), description="Where mirrors, the database and made secrets lie.")
    rules_cache_dir: Path | None = Field(
        default=None, description="Where compiled secret rules are kept; default in the data directory."
    )
    ca_file: AuthorityFile = Field(
        default=None,
        description="A file (PEM) of the authorities to believe instead of the system's: for the API, git and models.",
    )
    proxy: ProxyAddress = Field(
        default=SecretStr(""), description="HTTP proxy for the API, git and models, such as http://proxy.example:3128."
    )
    no_proxy: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Hosts and domains reached without the proxy, separated by commas; loopback always is."
    )
    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8420, ge=0, le=65535, description="The port to listen on.")
    public_url: str = Field(default="", description="Where Forgejo reaches the bot; default is host and port.")
    max_body_bytes: int = Field(default=25 * MIB, ge=1024, description="Largest delivery that is taken.")
    max_backlog: int = Field(default=100_000, ge=1, description="Deliveries not yet routed, at most.")
    keep_deliveries_days: int = Field(default=30, ge=1, description="How long envelopes are kept.")
    workers: int = Field(default=8, ge=1, le=256, description="Targets reconciled at once.")
    forgejo_concurrency: int = Field(default=8, ge=1, le=256, description="Requests to Forgejo at once.")
    log_level: str = Field(default="info", description="debug, info, warning or error.")
    max_files: int = Field(default=3000, ge=1, description="Changed files of one pull request that are looked at.")
    max_commits: int = Field(default=500, ge=1, description="Commits of one pull request that are looked at.")
    max_file_bytes: int = Field(default=5 * MIB, ge=1024, description="Largest file version that is scanned.")
    max_diff_bytes: int = Field(
        default=64 * MIB, ge=1024, description="Largest patch of one pull request that is scanned."
    )
    git_seconds: float = Field(default=120.0, gt=0, description="Longest time of one git command.")
    models: Annotated[dict[ModelName, ModelSettings], NoDecode] = Field(
        default={}, description="Models that a policy may name: JSON here, tables `[models.NAME]` in `assay.toml`."
    )
    model_concurrency: int = Field(default=2, ge=1, le=64, description="Questions to models at once.")

    @field_validator("operators", "no_proxy", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("models", mode="before")
    @classmethod
    def _tables(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError('write JSON such as {"small": {"url": "http://127.0.0.1:11434", "model": "…"}}') from None

    @field_validator("forgejo_url", "public_url")
    @classmethod
    def _address(cls, value: str) -> str:
        return web_address(value, "ASSAY_TOKEN or ASSAY_TOKEN_FILE") if value else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings' signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings' signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Gives the order of sources: arguments, environment, `assay.toml`."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    def network(self) -> Network:
        """Gives how connections leave the process."""
        return Network(self.ca_file, self.proxy.get_secret_value(), self.no_proxy)

    def address(self) -> str:
        """Gives where Forgejo reaches the bot."""
        return self.public_url or f"http://{self.host}:{self.port}"

    def store_url(self) -> str:
        """Gives the database's URL; the data directory's SQLite file unless one is set."""
        return self.database_url or f"sqlite+aiosqlite:///{(self.data_dir / 'assay.db').resolve()}"

    def read_token(self) -> str:
        """Gives the bot's token.

        Raises ConfigError when there is none, or when its file can be read by others.
        """
        if self.token_file is not None:
            token = read_private(self.token_file, "ASSAY_TOKEN_FILE").strip()
        else:
            token = self.token.get_secret_value().strip()
        if not token:
            raise ConfigError(
                "no token: set ASSAY_TOKEN_FILE (mode 0600) or ASSAY_TOKEN to the bot account's access token"
            )
        return token

    def webhook_secrets(self) -> tuple[bytes, ...]:
        """Gives the webhook secrets, first the one that signs; one is made in the data directory when none is set."""
        if self.webhook_secret_file is not None:
            text = read_private(self.webhook_secret_file, "ASSAY_WEBHOOK_SECRET_FILE")
        else:
            text = self.webhook_secret.get_secret_value() or made(self.data_dir / "webhook.secret")
        found = tuple(line.strip().encode() for line in text.splitlines() if line.strip())
        if not found:
            raise ConfigError("the webhook secret is empty; write one secret a line, or unset it and one is made")
        return found

    def model_keys(self) -> tuple[str, ...]:
        """Gives the keys of all models, for those who keep secrets out of texts. Raises ConfigError."""
        return tuple(key for name, model in self.models.items() if (key := model.read_key(name)))

    def installation_key(self) -> bytes:
        """Gives the key of fingerprints and witnesses, made at first use; keep it with the database.

        Raises ConfigError where the file doesn't hold a key: under an empty one every fingerprint could be guessed.
        """
        path = self.data_dir / "installation.key"
        text = made(path).strip()
        if KEY.fullmatch(text) is None:
            raise ConfigError(
                f"{path} holds no key of 64 hex digits; put the copy back that was kept with the database"
            )
        return bytes.fromhex(text)


def web_address(value: str, instead: str) -> str:
    """Gives an http or https address without its last slash; `instead` says where credentials belong.

    Raises ValueError for anything else.
    """
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("write a whole address such as https://forge.example.org")
    if parts.username or parts.password:
        raise ValueError(f"an address carries no user or password; use {instead}")
    return value.rstrip("/")


def read_private(path: Path, setting: str) -> str:
    """Gives the text of a file that only the running user can read.

    Raises ConfigError when it is missing, isn't ours, or is open to others.
    """
    try:
        # Without O_NONBLOCK a pipe would hold up the start for ever.
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK), encoding="utf-8")
    except OSError as fault:
        raise ConfigError(f"{setting}: {path} can't be read: {fault.strerror}") from None
    with file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode) or about.st_uid != os.getuid():
            raise ConfigError(f"{setting}: {path} isn't a plain file of yours; chown it to the user that runs assay")
        if stat.S_IMODE(about.st_mode) & 0o177:
            raise ConfigError(f"{setting}: {path} has mode {stat.S_IMODE(about.st_mode):04o}; run chmod 600 {path}")
        try:
            return file.read()
        except UnicodeDecodeError:
            raise ConfigError(f"{setting}: {path} isn't text in UTF-8; write the secret into it anew") from None


def made(path: Path) -> str:
    """Gives the secret that lies at a path, making one of 256 bits (hex, mode 0600) when there is none."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Not the process id: a container's is the same after a crash, and so would be the file that was left behind.
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    if not path.exists():
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return read_private(path, path.name)
