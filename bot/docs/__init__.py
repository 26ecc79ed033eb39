"""The generated parts of the documentation: `python -m bot.docs`. Nothing imports it."""
