"""Hourly outdoor temperature from Open-Meteo."""
