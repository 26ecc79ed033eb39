"""Settings of the process: environment variables `ASSAY_*` and, below them, the same keys in `assay.toml`.

Secrets come from the environment or from files that only their owner can read. The installation's key is generated, and
stored in the data directory with mode 0600.
"""

import json
import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
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

from bot.addresses import REACHED, listening_host, local_address, web_address
from bot.limit_settings import MIB, LimitSettings
from bot.network import AuthorityFile, Network, ProxyAddress
from bot.private_files import ConfigError, check_secret, made, read_private

__all__ = ["MIB", "ConfigError", "ModelSettings", "Settings", "made", "read_private"]

KEY = re.compile(r"[0-9a-f]{64}")
UNUSABLE = re.compile(r"[\x00\ud800-\udfff]")
LEVELS = ("debug", "info", "warning", "error")
MANY = 1_000_000_000
DAYS = 36_500


class ModelSettings(BaseModel):
    """The address and the limits of one model. A policy refers to a model by its name, never by an address."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str = Field(description="Base URL of the model API, such as https://models.example.org/v1.")
    model: str = Field(min_length=1, max_length=200, description="The model's name at that API.")
    kind: Literal["openai", "ollama"] = Field(default="openai", description="The kind of API.")
    api_key: SecretStr = Field(default=SecretStr(""), description="The API key, if one is needed.")
    api_key_file: Path | None = Field(default=None, description="A file with the API key; mode 0600, owned by you.")
    seconds: float = Field(default=60.0, gt=0, le=600, description="Timeout of one question, retries included.")
    max_tokens: int = Field(default=1500, ge=1, le=100_000, description="Maximum length of an answer, in tokens.")

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        return web_address(value, "api_key_file")

    @model_validator(mode="after")
    def _one_key(self) -> "ModelSettings":
        if self.api_key_file is not None and self.api_key.get_secret_value():
            raise ValueError("api_key_file and api_key are both set; remove one")
        return self

    def read_key(self, name: str) -> str:
        """Return the model's key, empty if it needs none; `name` is the model's name in the settings.

        Raises ConfigError if its file cannot be read, is empty, or does not contain a valid key.
        """
        if self.api_key_file is None:
            key = self.api_key.get_secret_value().strip()
        else:
            key = read_private(self.api_key_file, f"models.{name}.api_key_file").strip()
            if not key:
                raise ConfigError(
                    f"models.{name}: {self.api_key_file} is empty; write the key into it, or remove api_key_file"
                )
        if key:
            check_secret(key, f"models.{name}", "key")
        return key


ModelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]


class Settings(LimitSettings):
    """All settings of the process, with their defaults."""

    # Error messages must not show the input: a rejected value may be a secret.
    model_config = SettingsConfigDict(
        env_prefix="ASSAY_", toml_file="assay.toml", extra="forbid", env_ignore_empty=True, hide_input_in_errors=True
    )

    forgejo_url: str = Field(default="", description="Base URL of the Forgejo server.")
    token: SecretStr = Field(default=SecretStr(""), description="The bot account's access token.")
    token_file: Path | None = Field(default=None, description="A file with the token; only you can read it, see below.")
    webhook_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Shared webhook secrets, one per line; not needed: each repository has its own, see below.",
    )
    webhook_secret_file: Path | None = Field(
        default=None, description="A file with shared webhook secrets; only you can read it, see below."
    )
    share_webhook_secret: bool = Field(
        default=False,
        description="One webhook secret for all: each administrator of one repository can forge deliveries of all.",
    )
    database_url: str = Field(default="", description="SQLAlchemy URL; default is SQLite in the data directory.")
    operators: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Logins of the operators, separated by commas."
    )
    data_dir: Path = Field(default=Path("data"), description="Folder of mirrors, database and generated secrets.")
    installation_key_file: Path | None = Field(
        default=None,
        description="A file with the installation's key, for servers that share a database; mode 0600, owned by you. "
        "Default is `installation.key` in the data directory.",
    )
    rules_cache_dir: Path | None = Field(
        default=None, description="Cache folder of compiled secret rules; default is in the data directory."
    )
    ca_file: AuthorityFile = Field(
        default=None,
        description="PEM file of certificate authorities to trust instead of the system's for API, git and models.",
    )
    proxy: ProxyAddress = Field(
        default=SecretStr(""), description="HTTP proxy for the API, git and models, such as http://proxy.example:3128."
    )
    no_proxy: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Hosts and domains reached without the proxy, separated by commas; loopback always is."
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8420, ge=0, le=65535, description="Port to listen on.")
    public_url: str = Field(default="", description="URL at which Forgejo reaches the bot; default is host and port.")
    max_body_bytes: int = Field(default=25 * MIB, ge=1024, le=MANY, description="Maximum size of a delivery.")
    max_backlog: int = Field(default=100_000, ge=1, le=MANY, description="Maximum number of deliveries not yet routed.")
    keep_deliveries_days: int = Field(default=30, ge=1, le=DAYS, description="Days that routed deliveries are kept.")
    workers: int = Field(default=8, ge=1, le=256, description="Targets evaluated concurrently.")
    log_level: str = Field(default="info", description="debug, info, warning or error.")
    max_files: int = Field(default=3000, ge=1, le=MANY, description="Maximum changed files checked per pull request.")
    max_commits: int = Field(default=500, ge=1, le=MANY, description="Maximum commits checked per pull request.")
    max_file_bytes: int = Field(
        default=5 * MIB, ge=1024, le=MANY, description="Maximum size of a scanned file version."
    )
    max_diff_bytes: int = Field(
        default=64 * MIB, ge=1024, le=MANY, description="Maximum size of the scanned patch of a pull request."
    )
    git_seconds: float = Field(default=120.0, gt=0, le=86_400, description="Timeout of one git command, in seconds.")
    models: Annotated[dict[ModelName, ModelSettings], NoDecode] = Field(
        default={}, description="Models that a policy may use: JSON here, tables `[models.NAME]` in `assay.toml`."
    )
    model_concurrency: int = Field(default=2, ge=1, le=64, description="Concurrent questions to models.")

    @field_validator("*")
    @classmethod
    def _text(cls, value: object) -> object:
        """A NUL cannot be in a path or a name, and half a surrogate pair cannot be in any text that is sent."""
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        for part in plain if isinstance(plain, tuple) else (plain,):
            if isinstance(part, str | Path) and UNUSABLE.search(str(part)):
                raise ValueError("contains NUL or bytes that are not UTF-8")
        return value

    @field_validator("host")
    @classmethod
    def _host(cls, value: str) -> str:
        return listening_host(value)

    @field_validator("log_level")
    @classmethod
    def _level(cls, value: str) -> str:
        if value.casefold() not in LEVELS:
            raise ValueError(f"invalid level; use {', '.join(LEVELS[:-1])} or {LEVELS[-1]}")
        return value.casefold()

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
            example = '{"small": {"url": "http://127.0.0.1:11434", "model": "…"}}'
            raise ValueError(f"invalid JSON; use an object such as {example}") from None

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
        """Return the sources in order of priority: arguments, environment, `assay.toml`."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    def network(self) -> Network:
        """Return the settings of outgoing connections."""
        return Network(self.ca_file, self.proxy.get_secret_value(), self.no_proxy)

    def bodies_bytes(self) -> int:
        """Return the budget of all bodies together, in bytes."""
        return self.max_bodies_bytes or max(64 * MIB, 2 * self.max_body_bytes)

    def address(self) -> str:
        """Return the URL at which Forgejo reaches the bot."""
        return self.public_url or local_address(REACHED.get(self.host, self.host), self.port)

    def store_url(self) -> str:
        """Return the database URL; default is the SQLite file in the data directory."""
        file = quote(str((self.data_dir / "assay.db").resolve()))
        return self.database_url or f"sqlite+aiosqlite:///{file}"

    def anchors_file(self) -> Path:
        """Return the file of the ledger's anchors."""
        return self.ledger_anchors or self.data_dir / "anchors.jsonl"

    def read_token(self) -> str:
        """Return the bot's token.

        Raises ConfigError if there is none, or if others can read its file.
        """
        setting = "ASSAY_TOKEN" if self.token_file is None else "ASSAY_TOKEN_FILE"
        if self.token_file is not None:
            token = read_private(self.token_file, setting).strip()
        else:
            token = self.token.get_secret_value().strip()
        if not token:
            raise ConfigError(
                "no token is configured; set ASSAY_TOKEN_FILE (mode 0600) or ASSAY_TOKEN to the bot's access token"
            )
        check_secret(token, setting, "token")
        return token

    def webhook_secrets(self) -> tuple[bytes, ...]:
        """Return the webhook secrets that repositories share, the signing one first; usually there are none.

        Without a setting these are those that an older version generated in the data directory; a new one is generated
        only if `share_webhook_secret` asks for it. Raises ConfigError.
        """
        setting = "ASSAY_WEBHOOK_SECRET" if self.webhook_secret_file is None else "ASSAY_WEBHOOK_SECRET_FILE"
        generated = self.data_dir / "webhook.secret"
        if self.webhook_secret_file is not None:
            text = read_private(self.webhook_secret_file, setting)
        elif text := self.webhook_secret.get_secret_value():
            pass
        elif self.share_webhook_secret or generated.exists():
            text = made(generated)
        else:
            return ()
        found = tuple(line.strip() for line in text.splitlines() if line.strip())
        if not found:
            raise ConfigError("the webhook secret is empty; write one secret per line, or remove the setting or file")
        for secret in found:
            check_secret(secret, setting, "webhook secret")
        return tuple(secret.encode() for secret in found)

    def shared_secret_place(self) -> str:
        """Return where the shared webhook secrets are, for people."""
        if self.webhook_secret_file is not None:
            return str(self.webhook_secret_file)
        return (
            "ASSAY_WEBHOOK_SECRET" if self.webhook_secret.get_secret_value() else str(self.data_dir / "webhook.secret")
        )

    def model_keys(self) -> tuple[str, ...]:
        """Return the keys of all models, for masking. Raises ConfigError."""
        return tuple(key for name, model in self.models.items() if (key := model.read_key(name)))

    def installation_key(self) -> bytes:
        """Return the key of fingerprints, witnesses and webhook secrets, generated at first use.

        It belongs to the database. Raises ConfigError for an invalid key file: with an empty key, secrets could be
        guessed from fingerprints.
        """
        path = self.installation_key_file or self.data_dir / "installation.key"
        text = (read_private(path, "ASSAY_INSTALLATION_KEY_FILE") if self.installation_key_file else made(path)).strip()
        if KEY.fullmatch(text) is None:
            raise ConfigError(
                f"{path} does not contain a key of 64 hex digits; restore it from the backup of the database"
            )
        return bytes.fromhex(text)
