"""`assay scan`."""
