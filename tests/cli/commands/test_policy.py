"""`assay policy`: files checked against the declared labels, the schema for editors, which rule gave which label."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from bot.cli.commands.policy.app import policy_schema
from bot.sandbox.world import AGENT, OPERATOR, REPOSITORY
from tests.cli.forge import REPO, Assay, Forge
from tests.snapshots import ISSUE, POLICY, snapshot

RULES = """
labels:
  rules:
    - name: watering
      when: {title: ["*water*"]}
      labels: [size/large, meta]
"""


def problems(assay: Assay, text: str, *more: str) -> list[str]:
    Path("mine.yml").write_text(text)
    done = assay("policy", "check", "mine.yml", *more)
    assert (done.status, done.out) == (2, "")
    return [line.removeprefix("assay: mine.yml") for line in done.err.splitlines()]


def test_a_policy_without_mistakes_is_fine(assay: Assay, clean: Path) -> None:
    (clean / "mine.yml").write_text(RULES)
    done = assay("policy", "check", "mine.yml")
    assert (done.status, done.out, done.err) == (0, "mine.yml: valid\n", "")


@pytest.mark.parametrize("name", [".forgejo/assay.yaml", ".forgejo/Assay.yml", "assay.yml"])
def test_a_file_that_the_bot_will_not_read_is_told_as_one(assay: Assay, clean: Path, name: str) -> None:
    (clean / name).parent.mkdir(exist_ok=True)
    (clean / name).write_text(RULES)
    done = assay("policy", "check", name)
    assert (done.status, done.out) == (0, f"{name}: valid\n")
    assert done.err == "warning: the bot does not read this file: it reads only .forgejo/assay.yml\n"


def test_a_model_is_looked_up_where_the_settings_are(
    assay: Assay, clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (clean / "mine.yml").write_text("judge:\n  model: small\n")
    assert assay("policy", "check", "mine.yml").status == 0
    monkeypatch.setenv("ASSAY_FORGEJO_URL", "https://git.example.org")
    (line,) = problems(assay, "judge:\n  model: small\n")
    assert line == ":2: `judge.model`: unknown model; the settings define none; leave it empty"


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ("[meta, sise/tiny]", ':6: the rule "watering" uses the undeclared label "sise/tiny"; '),
        ("[judge/park]", ':6: the rule "watering" sets the decision label "judge/park", which no rule may set; '),
        (
            "[size/tiny, meta, size/small]",
            ':6: the rule "watering" sets "size/tiny" and "size/small", which exclude each other; ',
        ),
        ("[]", ":6: `labels.rules.0.labels`: too short; write at least 1 entry"),
    ],
)
def test_labels_that_no_rule_can_set_are_told_with_their_line(
    assay: Assay, clean: Path, labels: str, told: str
) -> None:
    (line,) = problems(assay, RULES.replace("[size/large, meta]", labels))
    assert line.startswith(told)


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ('{paths: ["#docs"]}', ":5: `labels.rules.0.when.paths.0`: matches no file: "),
        ('{paths: ["/"]}', ":5: `labels.rules.0.when.paths.0`: matches no file"),
        ('{title: [""]}', ":5: `labels.rules.0.when.title.0`: too short; write at least 1 character"),
        ("{size: [huge]}", ':5: `labels.rules.0.when.size.0`: expected "tiny", "small"'),
        ("{title: water}", ":5: `labels.rules.0.when.title`: "),
        ("{weather: [wet]}", ":5: unknown key `labels.rules.0.when.weather`"),
    ],
)
def test_conditions_that_cant_be_are_told_with_their_line(assay: Assay, clean: Path, when: str, told: str) -> None:
    (line,) = problems(assay, RULES.replace('{title: ["*water*"]}', when))
    assert line.startswith(told)


def test_more_conditions_than_can_be_asked_in_time_are_refused(assay: Assay, clean: Path) -> None:
    rule = {"name": "many", "when": {"words": [f"word {number}" for number in range(100)]}, "labels": ["meta"]}
    (line,) = problems(assay, json.dumps({"labels": {"rules": [rule] * 11}}))
    assert "`labels`: too many entries in the rules' conditions: 1100, maximum 1000; remove some" in line


def test_another_label_file_says_what_is_declared(assay: Assay, clean: Path) -> None:
    group = "groups: [{name: g, description: Words, exclusive: false, decision: false}]\n"
    text = group + 'labels: [{name: own, color: "#0e8a16", description: x, group: g}]\n'
    (clean / "labels.yaml").write_text(text)
    (line,) = problems(assay, RULES.replace("size/large, ", ""), "--labels", "labels.yaml")
    assert 'uses the undeclared label "meta"' in line
    (clean / "mine.yml").write_text(RULES.replace("size/large, meta", "own"))
    assert assay("policy", "check", "mine.yml", "--labels", "labels.yaml").status == 0


def test_the_schema_is_one_and_says_what_each_key_means(assay: Assay) -> None:
    done = assay("policy", "schema")
    schema = json.loads(done.out)
    Draft202012Validator.check_schema(schema)
    assert (done.status, schema) == (0, policy_schema())
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == "urn:assaymaster:policy:1"
    sections = [schema, *schema["$defs"].values()]
    undescribed = [name for part in sections for name, key in part["properties"].items() if not _described(key)]
    assert undescribed == []


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        (RULES, True),
        ("", True),
        ("secret-leak: {mode: advise}\njudge: {stale-days: 9}", True),
        ("labels: {rules: [{name: x, when: {size: [huge]}, labels: [meta]}]}", False),
        ("labels: {rules: [{name: x, labels: [meta]}]}", False),
        ("lables: {}", False),
        ("secret_leak: {}", False),
    ],
)
def test_an_editor_finds_with_the_schema_what_the_program_would_refuse(text: str, valid: bool) -> None:
    assert Draft202012Validator(policy_schema()).is_valid(yaml.safe_load(text) or {}) is valid


def kept(clean: Path, **change: Any) -> str:
    (clean / "shot.json").write_text(snapshot(ISSUE, **change).model_dump_json())
    return "shot.json"


def test_a_snapshot_is_explained_offline(assay: Assay, clean: Path) -> None:
    done = assay("policy", "explain", kept(clean, title="fix: a\x1b[2J leak"))
    assert done.status == 0
    assert done.out.splitlines() == [
        "workshop/garden#7: 1 label: agent/codex",
        '  kind/bug                rule "a fix": type fix',
        '  type:bug                rule "a fix": type fix',
        '  agent/codex             rule "by codex": author codex',
        '  source/agent-generated  rule "by an agent": by agent',
        '  flow/intake             rule "a new issue": kind issue; state new',
    ]


def test_what_a_rule_cant_set_is_told_beside(assay: Assay, clean: Path) -> None:
    policy = POLICY.model_validate(yaml.safe_load(RULES.replace("meta", "judge/p0")))
    done = assay("policy", "explain", kept(clean, policy=policy))
    assert done.status == 0
    assert 'rule "watering": title *water*\n' in done.out
    assert 'note: The rule "watering" uses the decision label "judge/p0"' in done.err


def test_programs_read_all_labels_with_their_grounds(assay: Assay, clean: Path) -> None:
    values = json.loads(assay("policy", "explain", kept(clean, title="chore: x"), "--json").out)
    labels = {one["label"]: one for one in values["labels"]}
    assert labels["kind/chore"] == {"label": "kind/chore", "on": True, "why": 'rule "maintenance": type chore'}
    assert labels["type:bug"]["on"] is False
    assert (values["target"], values["notes"]) == ("workshop/garden#7", [])
    assert "| `kind/chore` | maintenance | type chore |" in values["explanation"]


def test_what_is_no_snapshot_is_exit_2(assay: Assay, clean: Path) -> None:
    (clean / "shot.json").write_text("{}")
    done = assay("policy", "explain", "shot.json")
    assert (done.status, done.out) == (2, "")
    assert "not a snapshot" in done.err


async def test_a_target_is_explained_by_the_policy_in_force_and_nothing_is_written(forge: Forge) -> None:
    await forge.assay("setup", REPOSITORY)
    await forge.api[AGENT].post(f"{REPO}/issues", {"title": "docs: water", "body": "Dry."})
    forge.sandbox.reset_calls()
    done = await forge.assay("policy", "explain", f"{REPOSITORY}#1")
    assert (done.status, forge.sandbox.writes) == (0, [])
    assert 'rule "documentation by title": type docs' in done.out
    await forge.api[OPERATOR].post(f"{REPO}/issues/1/comments", {"body": "/unlabel type:docs"})
    said = await forge.assay("policy", "explain", f"{forge.sandbox.url}/{REPOSITORY}/issues/1")
    assert "  off type:docs " in said.out
    assert "/unlabel in comment" in said.out


def _described(key: dict[str, Any]) -> bool:
    return bool(key.get("description") or "$ref" in key)
