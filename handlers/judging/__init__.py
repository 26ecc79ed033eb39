"""How the judge reads, weighs and speaks; the check itself is `handlers.judge`."""
