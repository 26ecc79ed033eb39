"""Labels by rule."""
