"""`assay evidence`: collects evidence of a run in a CI job, and checks it."""
