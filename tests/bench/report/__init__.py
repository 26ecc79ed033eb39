"""`docs/performance.md` and its pictures, made from `docs/performance/*.json` by `python -m tests.bench report`."""
