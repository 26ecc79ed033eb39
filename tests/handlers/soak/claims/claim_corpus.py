"""Sentences about soaks with what they claim, written before the detector."""

CASES: tuple[tuple[str, str | None], ...] = (
    # Claims: started.
    ("- Soak: day 3 of 7, all green so far, no fallback hits", "started"),
    ("docs(status): record soak start for broker-minted runner tokens (#412)", "started"),
    ("The soak window opened on 2025-03-04 at 09:20 UTC with the merge of #288.", "started"),
    ("**Status:** soak under way since Monday; the audit has not been done yet.", "started"),
    ("We are now soaking the OIDC token exchange on both deploy runners.", "started"),
    ("As of 14 May the soak clock is ticking, and the old PAT stays in place until it runs out.", "started"),
    ("It is not true that nothing is happening with #97 — its soak kicked off last night.", "started"),
    ("Soak wystartował 12 marca, na razie bez żadnych błędów.", "started"),
    ("soak's running (day 2), will remove `DEPLOY_PAT` once the week is up", "started"),
    # Claims: threshold.
    ("- [x] Smoke runs: 3/3 green, soak threshold reached (runs 8812, 8815, 8821)", "threshold"),
    ("All three required smokes have now passed for the app-token soak.", "threshold"),
    ("status: soak smoke criteria met (3 of 3), calendar days still to go", "threshold"),
    (
        (
            "With last night's green run the soak has the third of its three required smokes, "
            "although the audit is still outstanding."
        ),
        "threshold",
    ),
    (
        (
            "Five out of five soak deploys succeeded via the broker, so the run requirement is satisfied; "
            "nothing has been removed."
        ),
        "threshold",
    ),
    ("Soak threshold hit on 2025-06-02 … the seven-day wait began right after.", "threshold"),
    ("Próg soaku osiągnięty: 3/3 smoke'ów na zielono, fallback nadal na miejscu.", "threshold"),
    # Claims: complete.
    ("Soak complete ✅ — seven days, zero fallback reads.", "complete"),
    ("The token-broker soak finished on Friday without a single incident.", "complete"),
    ("docs(runbook): mark the runner-token soak as passed (#530)", "complete"),
    ("The soak's log audit has passed; taking out the old PAT is left to a separate PR.", "complete"),
    ("The soak is over and it was successful, but `LEGACY_DEPLOY_TOKEN` has not been deleted yet.", "complete"),
    ("The soak ended successfully on 9 July; once Ana posts the approval phrase we drop the PAT.", "complete"),
    ("* soak: **PASSED** (3/3 smokes, 7/7 days, audit ok)", "complete"),
    # Claims: removed.
    ("The direct PAT fallback was removed in #611 after the soak.", "removed"),
    ("Soak closed: legacy credential path is gone from `deploy.yml`, only the broker remains.", "removed"),
    ("- fallback retired 2025-08-01 (soak passed 07-29, approval in #702)", "removed"),
    ("Dropped the old `GH_DEPLOY_PAT` secret from all four runners now that its soak has passed.", "removed"),
    ("We no longer have a static deploy token: it was deleted yesterday, following the soak.", "removed"),
    ("Once the operator had approved, I deleted the direct-token fallback that the soak was guarding.", "removed"),
    (
        "Nobody can fall back to the direct PAT any more, because that code path has been taken out (see soak #340).",
        "removed",
    ),
    # No claim.
    ("The soak has not started yet; we are waiting for the runner image.", None),
    ("This PR makes no claim that the soak is complete or that the fallback may go.", None),
    ("We will start the soak after #415 lands on main.", None),
    ("Remove the direct PAT once the soak has passed and the operator has approved.", None),
    ("If the soak passes, the legacy token is deleted in a follow-up PR.", None),
    ("The soak must run for seven full days before anybody audits the logs.", None),
    ("Please start the soak for the staging runner today, @marek.", None),
    ("Has the soak finished, or are we still waiting for the audit?", None),
    ("- Merge blocker: any wording that says the soak has begun before the first broker-token run", None),
    ("> soak complete, fallback removed", None),
    ('The bot wrote "soak threshold reached" in #380, which was wrong.', None),
    ("## Soak evidence", None),
    ("### How to close a soak and retire the fallback", None),
    (
        "A soak counts as passed when three smokes are green, seven days have gone by and the audit is clean.",
        None,
    ),
    ("- Smokes so far: 2 of 3; the third is queued for tonight", None),
    ("I'm not sure whether the soak actually started with Tuesday's deploy.", None),
    ("The tomato seeds have finished their overnight soak and go into the trays this morning.", None),
    ("Removed the unused `legacy_logo.svg` from the docs folder.", None),
    ("None of the runners, as far as the logs of the last two weeks show, has begun its soak.", None),
    ("Until the soak is over, the direct credential stays in `secrets.env`.", None),
    ("feat(runner): prepare the broker token path ahead of its soak", None),
    ("Target date for soak completion: 2025-09-12", None),
    ("The audit script prints `soak passed` when no fallback read is found in the log.", None),
    ("Soak jeszcze się nie rozpoczął, czekamy na nowy obraz runnera.", None),
    ("Do **not** write that the fallback is gone until an operator has typed the approval phrase.", None),
    ("Nothing in this description should be read as saying that the soak threshold has been met.", None),
    ("With only one green smoke out of three, we are well short of the soak threshold.", None),
    ("It would be premature to call the soak successful.", None),
    ("The old PAT has neither been removed nor rotated, contrary to what the title of #519 suggests.", None),
    ("Plan: soak starts Monday, threshold by Wednesday, fallback removed the week after.", None),
)
