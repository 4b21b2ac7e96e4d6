"""Notifications by Apprise: events and summaries, each sent once to every target of the user's choice."""
