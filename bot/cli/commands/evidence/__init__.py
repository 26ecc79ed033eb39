"""`assay evidence`."""
