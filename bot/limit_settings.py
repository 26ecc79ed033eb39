"""Settings of the limits that hold for all connections and all repositories. Part of `bot.config.Settings`."""

from pathlib import Path

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from bot.addresses import listening_host

MIB = 1024 * 1024
GIB = 1024 * MIB
MOST_BYTES = 1024 * 1024 * GIB
MOST_CONNECTIONS = 100_000


class LimitSettings(BaseSettings):
    """The limits of requests to Forgejo, ports, disk space of mirrors, what is kept, and the end of the process."""

    health_host: str = Field(default="127.0.0.1", description="Address to listen on for ASSAY_HEALTH_PORT.")
    health_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="Port for `/healthz`, `/readyz` and `/metrics`; without it, ASSAY_PORT answers them.",
    )
    stop_seconds: float = Field(
        default=10.0,
        ge=0,
        le=600,
        description="How long evaluations may go on after SIGTERM, in seconds; the others are done again later.",
    )
    forgejo_concurrency: int = Field(
        default=16, ge=1, le=256, description="Concurrent requests to Forgejo, of all workers together."
    )
    forgejo_rate: float = Field(
        default=500.0, ge=0, le=100_000, description="Maximum requests to Forgejo per second; 0: no limit."
    )
    forgejo_background_rate: float = Field(
        default=50.0,
        ge=0,
        le=100_000,
        description="Of these, maximum requests per second that nobody waits for, such as listings and daily "
        "evaluations; 0: no limit.",
    )
    max_connections: int = Field(
        default=0,
        ge=0,
        le=MOST_CONNECTIONS,
        description="Maximum open connections; 0: as many as the limit of open files allows, at most 512.",
    )
    max_connections_per_address: int = Field(
        default=0,
        ge=0,
        le=MOST_CONNECTIONS,
        description="Maximum open connections from one address; 0: half of all. Behind a reverse proxy, all have its "
        "address.",
    )
    max_bodies_bytes: int = Field(
        default=0,
        ge=0,
        le=MOST_BYTES,
        description="Maximum size of all deliveries that arrive at the same time; 0: 64 MiB, or twice "
        "ASSAY_MAX_BODY_BYTES if that is more.",
    )
    max_evaluation_bytes: int = Field(
        default=256 * MIB,
        ge=MIB,
        le=MOST_BYTES,
        description="Memory that evaluations of large changes use together; others wait, a larger one runs alone.",
    )
    max_fetch_bytes: int = Field(
        default=2 * GIB, ge=MIB, le=MOST_BYTES, description="Maximum size of what one fetch of git receives."
    )
    max_mirror_bytes: int = Field(
        default=4 * GIB, ge=MIB, le=MOST_BYTES, description="Maximum size of the mirror of one repository."
    )
    max_mirrors_bytes: int = Field(
        default=16 * GIB,
        ge=MIB,
        le=MOST_BYTES,
        description="Maximum size of all mirrors; the least recently used ones are deleted to make room.",
    )

    keep_snapshots_days: int = Field(
        default=90, ge=1, le=36_500, description="Days that snapshots of closed pull requests and issues are kept."
    )

    ledger_anchors: Path | None = Field(
        default=None,
        description="File to which the newest hash of the ledger is appended once a day; default is `anchors.jsonl` in "
        "the data directory.",
    )

    @field_validator("health_host")
    @classmethod
    def _health_host(cls, value: str) -> str:
        return listening_host(value)

    @field_validator("max_mirrors_bytes")
    @classmethod
    def _all_mirrors(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("max_mirror_bytes", 0):
            raise ValueError("smaller than ASSAY_MAX_MIRROR_BYTES; raise it, or lower ASSAY_MAX_MIRROR_BYTES")
        return value

    @field_validator("port", check_fields=False)
    @classmethod
    def _two_ports(cls, value: int, info: ValidationInfo) -> int:
        if value and value == info.data.get("health_port"):
            raise ValueError("the same as ASSAY_HEALTH_PORT; use two ports, or unset ASSAY_HEALTH_PORT")
        return value

    @field_validator("max_body_bytes", check_fields=False)
    @classmethod
    def _bodies(cls, value: int, info: ValidationInfo) -> int:
        if info.data.get("max_bodies_bytes") and info.data["max_bodies_bytes"] < 2 * value:
            raise ValueError("more than half of ASSAY_MAX_BODIES_BYTES; lower it, or raise ASSAY_MAX_BODIES_BYTES")
        return value
