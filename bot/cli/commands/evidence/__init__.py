"""`assay evidence`: collecting evidence of a run in a CI job, and checking it."""
