"""`assay evidence collect`: what it prints and posts, what it refuses, and that no secret is shown."""

import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from bot.evidence.logs import BLOCK
from bot.model import Evidence, EvidenceRun, EvidenceStep, blocks
from bot.sandbox.world import AGENT, OPERATOR, REPOSITORY
from tests.cli.forge import REPO, Assay, Forge, Outcome

MARKER = "forgejo_token_source=infisical-token-auth"
FALLBACK = "forgejo_token_source=direct-env-fallback"
POLICY = f"""
soaks:
  - name: runner-token
    issue: 1
    marker: {MARKER}
    forbidden: ["{FALLBACK}"]
  - name: other
    issue: 2
"""
ENVIRONMENT = {
    "GITHUB_RUN_NUMBER": "729",
    "GITHUB_RUN_ID": "869",
    "GITHUB_WORKFLOW_REF": f"{REPOSITORY}/.forgejo/workflows/apply.yml@refs/heads/main",
    "GITHUB_SERVER_URL": "https://forge.example",
    "GITHUB_REPOSITORY": REPOSITORY,
    "GITHUB_SHA": "ab" * 20,
    "GITHUB_ACTOR": AGENT,
}
SMOKE = ("evidence", "collect", "--soak", "runner-token", "--kind", "smoke")
FILES = ("--log", "run.log", "--artifact", "*.json")
CLEAN_LOG = f"start\n{MARKER}\nplan\n{MARKER}\n"
TOKENS = ("ASSAY_TOKEN", "FORGEJO_TOKEN", "GITHUB_TOKEN", "GITEA_TOKEN")


@pytest.fixture
def job(clean: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as a CI job has it: policy, log and artifacts, and the Actions' environment."""
    for name in (*ENVIRONMENT, "GITHUB_WORKFLOW", *TOKENS):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.replace("GITHUB", "FORGEJO"), raising=False)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    (clean / ".forgejo").mkdir()
    (clean / ".forgejo/assay.yml").write_text(POLICY)
    (clean / "run.log").write_text(CLEAN_LOG)
    results = {
        "beds.plan.stdout.json": {"status": "in-sync", "exitCode": 0},
        "beds.apply.stdout.json": {"status": "noop", "exitCode": 0, "approved_pr": 273},
        "beds.health.json": {"status": "OK", "exit_code": 0},
        "auto-apply-scope.json": {"allowed": ["beds"], "blocked": []},
    }
    for name, result in results.items():
        (clean / name).write_text(json.dumps(result))
    return clean


def evidence(text: str) -> Evidence:
    (found,) = blocks(text)
    assert found.evidence is not None, found.fault
    return found.evidence


def hidden(done: Outcome, *tokens: str) -> bool:
    """Says that no eight signs of a token stand in what was told."""
    told = done.out + done.err
    return not any(token[at : at + 8] in told for token in tokens for at in range(len(token) - 7))


def test_a_smoke_is_told_from_log_artifacts_and_environment(assay: Assay, job: Path) -> None:
    done = assay(*SMOKE, *FILES, "--observed-at", "2026-05-14T09:44:00+02:00")
    assert (done.status, done.err) == (0, "")
    found = evidence(done.out)
    url = f"https://forge.example/{REPOSITORY}/actions/runs/729"
    assert found.run == EvidenceRun(number=729, id=869, workflow="apply.yml", url=url)
    assert (found.soak, found.kind, found.module, found.commit) == ("runner-token", "smoke", "beds", "ab" * 20)
    assert found.markers == {MARKER: 2, FALLBACK: 0}
    assert found.steps["health"] == EvidenceStep(status="OK", exit_code=0)
    assert (found.approved_pr, found.logs, found.actor) == (273, 1, AGENT)
    assert found.observed_at is not None
    assert found.observed_at.isoformat() == "2026-05-14T07:44:00+00:00"
    assert "| Allowed modules | `beds` |" in done.out


def test_an_audit_counts_its_logs(assay: Assay, job: Path) -> None:
    for number in range(3):
        (job / f"{number}.log").write_text(CLEAN_LOG)
    done = assay(*SMOKE[:-1], "audit", "--log", "[0-9].log", "--log", "run.log", "--window-hours", "48")
    assert done.status == 0
    found = evidence(done.out)
    assert (found.logs, found.window_hours, found.markers[MARKER]) == (4, 48, 8)


def test_the_tokens_file_is_described_and_not_opened(assay: Assay, job: Path) -> None:
    token = secrets.token_hex(20)
    (job / "token").write_text(token)
    (job / "token").chmod(0o200)
    done = assay(*SMOKE[:-1], "install", "--token-file", "token")
    assert done.status == 0
    file = evidence(done.out).token_file
    assert file is not None
    assert (file.mode, file.size, file.owner.count(":")) == ("0200", 40, 1)
    assert hidden(done, token)


def test_several_files_may_follow_their_option(assay: Assay, job: Path) -> None:
    (job / "more.log").write_text(CLEAN_LOG)
    artifacts = sorted(path.name for path in job.glob("*.json"))
    done = assay(*SMOKE, "--log=run.log", "more.log", "--artifact", *artifacts, "--module", "beds")
    assert (done.status, done.err) == (0, "")
    found = evidence(done.out)
    assert (found.logs, found.markers[MARKER], list(found.steps)) == (2, 4, ["apply", "health", "plan"])
    assert [line.split()[1] for line in done.out.splitlines() if "exit code" in line] == ["Plan", "Apply", "Health"]


def test_what_no_log_was_read_for_is_not_counted(assay: Assay, job: Path) -> None:
    done = assay(*SMOKE[:-1], "removal")
    assert (done.status, evidence(done.out).markers, MARKER in done.out) == (0, {}, False)


def test_without_a_run_it_is_printed_and_told_that_it_does_not_count(
    assay: Assay, job: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name)
    done = assay(*SMOKE, *FILES)
    assert (done.status, done.err) == (0, "note: this evidence does not count without --run-number and --commit\n")
    assert evidence(done.out).run is None
    assert "needs --run-number, --commit" in assay(*SMOKE, *FILES, "--post").err
    assert "set this option" in assay(*SMOKE[:-1], "approval", "--post").err


def test_without_a_policy_only_the_texts_that_are_named_count(assay: Assay, job: Path) -> None:
    (job / ".forgejo/assay.yml").unlink()
    done = assay(*SMOKE, *FILES, "--marker", MARKER, "--marker", "plan")
    assert done.status == 0
    assert evidence(done.out).markers == {MARKER: 2, "plan": 1}
    assert "is not checked" in done.err


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("run.log", f"{CLEAN_LOG}{FALLBACK}\n"), f"the logs contain the forbidden text {FALLBACK}"),
        (("run.log", "start\n"), f"{MARKER} not found in any log"),
        (("beds.apply.stdout.json", '{"status": "failed", "exitCode": 4}'), "step apply ended with exit code 4"),
    ],
)
def test_evidence_of_a_failure_is_printed_and_ends_with_1(
    assay: Assay, job: Path, change: tuple[str, str], told: str
) -> None:
    (job / change[0]).write_text(change[1])
    done = assay(*SMOKE, *FILES)
    assert done.status == 1
    assert told in done.err
    assert evidence(done.out).kind == "smoke"


def test_secrets_at_borders_and_ends_of_a_log_are_refused_and_never_shown(assay: Assay, job: Path) -> None:
    log = bytearray(CLEAN_LOG.encode() + b"a line of the run\n" * (3 * BLOCK // 18))
    tokens = [secrets.token_hex(20) for _ in range(5)]
    places = (0, BLOCK - 40, 2 * BLOCK - 22, 2 * BLOCK + BLOCK // 2, len(log) - 66)
    for place, token in zip(places, tokens, strict=True):
        said = f"\nAuthorization: token {token}\n".encode()
        log[place : place + len(said)] = said
    (job / "run.log").write_bytes(log)
    done = assay(*SMOKE, *FILES)
    assert (done.status, done.out) == (1, "")
    lines = [bytes(log).count(b"\n", 0, log.index(token.encode())) + 1 for token in tokens]
    assert [line.split(" ")[0] for line in done.err.splitlines()[:-1]] == [f"run.log:{line}:" for line in lines]
    assert "sf_" in done.err
    assert hidden(done, *tokens)


def test_a_log_of_nothing_but_secrets_ends_its_list(assay: Assay, job: Path) -> None:
    tokens = [secrets.token_hex(20) for _ in range(60)]
    (job / "run.log").write_text("".join(f"Authorization: token {token}\n" for token in tokens))
    done = assay(*SMOKE, *FILES)
    assert (done.status, done.out) == (1, "")
    assert "run.log: 10 more secrets" in done.err
    assert hidden(done, *tokens)


@pytest.mark.parametrize("name", ["beds.plan.stdout.json", "auto-apply-scope.json"])
def test_a_secret_in_an_artifact_is_refused_though_it_is_escaped(assay: Assay, job: Path, name: str) -> None:
    token = secrets.token_hex(20)
    escaped = "".join(f"\\u{ord(sign):04x}" for sign in token)
    (job / name).write_text(f'{{"status": "x",\n"forgejo_token": "{escaped}"}}')
    done = assay(*SMOKE, *FILES)
    assert (done.status, done.out) == (1, "")
    assert f"{name}:2: " in done.err
    assert hidden(done, token, escaped)


def test_the_jobs_own_token_is_known_whatever_it_looks_like(
    assay: Assay, job: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = secrets.token_hex(20)
    (job / "run.log").write_text(f"{CLEAN_LOG}{token}\n")
    assert assay(*SMOKE, *FILES).status == 0
    monkeypatch.setenv("FORGEJO_TOKEN", token)
    done = assay(*SMOKE, *FILES)
    assert (done.status, done.out) == (1, "")
    assert "own-token" in done.err
    assert hidden(done, token)


def test_a_secret_in_an_option_reaches_no_comment(assay: Assay, job: Path) -> None:
    token = secrets.token_hex(20)
    done = assay(*SMOKE, *FILES, "--run-url", f"https://x:{token}@forge.example/run")
    assert (done.status, done.out) == (1, "")
    assert "the comment would contain a secret" in done.err
    assert hidden(done, token)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            (*SMOKE[:2], "--soak", "nobody", "--kind", "smoke"),
            "soak 'nobody' not found in .forgejo/assay.yml; available: runner-token, other",
        ),
        (SMOKE, "needs --log, --artifact"),
        ((*SMOKE[:-1], "audit", "--log", "run.log"), "needs --window-hours"),
        ((*SMOKE[:-1], "install"), "needs --token-file"),
        ((*SMOKE[:-1], "install", "--token-file", "."), ". is not a regular file"),
        ((*SMOKE[:-1], "install", "--token-file", "nowhere"), "nowhere: No such file"),
        ((*SMOKE[:-1], "removal", "--run-number", "7", "--post"), "needs --commit"),
        ((*SMOKE[:-1], "party"), "'party'"),
        ((*SMOKE, "run.log"), "unexpected extra"),
        ((*SMOKE, *FILES, "--log", "nowhere"), "nowhere: file not found"),
        ((*SMOKE, *FILES, "--log", "*.txt"), "*.txt: file not found"),
        ((*SMOKE, *FILES, "--log", "./run.log"), "given twice"),
        ((*SMOKE, *FILES, "--log", "empty.log"), "empty.log is empty"),
        ((*SMOKE, *FILES, "--log", "packed.log"), "packed.log is compressed (gzip)"),
        ((*SMOKE, *FILES, "--artifact", "run.log"), "unknown artifact name"),
        ((*SMOKE, *FILES, "--artifact", "other/beds.plan.stdout.json"), "two artifacts for the step plan"),
        ((*SMOKE, *FILES, "--artifact", "big/beds.health.json"), "larger than 5 MiB"),
        ((*SMOKE, *FILES, "--artifact", "broken/beds.health.json"), "not valid JSON in UTF-8"),
        ((*SMOKE, *FILES, "--module", "paths"), "several modules: beds, paths"),
        ((*SMOKE, *FILES, "--marker", "a\nb"), "non-empty text on one line"),
        ((*SMOKE, *FILES, "--observed-at", "noon"), "invalid time"),
        ((*SMOKE, *FILES, "--commit", "not a commit"), "commit: "),
        ((*SMOKE, *FILES, "--policy", "nowhere.yml"), "nowhere.yml"),
        ((*SMOKE, *FILES, "--post"), "ASSAY_FORGEJO_URL"),
        ((*SMOKE, *FILES, "--post", "--repo", "x"), "is not a repository"),
    ],
)
def test_misuse_is_exit_2_and_says_what_to_do(assay: Assay, job: Path, arguments: tuple[str, ...], told: str) -> None:
    for folder in ("other", "big", "broken"):
        (job / folder).mkdir()
    (job / "other/beds.plan.stdout.json").write_text('{"exitCode": 0}')
    (job / "big/beds.health.json").write_bytes(b" " * (5 * 2**20 + 1))
    (job / "broken/beds.health.json").write_text("{")
    (job / "empty.log").touch()
    (job / "packed.log").write_bytes(b"\x1f\x8b\x08")
    done = assay(*arguments)
    assert (done.status, done.out) == (2, "")
    assert told in done.err


def test_to_post_without_a_policy_the_issue_has_to_be_named(assay: Assay, job: Path) -> None:
    (job / ".forgejo/assay.yml").unlink()
    done = assay(*SMOKE, *FILES, "--post")
    assert (done.status, done.out) == (2, "")
    assert "--issue" in done.err


async def test_it_posts_to_the_tracking_issue_by_the_jobs_token(
    forge: Forge, job: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_FORGEJO_URL", forge.sandbox.url)
    monkeypatch.setenv("ASSAY_TOKEN", forge.tokens[AGENT])
    (job / "assay.toml").write_text('forgejo_url = "http://127.0.0.1:9"\nnonsense = 1\n')
    await forge.api[OPERATOR].post(f"{REPO}/issues", {"title": "Soak the runner's token"})
    done = await forge.assay(*SMOKE, *FILES, "--post")
    (comment,) = await comments(forge)
    assert (done.status, done.out, done.err) == (0, f"{REPOSITORY}#1: comment {comment['id']}\n", "")
    assert comment["user"]["login"] == AGENT
    assert evidence(comment["body"]).markers == {MARKER: 2, FALLBACK: 0}


async def test_nothing_is_posted_with_a_secret_or_to_nowhere(
    forge: Forge, job: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_FORGEJO_URL", forge.sandbox.url)
    monkeypatch.setenv("ASSAY_TOKEN", forge.tokens[AGENT])
    await forge.api[OPERATOR].post(f"{REPO}/issues", {"title": "Soak the runner's token"})
    (job / "dirty.log").write_text(f"{CLEAN_LOG}Bearer {forge.tokens[AGENT]}\n")
    refused = await forge.assay(*SMOKE, "--log", "dirty.log", *FILES, "--post")
    assert (refused.status, refused.out) == (1, "")
    assert hidden(refused, forge.tokens[AGENT])
    assert await comments(forge) == []
    assert (await forge.assay(*SMOKE, *FILES, "--post", "--issue", "99")).status == 3


async def comments(forge: Forge) -> list[dict[str, Any]]:
    return list(await forge.api[OPERATOR].getitem(f"{REPO}/issues/1/comments"))
