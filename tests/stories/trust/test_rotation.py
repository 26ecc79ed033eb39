"""An installation with one secret for all webhooks gets one for each by `assay setup`, and refuses nothing then."""

from pathlib import Path

import pytest

from tests.stories.trust.forging import NURSERY
from tests.stories.trust.rotation import REPOSITORIES, rotated

pytestmark = pytest.mark.long


async def test_setup_twice_gives_each_webhook_its_own_secret_and_nothing_is_refused(tmp_path: Path) -> None:
    found = await rotated(tmp_path, lambda _line: None)
    refused = {name: count for name, count in found.results.items() if count and name != "new"}
    assert refused == {}
    assert found.results["new"] >= found.written > 0
    assert found.signers == dict.fromkeys(REPOSITORIES, "repository")
    for hooks in found.hooks.values():
        ((_, url),) = hooks
        assert "?repository=" in url
    rotations = [line for line in found.lines if "to receive" in line or "new secret" in line or "up to date" in line]
    assert len(rotations) >= 4
    assert any(f"still shared by {NURSERY}" in line for line in found.lines)
    assert any("each repository has its own; remove ASSAY_WEBHOOK_SECRET" in line for line in found.lines)
    assert found.forged == dict.fromkeys(REPOSITORIES, 401)
