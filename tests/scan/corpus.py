"""The generated sets: every case is a text, what kind it is of, and the part that has to be found.

The same seed gives the same cases. The first set is what the rules are built for; the second was
put together from other contexts and shows what the first one doesn't know.
"""

import base64
import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from tests.scan import contexts, heldout, values
from tests.scan.negatives import NEGATIVES

FIELD = re.compile(r"\{([A-Za-z]+[0-9]*n?)\}")
Make = Callable[[Random], str]


@dataclass(frozen=True)
class Case:
    family: str
    text: str
    secret: tuple[int, int] | None  # where the secret stands, in clear or encoded; None: nothing to be found


def _words(name: str) -> dict[str, str]:
    parts = name.split("_")
    pascal = "".join(part.capitalize() for part in parts)
    return {
        "N": name.upper(),
        "n": name,
        "k": "-".join(parts),
        "c": pascal[0].lower() + pascal[1:],
        "C": pascal,
        "d": ".".join(parts),
        "p": " ".join(parts),
    }


def _lookalike(rng: Random, kind: str) -> str | None:
    simple: dict[str, Make] = {
        "uuid": lambda r: str(uuid.UUID(bytes=r.randbytes(16))),
        "b64": lambda r: values.b64(r, 64),
        "b64n": lambda r: values.b64(r, 64).rstrip("="),
        "b32": lambda r: values.b64(r, 32),
        "b32n": lambda r: values.b64(r, 32).rstrip("="),
        "b192": lambda r: values.b64(r, 192),
        "b192n": lambda r: values.b64(r, 192).rstrip("="),
        "bech58": lambda r: values.chars(r, values.BECH32.lower(), 58),
        "pubpem": lambda r: values.pem(r, "PUBLIC KEY", 200),
        "certpem": lambda r: values.pem(r, "CERTIFICATE", 400),
    }
    if kind in simple:
        return simple[kind](rng)
    if kind[0] in "hH" and kind[1:].isdigit():
        made = values.chars(rng, values.HEX, int(kind[1:]))
        return made.upper() if kind[0] == "H" else made
    return None


def filled(template: str, rng: Random, name: str = "api_token") -> str:
    words = _words(name)

    def one(match: re.Match[str]) -> str:
        kind = match[1]
        return words.get(kind) or _lookalike(rng, kind) or match[0]

    return FIELD.sub(one, template)


def planted(family: str, template: str, secret: str, name: str = "api_token") -> Case:
    before, after = template.split("{v}")
    words = _words(name)
    head = FIELD.sub(lambda m: words.get(m[1], m[0]), before)
    tail = FIELD.sub(lambda m: words.get(m[1], m[0]), after)
    return Case(family, head + secret + tail, (len(head), len(head) + len(secret)))


@dataclass(frozen=True)
class Family:
    name: str
    make: tuple[Make, ...]
    names: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


def _hex(count: int) -> Make:
    return lambda rng: values.hexes(rng, count)


def _alnum(count: int) -> Make:
    return lambda rng: values.alnum(rng, count)


NAMED_FAMILIES = (
    Family("forgejo-token", (_hex(40),), ("forgejo_token", "gitea_token", "platformctl_forgejo_token", "git_pat")),
    Family("runner-token", (_alnum(40), _hex(40)), ("runner_registration_token", "forgejo_runner_token")),
    Family("webhook-secret", (_hex(64), _alnum(32)), ("webhook_secret", "forgejo_webhook_secret")),
    Family(
        "infisical",
        (values.infisical_service, values.jwt, _hex(64)),
        ("infisical_token", "infisical_client_secret", "universal_auth_client_secret"),
    ),
    Family("encryption-key", (_hex(32), lambda r: values.b64(r, 32)), ("encryption_key", "auth_secret", "secret_key")),
    Family("vault", (values.vault_long, values.vault_short, values.vault_old, values.vault_batch), ("vault_token",)),
    Family("wireguard", (values.wireguard,), ("private_key", "wg_private_key")),
    Family("model-key", (values.model_key,), ("openai_api_key", "llm_api_key")),
    Family("ollama", (lambda r: values.hexes(r, 32) + "." + values.urlsafe(r, 24),), ("ollama_api_key",)),
    Family("chat", (values.chat_token, values.chat_hook), ("slack_bot_token", "notify_url", "matrix_access_token")),
    Family(
        "password", (values.password,), ("password", "db_password", "admin_passwd", "smtp_pass", "vault_passphrase")
    ),
    Family("api-key", (_alnum(32), _hex(32)), ("api_key", "service_api_key", "access_token", "client_secret")),
    Family("other-token", (values.other_token,), ("registry_token", "deploy_token")),
)
PLACED_FAMILIES = (
    Family("forgejo-token", (_hex(40),), places=contexts.FORGE),
    Family("runner-token", (_alnum(40), _hex(40)), places=contexts.RUNNER),
    Family("app-ini", (_alnum(64), lambda r: values.urlsafe(r, 43), values.jwt), places=contexts.APP_INI),
    Family("webhook-secret", (_hex(64), _alnum(32)), places=contexts.HOOK),
    Family("gitea-oauth", (values.gitea_oauth,), places=contexts.SELF_NAMED),
    Family("infisical", (values.infisical_service,), places=contexts.SELF_NAMED),
    Family("vault", (values.vault_long, values.vault_short, values.vault_batch), places=contexts.SELF_NAMED),
    Family("model-key", (values.model_key,), places=contexts.SELF_NAMED),
    Family("chat", (values.chat_token, values.chat_hook), places=contexts.SELF_NAMED),
    Family("other-token", (values.other_token,), places=contexts.SELF_NAMED),
    Family("private-key", (values.private_pem,), places=contexts.PRIVATE_KEY),
    Family("private-key", (values.age_key,), places=contexts.SELF_NAMED),
    Family("database-url", (values.database_url,), places=contexts.DATABASE),
    Family("password", (values.password,), places=contexts.PASSWORD),
)


def _composed(rng: Random) -> Iterator[Case]:
    """Secrets that stand inside another format: JSON escapes, base64, Docker's config, basic credentials."""
    for _ in range(6):
        key = values.private_pem(rng)
        yield planted("private-key", '{"private_key": "{v}"}', json.dumps(key)[1:-1])
        yield planted("private-key", "SSH_KEY_B64={v}", base64.b64encode(key.encode()).decode())
        yield planted("private-key", 'key = "{v}"', key.replace("\n", "\\n"))
        yield planted("private-key", "[Interface]\nPrivateKey = {v}\nAddress = 10.0.0.1/24", values.wireguard(rng))
        yield planted("private-key", "[Peer]\nPresharedKey = {v}", values.wireguard(rng))
        login = base64.b64encode(f"ci:{values.hexes(rng, 40)}".encode()).decode()
        yield planted("registry-auth", '{"auths": {"git.internal": {"auth": "{v}"}}}', login)
        yield planted("registry-auth", '\t\t"git.internal": {\n\t\t\t"auth": "{v}"\n\t\t}', login)
        yield planted("registry-auth", "Authorization: Basic {v}", login)
        yield planted("registry-auth", "_auth={v}", login)
        yield planted("forgejo-token", 'git config http.extraheader "AUTHORIZATION: basic {v}"', login)
        yield planted("password", "token: {v}", values.jwt(rng))


def positives(seed: int = 7) -> Iterator[Case]:
    rng = Random(seed)  # noqa: S311 - a corpus wants to be the same every time
    for family in NAMED_FAMILIES:
        for at, place in enumerate(contexts.NAMED):
            make = family.make[at % len(family.make)]
            yield planted(family.name, place, make(rng), rng.choice(family.names))
    for family in PLACED_FAMILIES:
        for place in family.places:
            for make in family.make:
                yield planted(family.name, place, make(rng))
    yield from _composed(rng)


NAMES = ("forgejo_token", "api_token", "db_password", "client_secret", "webhook_secret", "api_key")


def negatives(seed: int = 11, sets: dict[str, tuple[str, ...]] = NEGATIVES) -> Iterator[Case]:
    rng = Random(seed)  # noqa: S311 - as above
    for family, templates in sets.items():
        for template in templates:
            for name in NAMES:
                yield Case(family, filled(template, rng, name), None)


def _encoded(rng: Random) -> Iterator[Case]:
    for name, encode in heldout.LINE_ENCODINGS.items():
        for line in ("FORGEJO_TOKEN=" + values.hexes(rng, 40), "password: " + values.password(rng)):
            yield planted(f"encoded: {name}", "x: {v}", encode(line))
        yield planted(f"encoded: {name}", "x: {v}", encode(values.vault_long(rng)))
    for name, encode in heldout.VALUE_ENCODINGS.items():
        yield planted(f"encoded: {name}", "forgejo_token = {v}", encode(values.hexes(rng, 40)))
        yield planted(f"encoded: {name}", "db_password = {v}", encode(values.password(rng)))
        yield planted(f"encoded: {name}", "x = {v}", encode(values.vault_long(rng)))


def held_out(seed: int = 23) -> Iterator[Case]:
    rng = Random(seed)  # noqa: S311 - as above
    for family in NAMED_FAMILIES:
        for at, place in enumerate(heldout.NAMED):
            make = family.make[at % len(family.make)]
            yield planted(family.name, place, make(rng), rng.choice(family.names))
    for place in heldout.FORGE:
        yield planted("forgejo-token", place, values.hexes(rng, 40))
    for place in heldout.PASSWORD:
        yield planted("password", place, values.password(rng))
    for _ in range(3):
        yield from _encoded(rng)


def held_out_negatives(seed: int = 29) -> Iterator[Case]:
    return negatives(seed, heldout.NEGATIVES)
