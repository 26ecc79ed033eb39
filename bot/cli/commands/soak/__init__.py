"""`assay soak`."""
