"""Calls of the routes that Forgejo's OpenAPI describes and that no recording holds, each by its route."""

from functools import partial

from bot.sandbox import FORGEJO_12, FORGEJO_16
from tests.sandbox.contract.play import Scene, Stage
from tests.sandbox.contract.scenes import garden, yard

REPO = "/repos/{owner}/{repo}"
SHARED: dict[str, tuple[str, dict[str, object] | None]] = {
    f"POST {REPO}/issues/{{index:\\d+}}/reactions": ("/issues/1/reactions", {"content": "eyes"}),
    f"GET {REPO}/issues/{{index:\\d+}}/reactions": ("/issues/1/reactions", None),
    f"DELETE {REPO}/issues/{{index:\\d+}}/reactions": ("/issues/1/reactions", {"content": "eyes"}),
    f"GET {REPO}/commits/{{sha}}/pull": ("/commits/MERGED/pull", None),
    f"GET {REPO}/contents": ("/contents", None),
    f"DELETE {REPO}/branches/{{branch:.+}}": ("/branches/gone", None),
    f"POST {REPO}/forks": ("/forks", {}),
}
TWELVE = SHARED | {f"PATCH {REPO}": ("", {"description": "beds"})}
SIXTEEN = SHARED | {
    f"GET {REPO}/branch_protections": ("/branch_protections", None),
    f"DELETE {REPO}/branch_protections/{{name}}": ("/branch_protections/main", None),
    f"GET {REPO}/labels/{{id}}": ("/labels/1", None),
    f"DELETE {REPO}/labels/{{id}}": ("/labels/1", None),
    f"GET {REPO}/branches": ("/branches", None),
    f"GET {REPO}/collaborators": ("/collaborators", None),
    f"GET {REPO}/commits": ("/commits", None),
    f"GET {REPO}/contents/{{path:.*}}": ("/contents/README.md", None),
    f"GET {REPO}/git/commits/{{sha}}": ("/git/commits/main", None),
    f"GET {REPO}/git/trees/{{sha}}": ("/git/trees/main", None),
    f"GET {REPO}/pulls/{{index:\\d+}}/commits": ("/pulls/1/commits", None),
    f"DELETE {REPO}/pulls/{{index:\\d+}}/merge": ("/pulls/2/merge", None),
}


async def call_all(stage: Stage, repo: str, owner: str, writer: str) -> None:
    """Stages a merged pull request, a rule and labels, and calls each route as the owner."""
    org = repo.partition("/")[0]
    await stage.commit(writer, repo, "topic", "topic.txt")
    await stage.commit(writer, repo, "gone", "gone.txt")
    await stage.pull(writer, repo, "topic")
    await stage.call(owner, "POST", f"/repos/{repo}/pulls/1/merge", {"Do": "merge"})
    merged = (await stage.call(owner, "GET", f"/repos/{repo}/pulls/1"))["merge_commit_sha"]
    rule = {"rule_name": "main", "enable_status_check": True, "status_check_contexts": ["never"]}
    await stage.call(owner, "POST", f"/repos/{repo}/branch_protections", rule)
    await stage.commit(writer, repo, "later", "later.txt")
    await stage.pull(writer, repo, "later")
    schedule = {"Do": "merge", "merge_when_checks_succeed": True}
    await stage.call(owner, "POST", f"/repos/{repo}/pulls/2/merge", schedule)
    await stage.call(writer, "POST", f"/repos/{repo}/labels", {"name": "plain", "color": "888888"})
    label = {"name": "of all", "color": "888888"}
    calls = TWELVE if stage.sandbox.server is FORGEJO_12 else SIXTEEN
    told = {route: (f"/repos/{repo}{path}", body) for route, (path, body) in calls.items()}
    told |= {
        "GET /repositories/{id}": ("/repositories/1", None),
        "GET /repos/issues/search": (f"/repos/issues/search?owner={org}&state=all", None),
        "GET /users/{name}": (f"/users/{writer}", None),
        "POST /orgs/{org}/labels": (f"/orgs/{org}/labels", label),
        "GET /orgs/{org}/labels": (f"/orgs/{org}/labels", None),
        "PATCH /orgs/{org}/labels/{id}": (f"/orgs/{org}/labels/{len(garden.LABELS) + 2}", {"name": "of us"}),
    }
    stage.next_ids(label=len(garden.LABELS) + 2)
    for route, (path, body) in told.items():
        method = route.partition(" ")[0]
        headers = {"Authorization": f"token {stage.tokens[owner]}"}
        address = f"/api/v1{path.replace('MERGED', merged)}"
        stage.answers[route] = await stage.client.request(method, address, headers=headers, json=body)


SCENES = [
    Scene(
        "described",
        FORGEJO_12,
        (garden.garden, partial(call_all, repo=garden.GARDEN, owner=garden.OPERATOR, writer=garden.AGENT)),
    ),
    Scene(
        "described",
        FORGEJO_16,
        (yard.ledger, partial(call_all, repo=yard.LEDGER, owner=yard.OWNER, writer=yard.WRITER)),
    ),
]
