"""`assay soak`: shows the states of soaks, and simulates one."""
