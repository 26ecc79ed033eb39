"""Other programs that are measured beside the bot: each receives the same deliveries and does nothing with them."""
