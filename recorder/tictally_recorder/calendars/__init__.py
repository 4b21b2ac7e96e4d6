"""Calendars of days that tariffs depend on: the colours of Tempo."""
