"""The server's JSON shapes for what the sandbox remembers.

Field names, their order and their oddities (a pull request's `url` is a page, a commit's `tree` carries the commit's
id, absent things are null, "" or []) follow recorded answers.
"""

from bot.sandbox.git.diffs import Facts
from bot.sandbox.people import User
from bot.sandbox.records import Entry, Hook, Issue, Label, Pull, Reaction, Repo, Review, Status
from bot.sandbox.servers import FORGEJO_16
from bot.sandbox.shapes.accounts import Accounts, stamp
from bot.sandbox.shapes.fixed import TIMELINE_REST, Json


class Shapes(Accounts):
    """Builds the JSON of everything that hangs on an issue or a commit."""

    def label(self, label: Label) -> Json:
        """A label definition."""
        return {
            "id": label.id,
            "name": label.name,
            "exclusive": label.exclusive,
            "is_archived": label.archived,
            "color": label.color,
            "description": label.description,
            "url": f"{self._forge.url}/api/v1/{label.address}",
        }

    def labels(self, issue: Issue) -> list[Json]:
        """The labels of an issue, by name."""
        ordered = sorted(issue.labels, key=lambda label: (label.name, label.id))
        return [self.label(label) for label in ordered]

    def page(self, issue: Issue) -> str:
        """The address of the issue's or pull request's page."""
        kind = "pulls" if issue.pull else "issues"
        return f"{self._forge.url}/{issue.repo.full_name}/{kind}/{issue.number}"

    def issue(self, issue: Issue, viewer: User | None) -> Json:
        """An issue, or the issue side of a pull request."""
        name = issue.repo.full_name
        return {
            "id": issue.id,
            "url": self._address(issue),
            "html_url": self.page(issue),
            "number": issue.number,
            "user": self.user(issue.user, viewer),
            "original_author": "",
            "original_author_id": 0,
            "title": issue.title,
            "body": issue.body,
            "ref": "",
            "assets": [],
            "labels": self.labels(issue),
            "milestone": None,
            "assignee": None,
            "assignees": None,
            "state": "closed" if issue.closed else "open",
            "is_locked": issue.locked,
            "comments": len(issue.comments),
            "created_at": stamp(issue.created),
            "updated_at": stamp(issue.updated),
            "closed_at": stamp(issue.closed),
            "due_date": None,
            "pull_request": self._pull_meta(issue),
            "repository": {
                "id": issue.repo.id,
                "name": issue.repo.name,
                "owner": issue.repo.owner.login,
                "full_name": name,
            },
            "pin_order": 0,
        } | ({"projects": None, "time_estimate": 0, "content_version": 0} if self._forge.server.gitea else {})

    def _address(self, issue: Issue) -> str:
        pulls = issue.pull is not None and self._forge.server.links_pulls_to_api
        kind = "pulls" if pulls else "issues"
        return f"{self._forge.url}/api/v1/repos/{issue.repo.full_name}/{kind}/{issue.number}"

    def _pull_meta(self, issue: Issue) -> Json | None:
        if issue.pull is None:
            return None
        merged = issue.pull.merged_at
        return {
            "merged": merged is not None,
            "merged_at": stamp(merged),
            "draft": issue.draft,
            "html_url": self.page(issue),
        }

    def pull(self, issue: Issue, facts: Facts, viewer: User | None) -> Json:
        """A pull request."""
        pull = issue.pull
        if pull is None:
            raise ValueError(f"{self.page(issue)} is no pull request")
        repo, page = issue.repo, self.page(issue)
        shape = {
            "id": pull.id,
            "url": self._address(issue) if self._forge.server.links_pulls_to_api else page,
            "number": issue.number,
            "user": self.user(issue.user, viewer),
            "title": issue.title,
            "body": issue.body,
            "labels": self.labels(issue),
            "milestone": None,
            "assignee": None,
            "assignees": [] if self._forge.server.gitea else None,
            "requested_reviewers": [],
            "requested_reviewers_teams": [],
            "state": "closed" if issue.closed else "open",
            "draft": issue.draft,
            "is_locked": issue.locked,
            "comments": len(issue.comments),
            "additions": facts.additions,
            "deletions": facts.deletions,
            "changed_files": len(facts.files),
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "mergeable": facts.mergeable or pull.merged_at is not None,
            "merged": pull.merged_at is not None,
            "merged_at": stamp(pull.merged_at),
            "merge_commit_sha": pull.merge_commit,
            "merged_by": self.user(pull.merged_by) if pull.merged_by else None,
            "allow_maintainer_edit": pull.maintainers_edit,
            "base": self._end(repo, pull.base_ref, repo.branch(pull.base_ref) or pull.base_sha, viewer),
            "head": self._end(pull.head_repo, pull.head_ref, _shown_head(pull), viewer)
            | ({"ref": f"refs/pull/{issue.number}/head"} if pull.head_deleted else {}),
            "merge_base": facts.merge_base,
            "due_date": None,
            "created_at": stamp(issue.created),
            "updated_at": stamp(issue.updated),
            "closed_at": stamp(issue.closed),
            "pin_order": 0,
        }
        return shape | self._pull_rest(issue)

    def _pull_rest(self, issue: Issue) -> Json:
        if self._forge.server.gitea:
            return {"content_version": 0}
        return {"review_comments": len(issue.reviews), "flow": 0}

    def pull_in_list(self, issue: Issue, facts: Facts, viewer: User | None) -> Json:
        """A pull request in a list, where Gitea leaves out its size and says null for what it didn't look up."""
        shape = self.pull(issue, facts, viewer)
        if not self._forge.server.gitea:
            return shape
        unknown = dict.fromkeys(("assignees", "requested_reviewers", "requested_reviewers_teams"))
        left_out = ("additions", "deletions", "changed_files")
        return {name: value for name, value in shape.items() if name not in left_out} | unknown

    def _end(self, repo: Repo, ref: str, sha: str, viewer: User | None) -> Json:
        level = self._forge.level(repo, viewer)
        return {
            "label": ref,
            "ref": ref,
            "sha": sha,
            "repo_id": repo.id,
            "repo": self.repo(repo, level),
        }

    def comment(self, issue: Issue, entry: Entry) -> Json:
        """A comment."""
        page = self.page(issue)
        return {
            "id": entry.id,
            "html_url": f"{page}#issuecomment-{entry.id}",
            "pull_request_url": page if issue.pull else "",
            "issue_url": "" if issue.pull else page,
            "user": self.user(entry.user),
            "original_author": "",
            "original_author_id": 0,
            "body": entry.body,
            "assets": [],
            "created_at": stamp(entry.created),
            "updated_at": stamp(entry.updated),
        }

    def timeline(self, issue: Issue, entry: Entry) -> Json:
        """A line of the timeline."""
        comment = self.comment(issue, entry)
        kept = ("id", "html_url", "pull_request_url", "issue_url", "user", "body", "created_at", "updated_at")
        line = {"id": entry.id, "type": entry.type} | {key: comment[key] for key in kept}
        return (
            line
            | TIMELINE_REST
            | {
                "old_title": entry.old_title,
                "new_title": entry.new_title,
                "ref_commit_sha": entry.ref_commit_sha,
                "review_id": entry.review_id,
                "label": self.label(entry.label) if entry.label else None,
            }
        )

    def reaction(self, reaction: Reaction, viewer: User | None) -> Json:
        """An emoji and who gave it."""
        return {
            "user": self.user(reaction.user, viewer),
            "content": reaction.content,
            "created_at": stamp(reaction.created),
        }

    def status(self, repo: Repo, status: Status) -> Json:
        """One row of a commit's statuses."""
        return {
            "id": status.index,
            "status": status.state,
            "target_url": status.target_url,
            "description": status.description,
            "url": f"{self._forge.url}/api/v1/repos/{repo.full_name}/statuses/{status.sha}",
            "context": status.context,
            "creator": self.user(status.creator) if status.creator else None,
            "created_at": stamp(status.created),
            "updated_at": stamp(status.created),
        }

    def review(self, issue: Issue, review: Review, viewer: User | None) -> Json:
        """A review of a pull request."""
        page = self.page(issue)
        return {
            "id": review.id,
            "user": self.user(review.user, viewer),
            "team": None,
            "state": review.state,
            "body": review.body,
            "commit_id": review.commit_id,
            "stale": review.stale,
            "official": review.official,
            "dismissed": review.dismissed,
            "comments_count": len(review.inline),
            "submitted_at": stamp(review.created),
            "updated_at": stamp(review.created),
            "html_url": f"{page}#issuecomment-{review.entry_id}",
            "pull_request_url": page,
        }

    def review_comments(self, issue: Issue, review: Review, viewer: User | None) -> list[Json]:
        """The comments of a review on lines. `diff_hunk` names the place of the line, without its text."""
        page, at = self.page(issue), stamp(review.created)
        return [
            {
                "id": number,
                "body": body,
                "user": self.user(review.user, viewer),
                "resolver": None,
                "pull_request_review_id": review.id,
                "created_at": at,
                "updated_at": at,
                "path": path,
                "commit_id": review.commit_id,
                "original_commit_id": "",
                "diff_hunk": f"@@ -{line},0 +{line},1 @@",
                "position": line,
                "original_position": 0,
                "html_url": f"{page}#issuecomment-{number}",
                "pull_request_url": page,
            }
            | ({"extra_lines_count": 0} if self._forge.server is FORGEJO_16 else {})
            for number, path, body, line in review.inline
        ]

    def hook(self, hook: Hook) -> Json:
        """A webhook; its secret is never shown."""
        shape = {
            "id": hook.id,
            "type": hook.type,
            "branch_filter": hook.branch_filter,
            "config": {"content_type": hook.content_type, "url": hook.url},
            "events": hook.events,
            "authorization_header": hook.authorization,
            "active": hook.active,
            "updated_at": stamp(hook.updated),
            "created_at": stamp(hook.created),
        }
        if self._forge.server.gitea:
            return shape | {"name": ""}
        return shape | {"url": hook.url, "content_type": hook.content_type, "metadata": None}


def _shown_head(pull: Pull) -> str:
    """The head as the API shows it: after a merge it is what the branch is by then, as long as there is one."""
    moved = pull.head_repo.branch(pull.head_ref) if pull.merged_at else None
    return moved or pull.head_sha
