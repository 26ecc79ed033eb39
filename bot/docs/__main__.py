"""Generates documentation: `python -m bot.docs [FOLDER]`."""

import sys

from bot.docs.pages import main

main(sys.argv[1:])
