"""The template: right as soon as its TODOs are written, whatever it is made for."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import ChangedFile, Snapshot
from bot.policy.contract import ContractPolicy
from handlers.contract.template import MAX_FILES, filled_in, template
from handlers.facts.description.sections import read
from tests.handlers.contract.contract_mutations import MUTATIONS, Mutation, without
from tests.handlers.contract.contracts import BLOCK, FULL_BODY, RUNTIME, changed, found, full, judged, lite

LEFT = {
    *("section-empty", "section-hollow", "section-repeated", "tier-looser", "canary-waiver"),
    *("path-missing", "reference-missing", "merge-blocker"),
}
CLAIMS = {"runtime-denied", "runtime-unproven", "out-of-scope-touched"}


def written(observed: Snapshot, policy: ContractPolicy = BLOCK) -> Snapshot:
    """The same pull request with the template as its description."""
    body = template(observed, policy)
    return observed.model_copy(update={"inputs": observed.inputs.model_copy(update={"body": body})})


def done(observed: Snapshot) -> Snapshot:
    """The same with each TODO written."""
    body = re.sub(r"TODO:.*", "It waters the garden.", observed.inputs.body)
    return observed.model_copy(update={"inputs": observed.inputs.model_copy(update={"body": body})})


@pytest.mark.parametrize("observed", [lite(), full()])
@pytest.mark.parametrize("policy", [BLOCK, RUNTIME])
def test_what_keeps_the_contract_keeps_it_as_a_template(observed: Snapshot, policy: ContractPolicy) -> None:
    again = written(observed, policy)
    assert found(again, policy) == []
    assert template(again, policy) == again.inputs.body


GREEN = full().inputs.statuses


@pytest.mark.parametrize(
    "observed",
    [lite(body="", statuses=GREEN), full(body=""), full(body="Canary status: passed\n\nIt is dry.")],
)
def test_from_nothing_only_what_is_to_be_written_is_wrong_and_then_nothing(observed: Snapshot) -> None:
    again = written(observed)
    assert set(found(again)) == {"section-empty"}
    assert found(done(again)) == []


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_it_mends_the_form_and_leaves_what_only_the_author_can_mend(mutation: Mutation) -> None:
    assert set(found(written(mutation.observed(), mutation.policy), mutation.policy)) <= LEFT | CLAIMS


def test_files_references_and_evidence_are_in_place() -> None:
    body = without("Relevant context")(without("Spec sources read")(without("Runtime evidence")(FULL_BODY)))
    files = (*full().inputs.files, changed("src/new.py", "renamed", old_path="src/old.py"))
    filled = template(full(body=body, files=files), BLOCK)
    assert "- `compose/overlays/well-local-signer.yaml` - added\n" in filled
    assert "- `src/new.py` - renamed, was `src/old.py`\n" in filled
    assert "### Relevant context\n\n- #112 (pull request, merged)\n- #113 (pull request, merged)\n" in filled
    assert "- pr-sanity / sanity (pull_request): Successful in 2m50s, /runs/812\n" in filled
    assert "Has been skipped, " not in filled
    assert "- `AGENTS.md` - TODO: reason\n" in filled


def test_what_the_author_says_of_a_file_stays() -> None:
    body = FULL_BODY.replace(
        "- `runbooks/well-local-signer-cutover.md`", "- `runbooks/well-local-signer-cutover.md` \u2014 the way"
    )
    assert "- `runbooks/well-local-signer-cutover.md` \u2014 the way\n" in template(full(body=body), BLOCK)


def test_runtime_evidence_says_so_where_no_runtime_path_changes() -> None:
    body = without("Runtime evidence")(FULL_BODY)
    quiet = ContractPolicy.model_validate({"mode": "block", "runtime": ["pumps/"]})
    assert "### Runtime evidence\n\nNo runtime changes in this pull request.\n" in template(full(body=body), quiet)
    assert "### Runtime evidence\n\nTODO: " in template(full(body=body), RUNTIME)


def test_generated_files_are_summed_up_and_very_many_are_cut() -> None:
    ruled = ContractPolicy.model_validate({"mode": "block", "generated": ["web/dist/"]})
    built = tuple(changed(f"web/dist/{number}.js") for number in range(40))
    observed = full(files=(changed("src/a.py"), *built))
    filled = template(observed, ruled)
    assert "- `web/dist/` - 40 generated files\n- `src/a.py` - changed\n" in filled
    assert "files-unlisted" not in found(written(observed, ruled), ruled)
    many = tuple(changed(f"src/{number}.py") for number in range(MAX_FILES + 5))
    assert "TODO: 5 more files" in template(full(files=many), BLOCK)


def test_a_stricter_tier_that_was_asked_for_is_asked_for_again() -> None:
    filled = template(lite(body="Tier: full\n\n## Why\n\nIt is dry.\n"), BLOCK)
    assert filled.startswith("Canary status: pending - ")
    assert "\n\nTier: full\n\n" in filled
    assert "### Product story" in filled


def test_long_sections_are_not_repeated() -> None:
    body = FULL_BODY.replace("The greenhouse", "The greenhouse " + "grows " * 2_000)
    assert "### Product story\n\nTODO: keep the existing text" in template(full(body=body), BLOCK)


def test_what_is_too_long_for_a_comment_is_cut_at_a_line() -> None:
    names = tuple(changed(f"src/{'x' * 190}/{number}.py") for number in range(290))
    filled = template(full(files=names), BLOCK)
    assert len(filled.encode()) < 40_200
    assert filled.endswith("` - changed\n\nTODO: the rest; it is too long for a comment.\n")


paths = st.text(st.sampled_from("ab/.` *é\n\t#\u202e\0[]"), min_size=1, max_size=12)


@given(st.lists(paths, max_size=5, unique=True), st.text(st.sampled_from("# `\n-~<!>\r\ta"), max_size=60))
def test_it_stays_in_its_fence_and_needs_no_control_signs(names: list[str], text: str) -> None:
    files = tuple(ChangedFile(path=name, status="added") for name in names)
    observed = full(files=files, body=f"## Why\n\n{text}\n")
    filled = filled_in(observed, read(observed.inputs.body, BLOCK), BLOCK)
    assert all(sign == "\n" or sign.isprintable() for sign in filled)
    explained = judged(observed).explanation.split("\n")
    fence = explained[-1]
    assert set(fence) == {"`"}
    assert explained.count(fence) == 1
    assert f"{fence}markdown" in explained
