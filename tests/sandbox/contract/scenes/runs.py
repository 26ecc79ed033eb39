"""Forgejo 16: runs of Actions, their jobs, logs and artifacts."""

from bot.sandbox import FORGEJO_16, JobPlan
from tests.sandbox.contract.play import Scene, Stage
from tests.sandbox.contract.scenes.yard import (
    BOT,
    CI,
    LEDGER,
    OUTSIDER,
    OWNER,
    PROOF,
    START,
    VAULT,
    WRITER,
    branch,
    ci,
    people,
    repository,
)

PROVING = (JobPlan("proof", step="Token source"),)
LONG = (JobPlan("first", step='for i in $(seq 1 90); do echo "tick $i"; sleep 1; done'), JobPlan("after", ("first",)))


async def started(stage: Stage, run: int, file: str, name: str, jobs: tuple[JobPlan, ...], **more: int) -> int:
    """A run with a recorded id, on a branch that is made for it."""
    await branch(stage, CI, name)
    stage.next_ids(run=run, **{"job": run} | more)
    return await stage.sandbox.start_run(CI, file, jobs=jobs, branch=name, by=OWNER)


def said(stage: Stage, run: int, job: str, *lines: str) -> None:
    for line in lines:
        stage.clock.tick(0.01)
        stage.sandbox.log(run, job, line)


async def done(stage: Stage, run: int, job: str, *lines: str, status: str = "success", seconds: float = 0) -> None:
    """A job that is taken, writes and ends."""
    await stage.sandbox.take_job(run, job)
    said(stage, run, job, *lines)
    stage.clock.tick(seconds)
    await stage.sandbox.end_job(run, job, status)


async def ok(stage: Stage) -> None:
    await stage.sandbox.add_repo(LEDGER)
    run = await started(stage, 1, "ok.yml", "run/ok-1", PROVING)
    words = f"sha {stage.known[START]} run 1 number 1 attempt 1"
    await done(stage, run, "proof", PROOF, PROOF, words, seconds=1)


async def ok_again(stage: Stage) -> None:
    await stage.sandbox.rerun(1, by=WRITER)
    stage.clock.tick(10)
    words = f"sha {stage.known[START]} run 1 number 1 attempt 2"
    await done(stage, 1, "proof", PROOF, PROOF, words, seconds=1)


async def flags(stage: Stage) -> None:
    """Two commits on a branch: the run of the first succeeds, that of the second fails."""
    for number, flag in ((3, "good"), (5, "bad")):
        sha = await stage.commit(OWNER, CI, "run/fail-1", "flag.txt", flag, f"flag {flag}\n")
        stage.known |= {"30e20ca05de9a9677d08367ee7028e563b083564": sha} if flag == "good" else {}
        stage.next_ids(run=number, job=number)
        job = JobPlan("check", step="fetch the flag")
        run = await stage.sandbox.start_run(CI, "fail.yml", jobs=(job,), branch="run/fail-1", by=OWNER)
        await done(stage, run, "check", flag, status="success" if flag == "good" else "failure")


async def broken(stage: Stage) -> None:
    run = await started(stage, 24, "bad.yml", "run/bad-1", (JobPlan("broken"),))
    await done(stage, run, "broken", status="failure")


async def fail_again(stage: Stage) -> None:
    await stage.sandbox.rerun(5)
    stage.clock.tick(10)
    await done(stage, 5, "check", "bad", status="failure")


async def waits(stage: Stage) -> None:
    await started(stage, 14, "wait.yml", "run/wait-1", (JobPlan("nobody"),))


async def runs_long(stage: Stage) -> None:
    run = await started(stage, 16, "long.yml", "run/long-1", LONG)
    await stage.sandbox.take_job(run, "first")
    for number in range(1, 6):
        stage.clock.tick(1)
        stage.sandbox.log(run, "first", f"tick {number}")


async def few_runs(stage: Stage) -> None:
    stage.known |= {"page=20": "page=1"}


async def long_again(stage: Stage) -> None:
    await stage.sandbox.rerun(16)


async def steps(stage: Stage) -> None:
    """A run in whose log nothing may stand in clear, and one whose jobs end in three ways."""
    secrets = ("sekrit-value-of-the-job-16", "line one of it\nline two of it", "ab")
    for number, secret in enumerate(secrets):
        stage.sandbox.add_secret(CI, f"F16_{number}", secret)
    run = await started(stage, 17, "secret.yml", "run/secret-1", (JobPlan("tell", step="add-mask command"),), job=18)
    first = f"plain: {secrets[0]}"
    await done(
        stage, run, "tell", first, "reversed: 61-boj", "multi: line one of it", "line two of it", "var a variable"
    )
    jobs = (JobPlan("many", step="one"), JobPlan("softjob"), JobPlan("skipped"))
    run = await started(stage, 18, "steps.yml", "run/steps-1", jobs, job=19)
    await done(stage, run, "many", "one", "##[group]inside", "::error file=a.txt,line=3::an error", "cr\rover")
    await done(stage, run, "softjob", "no", status="failure")
    await done(stage, run, "skipped", status="skipped")


async def proof_masked(stage: Stage) -> None:
    stage.sandbox.add_secret(CI, "F16_NAME", "infisical")
    run = await started(stage, 56, "ok.yml", "run/ok-9", PROVING, job=63)
    await done(stage, run, "proof", PROOF, PROOF, seconds=1)


async def keeps(stage: Stage) -> None:
    await keeping(stage, 22, 1)


async def keep_more(stage: Stage) -> None:
    await keeping(stage, 115, 2)
    await keeping(stage, 116, 3)


async def keeping(stage: Stage, run: int, artifact: int) -> None:
    await started(stage, run, "artifact.yml", f"run/artifact-{artifact}", (JobPlan("up"),))
    await done(stage, run, "up")
    stage.next_ids(artifact=artifact)
    stage.sandbox.add_artifact(run, "proof", {"report.txt": f"{PROOF}\n".encode()})


async def goes(stage: Stage) -> None:
    run = await started(stage, 23, "big.yml", "run/big-1", (JobPlan("lines"),), job=27)
    await done(stage, run, "lines", "1")


async def two_runs_of_a_pull(stage: Stage) -> None:
    """A writer's pull request under the recorded number."""
    await stage.filler(OWNER, CI, 2)
    await stage.commit(WRITER, CI, "feature/one", "one.txt")


async def run_of_the_pull(stage: Stage) -> None:
    stage.known |= {"f0f348e4ed84d826da1ec3bb6e3bc1086f043e53": await head_of(stage, 3)}
    for name, number in (("pull_request_target", 28), ("pull_request", 29)):
        stage.next_ids(run=number, job=number)
        file = "pr.yml" if name == "pull_request" else "prt.yml"
        run = await stage.sandbox.start_run(CI, file, jobs=(JobPlan("check", step="who"),), event=name, pull=3)
        await done(stage, run, "check", "event")


async def head_of(stage: Stage, number: int) -> str:
    pull = await stage.call(OWNER, "GET", f"/repos/{CI}/pulls/{number}")
    return str(pull["head"]["sha"])


async def fork_blocked(stage: Stage) -> None:
    """An outsider's pull request: its target run goes, its own waits for approval."""
    await stage.call(OUTSIDER, "POST", f"/repos/{CI}/forks", {})
    await stage.commit(OUTSIDER, f"{OUTSIDER}/ci", "fork/change", "two.txt")
    await stage.pull(OUTSIDER, CI, "fork/change", head=f"{OUTSIDER}:fork/change", title="Two")
    stage.known |= {"9306b10db8cd1321868cf44db199627cfad8c184": await head_of(stage, 4)}
    stage.next_ids(run=30, job=34)
    target, job = "pull_request_target", (JobPlan("check", step="who"),)
    run = await stage.sandbox.start_run(CI, "prt.yml", jobs=job, event=target, pull=4)
    await done(stage, run, "check", "event")
    stage.next_ids(run=31, job=35)
    await stage.sandbox.start_run(CI, "pr.yml", jobs=job, event="pull_request", pull=4)


async def fork_approved(stage: Stage) -> None:
    await stage.sandbox.approve_run(31, by=OWNER)
    lines = ("event pull_request", "secret is [] token length 40", "url []", "no id token here")
    await done(stage, 31, "check", *lines)


async def scheduled(stage: Stage) -> None:
    stage.next_ids(run=44, job=44)
    run = await stage.sandbox.start_run(CI, "cron.yml", jobs=(JobPlan("tick"),), event="schedule")
    await done(stage, run, "tick", "now")
    stage.known |= {"24288b6d1a8c11d2655169b67a5b30842353b275": stage.known[START]}


async def posted_by_a_job(stage: Stage) -> None:
    run = await started(stage, 50, "perms.yml", "run/perms-1", (JobPlan("claim"),))
    sha = stage.known[START]
    stage.known |= {"fc915929027e1863ba4bf21092a6457493b447a8": sha}
    await stage.sandbox.take_job(run, "claim")
    stage.sandbox.post_by_job(CI, sha, "assay/verdict", "success")
    await stage.sandbox.end_job(run, "claim")


async def long_cancelled(stage: Stage) -> None:
    run = await started(stage, 113, "ai.yml", "run/ai-1", (JobPlan("call"),))
    await stage.sandbox.take_job(run, "call")
    stage.clock.tick(66)
    await stage.sandbox.cancel_run(run)


async def vault(stage: Stage) -> None:
    """A private repository with a run."""
    await people(stage)
    await repository(stage, VAULT, private=True)
    await branch(stage, VAULT, "run/ok-v")
    stage.next_ids(run=34, job=40)
    run = await stage.sandbox.start_run(VAULT, "ok.yml", jobs=PROVING, branch="run/ok-v", by=OWNER)
    await done(stage, run, "proof", PROOF, PROOF, "sha", seconds=1)


async def dispatched(stage: Stage) -> None:
    """Runs that a dispatch began get a runner."""
    for run in sorted(stage.sandbox._forge.named(CI).runs.values(), key=lambda run: run.id):
        if run.status == "waiting":
            await done(stage, run.id, run.jobs[0].name, "said", seconds=1 if run.id == 10 else 0)


async def dispatched_by_the_owner(stage: Stage) -> None:
    for _ in range(2):
        body = {"ref": "main", "inputs": {"run_id": "x"}}
        await stage.call(OWNER, "POST", f"/repos/{CI}/actions/workflows/dispatch.yml/dispatches", body)
    await dispatched(stage)


async def next_dispatch(stage: Stage) -> None:
    stage.next_ids(run=6)


async def secrets(stage: Stage) -> None:
    stage.sandbox.add_secret(CI, "F16_SHORT", "ab")


SCENES = [
    Scene(
        "run",
        FORGEJO_16,
        (
            ci,
            ok,
            *(
                "run-get",
                "run-jobs",
                "job-logs",
                "job-logs-accept-json",
                "job-logs-range-first",
                "job-logs-range-multi",
            ),
            *("job-logs-range-suffix", "job-logs-range-unsatisfiable", "job-logs-head", "job-logs-if-modified-since"),
            *("job-logs-if-range", "job-logs-attempt--1", "job-logs-attempt-0", "job-logs-attempt-1"),
            *("job-logs-attempt-2", "job-logs-attempt-x", "job-logs-missing-job", "job-logs-of-other-repository"),
            *("run-get-of-other-repository", "run-missing", "run-logs-zip-missing", "run-cancel-missing"),
            *("artifacts-of-run-none", "runs-list-run-number", "runs-list-ref-full", "runs-list-ref-bare"),
            ok_again,
            *("run-get-success-rerun-by-writer", "job-logs-success-rerun-attempt-2", "tasks-list-after-rerun"),
            *("access-public-job-logs-as-anonymous", "access-public-jobs-as-anonymous"),
            *("access-public-run-as-anonymous", "access-public-run-logs-as-anonymous"),
            "access-public-job-logs-junk-token",
        ),
    ),
    Scene(
        "failure",
        FORGEJO_16,
        (
            ci,
            flags,
            *("runs-list-head-sha", "runs-list-head-sha-short", "runs-list-workflow", "runs-list-workflow-bare"),
            *("runs-list-status-unknown", "job-logs-second-attempt-1"),
            broken,
            "runs-list-status-failure",
            fail_again,
            *("run-get-second-attempt", "run-jobs-second-attempt", "job-logs-second-attempt-2"),
            *("job-logs-second-attempt-3", "job-logs-second-attempt-latest", "run-logs-zip-second-attempt"),
            *("tasks-list-status", "tasks-list"),
        ),
    ),
    Scene(
        "dispatch",
        FORGEJO_16,
        (
            ci,
            next_dispatch,
            *("dispatch-return-run-info", "dispatch-no-run-info", "dispatch-unknown-input", "dispatch-bad-choice"),
            *("dispatch-not-dispatchable", "dispatch-at-sha", "dispatch-as-bot", "dispatch-as-writer"),
            *("dispatch-as-anonymous", "dispatch-as-outsider", "dispatch-as-reader", "dispatch-missing-required-input"),
            *("dispatch-unknown-ref", "dispatch-unknown-workflow"),
            dispatched,
            *("run-get-dispatch-with-inputs", "run-get-dispatch", "run-get-dispatch-not-dispatchable"),
            "run-get-dispatch-at-sha",
            few_runs,
            "runs-list-limit-2-page-2",
            dispatched_by_the_owner,
            *("runs-list-event-dispatch", "runs-list", "access-public-runs-as-anonymous"),
        ),
    ),
    Scene(
        "cancel",
        FORGEJO_16,
        (
            ci,
            waits,
            *("run-get-waiting", "job-logs-waiting-not-executed", "run-logs-zip-waiting", "run-delete-waiting"),
            runs_long,
            *("run-get-running", "run-jobs-running-and-blocked", "job-logs-while-running"),
            *("job-logs-while-running-range", "job-logs-not-executed-blocked", "run-logs-zip-while-running"),
            *("commit-statuses-actions-running", "run-delete-while-running", "run-cancel-as-anonymous"),
            *("run-cancel-as-outsider", "run-cancel-as-reader", "run-cancel-as-writer", "run-cancel-again"),
            *("run-get-cancelled", "job-logs-cancelled", "commit-statuses-actions-cancelled"),
            *("run-logs-zip-failed-and-not-run", "run-cancel-waiting", "run-get-cancelled-waiting"),
            "commit-statuses-actions-dispatch",
            long_again,
            *("job-logs-rerun-waiting", "job-logs-rerun-waiting-attempt-1"),
            long_cancelled,
            *("runs-list-status-two", "runs-list-event-push", "runs-list-event-unknown"),
            "runs-list-page-past-end",
        ),
    ),
    Scene(
        "steps",
        FORGEJO_16,
        (
            ci,
            steps,
            *("job-logs-secret-masking", "run-jobs-steps", "job-logs-steps", "run-logs-zip"),
            *("commit-statuses-actions-skipped", "commit-status-combined-actions-skipped"),
            proof_masked,
            "job-logs-proof-masked-by-a-secret",
        ),
    ),
    Scene(
        "artifacts",
        FORGEJO_16,
        (
            ci,
            keeps,
            *("artifacts-of-run", "artifacts-list-by-name", "artifact-delete-as-reader", "artifact-delete-as-writer"),
            *("artifact-get-deleted", "artifact-zip-deleted", "artifact-missing"),
            keep_more,
            *("artifacts-list", "artifact-get", "artifact-zip", "artifact-zip-anonymous"),
        ),
    ),
    Scene(
        "delete-run",
        FORGEJO_16,
        (
            ci,
            goes,
            *("run-delete-as-anonymous", "run-delete-as-bot", "run-delete-as-outsider", "run-delete-as-reader"),
            *("run-delete-as-writer", "run-delete-as-owner", "run-get-deleted", "job-logs-deleted-run"),
            *("run-delete-again", "runs-list-run-number-deleted"),
        ),
    ),
    Scene(
        "runs-of-pulls",
        FORGEJO_16,
        (
            ci,
            two_runs_of_a_pull,
            "pull-create-by-writer",
            run_of_the_pull,
            *("run-get-pull-request", "runs-list-ref-pull", "commit-statuses-actions-pull-request"),
            fork_blocked,
            *("run-get-fork-blocked", "run-jobs-fork-blocked", "commit-statuses-actions-fork-blocked"),
            fork_approved,
            *("run-get-fork-approved", "commit-statuses-actions-fork", "job-logs-fork-pull-request"),
        ),
    ),
    Scene(
        "schedule",
        FORGEJO_16,
        (
            ci,
            scheduled,
            *("run-get-schedule", "runs-list-event-schedule", "commit-statuses-actions-schedule"),
            "tasks-list-two-attempts",
            posted_by_a_job,
            ("statuses-by-job-token", BOT),
        ),
    ),
    Scene(
        "private",
        FORGEJO_16,
        (
            vault,
            *(
                f"access-private-{what}-as-{who}"
                for who in ("anonymous", "outsider")
                for what in ("runs", "run", "jobs")
            ),
            *(
                f"access-private-{what}-as-{who}"
                for who in ("anonymous", "outsider")
                for what in ("job-logs", "run-logs")
            ),
            *(f"access-private-secrets-as-{who}" for who in ("anonymous", "outsider", "reader", "writer")),
            *(
                "access-private-job-logs-as-reader",
                "runs-list-private",
                "actions-disabled",
                "runs-list-actions-disabled",
            ),
        ),
    ),
    Scene(
        "secrets",
        FORGEJO_16,
        (
            ci,
            secrets,
            *("actions-secret-put-f16-secret", "actions-secrets-list", "actions-secrets-list-as-writer"),
            *(f"access-public-secrets-as-{who}" for who in ("anonymous", "outsider", "reader", "writer")),
            "actions-secret-delete",
        ),
    ),
]
