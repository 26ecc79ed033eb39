"""Every rule's own examples: what it has to find, and what it has to leave alone."""

import re
from collections.abc import Iterator
from random import Random

import pytest
import yaml

from bot.scan import ruleset
from bot.scan.plausibility import JUDGES
from bot.scan.scanner import Scanner
from tests.scan import corpus, values

SPECIAL = {
    "pw": values.password,
    "login": lambda rng: values.base64.b64encode(f"ci:{values.hexes(rng, 40)}".encode()).decode(),
    "gto": values.gitea_oauth,
    "st": values.infisical_service,
    "hvs": values.vault_long,
    "hvs-short": values.vault_short,
    "hvb": values.vault_batch,
    "s": values.vault_old,
    "jwt": values.jwt,
    "pem": values.private_pem,
    "age": values.age_key,
    "a40": lambda rng: values.alnum(rng, 40),
    "h40": lambda rng: values.hexes(rng, 40),
    "sk": lambda rng: "sk-" + values.alnum(rng, 48),
    "sk-ant": lambda rng: "sk-" + "ant-api03-" + values.urlsafe(rng, 93),
    "sk-or": lambda rng: "sk-" + "or-v1-" + values.hexes(rng, 64),
    "hf": lambda rng: "hf" + "_" + values.chars(rng, values.string.ascii_letters, 34),
    "gsk": lambda rng: "gsk" + "_" + values.alnum(rng, 52),
    "aiza": lambda rng: "AIza" + "Sy" + values.urlsafe(rng, 33),
    "ollama": lambda rng: values.hexes(rng, 32) + "." + values.urlsafe(rng, 24),
    "ghp": lambda rng: "gh" + "p_" + values.alnum(rng, 36),
    "npm": lambda rng: "np" + "m_" + values.alnum(rng, 36),
    "tskey": lambda rng: "tskey" + "-auth-" + values.alnum(rng, 17) + "-" + values.alnum(rng, 32),
    "xoxb": lambda rng: "xox" + "b-" + "123456780912-" * 2 + values.alnum(rng, 24),
    "telegram": lambda rng: "5123456780:A" + "A" + values.urlsafe(rng, 33),
    "matrix": lambda rng: "syt" + "_Y2k_" + values.alnum(rng, 20) + "_" + values.alnum(rng, 6),
    "discord": lambda rng: "M" + values.alnum(rng, 23) + ".Gk3x9Q." + values.alnum(rng, 38),
    "slack-hook": lambda rng: "https://hooks." + "slack.com/services/T0A1B2C3D/B0A1B2C3D4/" + values.alnum(rng, 24),
    "discord-hook": lambda rng: "https://discord." + "com/api/webhooks/908172635445362718/" + values.urlsafe(rng, 68),
}


def _entries() -> list[dict[str, object]]:
    return [
        entry
        for path in sorted(ruleset.FOLDER.glob("*.yaml"))
        for entry in yaml.safe_load(path.read_text("utf-8"))["rules"]
    ]


def _made(template: str, rng: Random) -> str:
    made = re.sub(r"\{([a-z0-9-]+)\}", lambda m: SPECIAL[m[1]](rng) if m[1] in SPECIAL else m[0], template)
    return corpus.filled(made, rng)


def _examples(key: str) -> Iterator[tuple[str, str]]:
    rng = Random(5)  # noqa: S311 - examples want to be the same every time
    for entry in _entries():
        for template in entry[key]:  # type: ignore[attr-defined]  # YAML's lists
            for _ in range(5):
                yield str(entry["name"]), _made(str(template), rng)


def test_every_rule_has_examples_of_both_kinds_and_a_judge() -> None:
    for entry in _entries():
        assert entry["examples"], entry["id"]
        assert entry["negative_examples"], entry["id"]
        assert entry["assay"]["judge"] in {*JUDGES}, entry["id"]  # type: ignore[index]  # YAML's mapping


def test_rule_ids_are_unique() -> None:
    ids = [entry["id"] for entry in _entries()]
    assert len(ids) == len(set(ids))


def test_every_positive_example_is_found(scanner: Scanner) -> None:
    missed = [(name, text) for name, text in _examples("examples") if not scanner.scan(text).hits]
    assert missed == []


def test_every_negative_example_is_left_alone(scanner: Scanner) -> None:
    found = [(name, text, hits) for name, text in _examples("negative_examples") if (hits := scanner.scan(text).hits)]
    assert found == []


@pytest.mark.parametrize("secret", ["gto", "st", "hvs", "hvb", "age", "ghp"])
def test_a_specific_rule_gives_the_name_even_where_a_name_says_token(scanner: Scanner, secret: str) -> None:
    rng = Random(9)  # noqa: S311 - as above
    hits = scanner.scan(f"API_TOKEN={SPECIAL[secret](rng)}").hits
    assert [hit.rule == "named-secret" for hit in hits] == [False]
