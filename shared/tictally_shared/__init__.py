"""What edge and recorder agree on: labels, frames, topics, calendar; how settings are read; what both run on."""
