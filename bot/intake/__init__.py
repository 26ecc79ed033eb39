"""How the bot learns that something happened: webhook, inbox, routing, listing. Used by the application."""
