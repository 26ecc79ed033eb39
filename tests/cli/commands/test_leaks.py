"""What `assay scan --diff` reads of the lines around a change."""

import secrets

from bot.cli.commands.scan.leaks import scan_diff
from tests.scan.compiled import scanner

HEAD = "--- a/deploy.yml\n+++ b/deploy.yml\n@@ -1,2 +1,2 @@\n"


async def test_a_name_on_a_line_that_stood_there_makes_a_secret_of_the_value_added_below() -> None:
    value = secrets.token_hex(20)
    diff = f"{HEAD} - name: FORGEJO_TOKEN\n-  value: changeme\n+  value: {value}\n"
    scanned = await scan_diff(scanner(), diff.encode())
    assert [(one.path, one.line) for one in scanned.findings] == [("deploy.yml", 2)]
    assert scanned.errors == ()


async def test_a_secret_that_stood_there_before_is_not_this_changes() -> None:
    diff = f"{HEAD} FORGEJO_TOKEN={secrets.token_hex(20)}\n-old\n+new\n"
    scanned = await scan_diff(scanner(), diff.encode())
    assert (scanned.findings, scanned.errors) == ((), ())
