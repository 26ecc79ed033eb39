"""The label file: what it holds, how its mistakes are told, and what the bot asks of it."""

from pathlib import Path

import pytest
import yaml

from bot.labels.catalog import LabelFileError, LabelSet, family, scope

ROOT = Path(__file__).parents[2]

IN_USE = """
3plus3-followup W6d-automerge-calibration agent/claude-code agent/codex agent/hermes agent/iskra agent/ollama
agent/patchwarden analytics api automerge-candidate class/security-sensitive cockpit cutover-gate dependency/blocked
dependency/blocks-others dependency/cross-repo dependency/needs-confirmation docs domain:agents domain:ci
domain:docs domain:forgejo domain:infra domain:memory domain:runtime domain:signal domain:ux flow/architecture
flow/blocked flow/deployed flow/done flow/implementation flow/intake flow/maintained flow/observed flow/ready
flow/refining flow/retired flow/review gemini-flash iterating judge/codex-candidate judge/hermes-candidate
judge/low-confidence judge/needs-refinement judge/operator-needed judge/p0 judge/p1 judge/p2 judge/p3 judge/park
judge/patchwarden-candidate judge/stale-priority kind/adr kind/bug kind/chore kind/feature kind/infra kind/ops
kind/refactor kind/research large-impact leviathan mcp merge/auto merge/manual merge/manual-dependency-conflict
merge/manual-failing-tests merge/manual-merge-conflict merge/manual-missing-review merge/manual-operator-preference
merge/manual-red-zone merge/manual-security-sensitive merge/manual-unclear-scope merge/manual-unknown meta
mode:operator-only mode:patchwarden-iskra-approved mode:safe-auto needs-operator-decision needs-triage not-ready
observed/erroring observed/needs-followup observed/pending observed/retire-candidate observed/unused observed/used
operator-emotional ops owner-attention phase/02 phase/03 priority:p0 priority:p1 priority:p2 priority:p3 proposed
ready-for-agent ready-for-operator recovery review:claude-reviewed review:codex-reviewed review:dziadek-reviewed
review:needs-human risk/exposure risk/process risk/product risk/runtime safety safety:external-write
safety:no-prod-mutation safety:prod-impact safety:secret-touch scout security size/large size/medium size/small
size/tiny size/unknown small-task source/adr source/agent-generated source/manual source/operator-chat
source/voice-note status:blocked status:codex-ready status:merged:pending-evidence status:needs-evidence
status:operator-needed status:parked tests tier/full tier/lite tier/stacked tier:0-platform-substrate
tier:1-iskra-value-layer tier:2-tools-products-modules type:bug type:chore type:docs type:feat type:policy
type:research ui
"""

SMALL = """
groups:
  - {name: size, description: How much, exclusive: true, decision: false}
  - {name: verdict, description: What was decided, exclusive: false, decision: true}
labels:
  - {name: size/small, color: "#abc", group: size, exclusive: true}
  - {name: size/large, color: "#000000", group: size, exclusive: true}
  - {name: "verdict:go", color: "#0e8a16", group: verdict, aliases: [go-ahead]}
  - {name: stop, color: "#b60205", group: verdict}
"""


@pytest.fixture(scope="module")
def ours() -> LabelSet:
    return LabelSet.load()


def refusal(text: str) -> str:
    with pytest.raises(LabelFileError) as caught:
        LabelSet.parse(text, "labels.yaml")
    return str(caught.value)


NEUTRAL = {"judge/code-candidate", "judge/docs-candidate", "judge/findings-candidate", "mode:agents-approved"}
"""The labels of who has given no names of his own."""


def test_every_label_that_the_repositories_use_is_declared_and_no_other(ours: LabelSet) -> None:
    assert sorted(label.name for label in ours.labels if label.name not in NEUTRAL) == IN_USE.split()
    assert {label.name for label in ours.labels} >= NEUTRAL


def test_every_group_has_labels_and_words(ours: LabelSet) -> None:
    assert {label.group for label in ours.labels} == {group.name for group in ours.groups}
    assert all(group.description for group in ours.groups)


def test_the_file_is_a_forgejo_label_template(ours: LabelSet) -> None:
    # What the server's parser asks of each entry (modules/label/parser.go); other keys it passes over.
    raw = yaml.safe_load((ROOT / "labels.yaml").read_text(encoding="utf-8"))
    for entry in raw["labels"]:
        assert entry["name"]
        assert len(entry["color"]) == 7
        int(entry["color"].removeprefix("#"), 16)
        assert isinstance(entry["description"], str)
        assert isinstance(entry.get("exclusive", False), bool)


@pytest.mark.parametrize(
    ("name", "peers"),
    [
        ("judge/p1", ("judge/p0", "judge/p2", "judge/p3")),
        ("judge/operator-needed", ()),
        ("safety:prod-impact", ("safety:no-prod-mutation",)),
        ("mode:safe-auto", ("mode:operator-only", "mode:agents-approved", "mode:patchwarden-iskra-approved")),
        ("review:needs-human", ()),
        ("never-heard-of", ()),
    ],
)
def test_exclusive_peers_are_those_of_the_group_not_of_the_scope(
    ours: LabelSet, name: str, peers: tuple[str, ...]
) -> None:
    assert ours.exclusive_peers(name) == peers


def test_one_merge_classification_excludes_the_ten_others(ours: LabelSet) -> None:
    assert len(ours.exclusive_peers("merge/auto")) == 10


@pytest.mark.parametrize(
    "name",
    [
        *("judge/p0", "judge/park", "merge/auto", "review:needs-human", "mode:safe-auto", "cutover-gate"),
        *("needs-operator-decision", "automerge-candidate"),
        *("judge/pass", "merge/auto/now", "mode:yolo"),  # of a family, not listed
        *("Judge/P3", "MERGE/auto", " cutover-gate", "\uff4audge/p3", "Cutover-Gate"),  # taken for a listed one
    ],
)
def test_labels_that_decide_or_look_as_if_they_did(ours: LabelSet, name: str) -> None:
    assert ours.is_decision(name)


@pytest.mark.parametrize("name", ["docs", "priority:p0", "size/tiny", "judge", "prejudge/p0", "modest", ""])
def test_labels_that_decide_nothing(ours: LabelSet, name: str) -> None:
    assert not ours.is_decision(name)


def test_forgejo_s_flag_stands_on_whole_scopes_that_are_one_exclusive_group(ours: LabelSet) -> None:
    flagged = {scope(label.name) for label in ours.labels if label.exclusive}
    assert flagged == {"merge", "flow", "size", "tier", "phase"}


def test_lookups_are_by_exact_name() -> None:
    labels = LabelSet.parse(SMALL)
    label, group = labels.get("size/small"), labels.group_of("stop")
    assert label is not None
    assert group is not None
    assert (label.color, group.name) == ("#abc", "verdict")
    assert labels.get("Size/Small") is None
    assert labels.group_of("go-ahead") is None
    assert labels.is_decision("go-ahead"), "an earlier name still decides"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'color: "#abc"',
            'colour: "#abc"',
            "labels.yaml:6: unknown key `labels.0.colour`; did you mean `color`?",
        ),
        (
            'color: "#000000"',
            "color: 123456",
            "`labels.1.color`: expected text; put the value in quotes",
        ),
        ('"#b60205"', '"red"', 'labels.yaml:9: invalid colour of "stop"; use the form "#0e8a16"'),
        ("group: verdict}", "group: verdicts}", 'labels.yaml:9: unknown group "verdicts" of "stop"; declare the group'),
        ("name: stop", "name: Verdict:GO", '"Verdict:GO" is already a name or alias of "verdict:go"'),
        ("name: stop", "name: go-ahead", '"go-ahead" is already a name or alias of "verdict:go"'),
        ("name: size/large", "name: size/small", '"size/small" is already a name or alias of "size/small"'),
        ("name: verdict,", "name: size,", 'the group "size" is declared twice; remove one'),
        ("name: stop", 'name: " stop"', "`labels.3.name`: invalid name; use printable characters on one line"),
        ("name: stop", 'name: "st\\u202eop"', "`labels.3.name`: invalid name; use printable characters on one line"),
        ("name: stop", f"name: {'s' * 51}", "is longer than 50 characters"),
        ("decision: true", 'decision: "yes"', "labels.yaml:4: `groups.1.decision`: expected true or false"),
        (", group: verdict}", "}", "labels.yaml:9: `labels.3.group`: is required"),
    ],
)
def test_each_mistake_is_told_with_its_place_and_its_mend(old: str, new: str, told: str) -> None:
    head, found, tail = SMALL.rpartition(old)
    assert found
    assert told in refusal(head + new + tail)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("name: size/large", "name: large", 'Forgejo supports it only for names with a scope, such as "size/small"'),
        (
            "exclusive: true, decision: false",
            "exclusive: false, decision: false",
            "is not exclusive; make the group exclusive",
        ),
        ('group: size, exclusive: true}\n  - {name: "v', 'group: size}\n  - {name: "v', '"size/large" does not'),
        ("name: stop", "name: size/stop", '"size/stop" does not'),
    ],
)
def test_forgejo_s_flag_is_refused_where_it_would_take_off_too_much(old: str, new: str, told: str) -> None:
    assert old in SMALL
    assert told in refusal(SMALL.replace(old, new))


def test_without_the_check_a_faulty_file_can_still_be_looked_at() -> None:
    labels = LabelSet.parse(SMALL.replace("#b60205", "red"), check=False)
    assert [(place, finding.rule) for place, finding in labels.faults()] == [(("labels", 3, "color"), "bad-colour")]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        LabelFileError, match=r"gone\.yaml: No such file or directory; pass the path of a readable label file"
    ):
        LabelSet.load(tmp_path / "gone.yaml")


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LabelFileError, match="not UTF-8 text"):
        LabelSet.load(tmp_path / "odd.yaml")


@pytest.mark.parametrize(
    ("name", "of_scope", "of_family"),
    [
        ("judge/p0", "judge", "judge/"),
        ("a/b/c", "a/b", "a/b/"),
        ("review:needs-human", "", "review:"),
        ("status:merged:pending-evidence", "", "status:"),
        ("plain", "", ""),
        ("/odd", "", ""),
        ("odd/", "", ""),
        (":odd", "", ""),
    ],
)
def test_scope_and_family(name: str, of_scope: str, of_family: str) -> None:
    assert (scope(name), family(name)) == (of_scope, of_family)
