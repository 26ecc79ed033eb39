"""`assay soak`: where soaks stand, and playing one through."""
