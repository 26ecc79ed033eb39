"""The framework of Assaymaster: receives events, observes targets, plans and writes. It contains no check."""
