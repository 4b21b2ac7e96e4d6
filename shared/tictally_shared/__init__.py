"""What edge and recorder agree on: labels, frames, topics, calendar. Pure: no I/O, no dependency."""
