"""Generates tables of the documentation: settings, servers, metrics, policy keys, the secret rules, the checks."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from prometheus_client import Counter, Gauge, Histogram
from pydantic import SecretStr

from bot.config import MIB, Settings
from bot.docs.markdown import code, table
from bot.forgejo.capabilities import FEATURES, SUPPORTED
from bot.limit_settings import LimitSettings
from bot.model import Kind
from bot.policy import Policy
from bot.scan import own_rules
from bot.telemetry import Metrics
from handlers import CHECKS

FAMILIES = {
    "api": "API tokens in headers and URLs",
    "chat": "Slack, Discord, Telegram, Matrix: bots, apps and incoming webhooks",
    "database": "Passwords in URLs of databases, queues and other services",
    "forge": "Forgejo and Gitea: access tokens, OAuth tokens, runner registration, logins",
    "infisical": "Infisical: service tokens and identity tokens",
    "model": "Keys of model providers: OpenAI, Anthropic, Ollama and others",
    "named": "Values assigned to a name that implies a secret",
    "password": "Passwords in commands and server configurations",
    "private-key": "SSH, PKCS#8, PEM, age and WireGuard private keys, also inside JSON and base64",
    "registry": "Logins of package and container registries",
    "service": "Tokens of code hosts, package registries and clouds",
    "vault": "Vault and OpenBao tokens",
}
"""Descriptions of the rule families. Every family needs one: `rules_table` fails for a family without it."""

_TARGETS = {Kind.PULL: "pull requests", Kind.ISSUE: "issues"}
_STATES = {"open": "open", "draft": "drafts", "closed": "closed or merged"}
_SEVERITIES = ("critical", "high", "medium", "low")


def settings_table() -> str:
    """Return each setting with its environment variable, default and description."""
    rows = (
        (code(f"ASSAY_{name.upper()}"), _default(field.default), field.description or "")
        for name, field in sorted(Settings.model_fields.items(), key=lambda item: item[0] in LimitSettings.model_fields)
    )
    return table(("variable", "default", "meaning"), rows)


def servers_table() -> str:
    """Return each feature that only some servers have, and the first version that has it."""
    rows = (
        (
            feature.name,
            f"from {feature.forgejo}",
            f"from {feature.gitea[0]}.{feature.gitea[1]}" if feature.gitea else "none",
        )
        for feature in FEATURES
    )
    return f"The bot supports **{SUPPORTED}**.\n\n" + table(("feature", "Forgejo", "Gitea"), rows)


def metrics_table() -> str:
    """Return each metric with its scraped name, type, labels and description."""
    made = (metric for metric in vars(Metrics()).values() if isinstance(metric, Counter | Gauge | Histogram))
    return table(("metric", "type", "labels", "meaning"), map(_metric, made))


def policy_table() -> str:
    """Return each key of a policy with type, default and description; `[]` stands for each item of a list."""
    schema = Policy.model_json_schema()
    return table(("key", "type", "default", "meaning"), _keys(schema, schema["$defs"], ""))


def rules_table() -> str:
    """Return our own secret rules by family. Raises KeyError for a family without a description."""
    families: dict[str, dict[str, set[str]]] = {}
    for rule in own_rules().values():
        families.setdefault(rule.family, {}).setdefault(rule.name, set()).add(rule.severity)
    rows = (
        (code(family), FAMILIES[family], ", ".join(f"{code(name)} ({_worst_first(found)})" for name, found in rules))
        for family, rules in ((family, sorted(families[family].items())) for family in sorted(families))
    )
    return table(("family", "finds", "rules, with severity"), rows)


def checks_table() -> str:
    """Return the checks of this project in the order in which they run; those of other packages are left out."""
    ours = [check for check in CHECKS if check.assess.__module__.startswith("handlers.")]
    rows = (
        (
            str(number),
            code(check.name),
            " and ".join(word for kind, word in _TARGETS.items() if kind in check.on),
            ", ".join(word for state, word in _STATES.items() if state in check.states),
            code(f"{check.assess.__module__.replace('.', '/')}.py"),
        )
        for number, check in enumerate(ours, 1)
    )
    return table(("order", "check", "targets", "states", "file"), rows)


def _metric(metric: Counter | Gauge | Histogram) -> tuple[str, str, str, str]:
    (about,) = metric.describe()
    name = f"{about.name}_total" if about.type == "counter" else about.name
    labels = metric._labelnames  # noqa: SLF001 - the library has no public access to unused labels
    return code(name), about.type, ", ".join(map(code, labels)), about.documentation


def _keys(schema: dict[str, Any], known: dict[str, Any], before: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield the rows of one model, and after each section or list of sections the rows of its own keys."""
    required = schema.get("required", ())
    for key, about in schema["properties"].items():
        inner = about.get("items", about)
        section = known[inner["$ref"].rpartition("/")[2]] if "$ref" in inner else None
        name = f"{before}{key}"
        default = "required" if key in required else _default(about.get("default", ()))
        if section is None or "items" in about:
            yield code(name), _type(about), default, about.get("description", "")
        if section is not None:
            yield from _keys(section, known, f"{name}{'[]' if 'items' in about else ''}.")


def _type(about: dict[str, Any]) -> str:
    """Return a JSON schema's type in words."""
    if "anyOf" in about:
        return " or ".join(_type(one) for one in about["anyOf"] if one.get("type") != "null")
    values = [about["const"]] if "const" in about else about.get("enum")
    if values:
        return " or ".join(code(str(one)) for one in values)
    if about["type"] == "array":
        return "list of sections" if "$ref" in about["items"] else f"list of {_type(about['items'])}"
    if about["type"] == "object":
        return f"mapping of {_type(about['propertyNames'])} to {_type(about['additionalProperties'])}"
    return _text(about) if about["type"] == "string" else f"{about['type']}, {about['minimum']} to {about['maximum']}"


def _text(about: dict[str, Any]) -> str:
    if "pattern" in about:
        return f"text matching {code(about['pattern'])}"
    return f"text, {about.get('minLength', 0)} to {about['maxLength']} characters" if "maxLength" in about else "text"


def _default(value: object) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value is None or value == "":
        return "not set"
    if isinstance(value, tuple | list) and not value:
        return "none"
    if isinstance(value, int) and value >= MIB and value % MIB == 0:
        return f"{code(str(value))} ({value // MIB} MiB)"
    return code(value.as_posix() if isinstance(value, Path) else str(value))


def _worst_first(severities: Iterable[str]) -> str:
    return " or ".join(sorted(severities, key=_SEVERITIES.index))
