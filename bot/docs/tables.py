"""Tables of the documentation that the program itself knows: settings, servers, metrics, policy keys, secret rules."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from prometheus_client import Counter, Gauge, Histogram
from pydantic import SecretStr

from bot.config import MIB, Settings
from bot.forgejo.capabilities import FEATURES, SUPPORTED
from bot.policy import Policy
from bot.scan import own_rules
from bot.telemetry import Metrics

FAMILIES = {
    "api": "Tokens of programming interfaces, in headers and addresses",
    "chat": "Slack, Discord, Telegram, Matrix: bots, apps and incoming hooks",
    "database": "Passwords in addresses: of databases, queues and other services",
    "forge": "Forgejo and Gitea: access tokens, OAuth tokens, runner registration, logins",
    "infisical": "Infisical: service tokens and identity tokens",
    "model": "Keys of model providers: OpenAI, Anthropic, Ollama and others",
    "named": "Whatever is assigned to a name that says it is secret",
    "password": "Passwords typed into commands and configurations of servers",
    "private-key": "SSH, PKCS#8, PEM, age and WireGuard private keys, also inside JSON and base64",
    "registry": "Logins of package and container registries",
    "service": "Tokens of code hosts, package registries and clouds",
    "vault": "Vault and OpenBao tokens",
}
"""The families of our rules in words. Every family needs some: a rule of a new one makes `rules_table` fail."""

_SEVERITIES = ("critical", "high", "medium", "low")


def settings_table() -> str:
    """Gives each setting with its environment variable, default and description."""
    rows = (
        (_code(f"ASSAY_{name.upper()}"), _default(field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    )
    return _table(("variable", "default", "meaning"), rows)


def servers_table() -> str:
    """Gives what not every server has, and which have it."""
    rows = (
        (
            feature.name,
            f"from {feature.forgejo}",
            f"from {feature.gitea[0]}.{feature.gitea[1]}" if feature.gitea else "none",
        )
        for feature in FEATURES
    )
    return f"Made for **{SUPPORTED}**.\n\n" + _table(("what", "Forgejo", "Gitea"), rows)


def metrics_table() -> str:
    """Gives each metric as it is scraped, with type, labels and description."""
    made = (metric for metric in vars(Metrics()).values() if isinstance(metric, Counter | Gauge | Histogram))
    return _table(("metric", "type", "labels", "meaning"), map(_metric, made))


def policy_table() -> str:
    """Gives each key of a policy with type, default and description; `[]` stands for each item of a list."""
    schema = Policy.model_json_schema()
    return _table(("key", "type", "default", "meaning"), _keys(schema, schema["$defs"], ""))


def rules_table() -> str:
    """Gives our own secret rules by family. Raises KeyError for a family that has no words here."""
    families: dict[str, dict[str, set[str]]] = {}
    for rule in own_rules().values():
        families.setdefault(rule.family, {}).setdefault(rule.name, set()).add(rule.severity)
    rows = (
        (_code(family), FAMILIES[family], ", ".join(f"{_code(name)} ({_worst_first(found)})" for name, found in rules))
        for family, rules in ((family, sorted(families[family].items())) for family in sorted(families))
    )
    return _table(("family", "what it is about", "rules, with severity"), rows)


def _metric(metric: Counter | Gauge | Histogram) -> tuple[str, str, str, str]:
    (about,) = metric.describe()
    name = f"{about.name}_total" if about.type == "counter" else about.name
    labels = metric._labelnames  # noqa: SLF001 - the library tells its labels nowhere else before they are used
    return _code(name), about.type, ", ".join(map(_code, labels)), about.documentation


def _keys(schema: dict[str, Any], known: dict[str, Any], before: str) -> Iterator[tuple[str, str, str, str]]:
    """The rows of one model, and behind each section or list of sections the rows of its own keys."""
    for key, about in schema["properties"].items():
        inner = about.get("items", about)
        section = known[inner["$ref"].rpartition("/")[2]] if "$ref" in inner else None
        name = f"{before}{key}"
        default = _default(about["default"]) if "default" in about else "needed"
        if section is None or "items" in about:
            yield _code(name), _type(about), default, about.get("description", "")
        if section is not None:
            yield from _keys(section, known, f"{name}{'[]' if 'items' in about else ''}.")


def _type(about: dict[str, Any]) -> str:
    """A JSON schema's type in words."""
    if "anyOf" in about:
        return " or ".join(_type(one) for one in about["anyOf"] if one.get("type") != "null")
    if "const" in about:
        return _code(str(about["const"]))
    if "enum" in about:
        return " or ".join(_code(str(one)) for one in about["enum"])
    if about.get("type") == "array":
        return "list of sections" if "$ref" in about["items"] else f"list of {_type(about['items'])}"
    if "pattern" in about:
        return f"text like {_code(about['pattern'])}"
    return f"text, {about.get('minLength', 0)} to {about['maxLength']} characters" if "maxLength" in about else "text"


def _default(value: object) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value is None or value == "":
        return "not set"
    if isinstance(value, tuple | list) and not value:
        return "none"
    if isinstance(value, int) and value >= MIB and value % MIB == 0:
        return f"{_code(str(value))} ({value // MIB} MiB)"
    return _code(value.as_posix() if isinstance(value, Path) else str(value))


def _worst_first(severities: Iterable[str]) -> str:
    return " or ".join(sorted(severities, key=_SEVERITIES.index))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")
