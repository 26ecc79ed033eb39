"""`python -m bot.cli`: the same as `assay`."""

from bot.cli.main import main

main()
