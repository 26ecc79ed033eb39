"""What several checks ask of a snapshot. Knows no check; any check may use it."""
