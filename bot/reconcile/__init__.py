"""The loop for one target: observe, assess, plan, remember, apply. Called by the engine alone."""
