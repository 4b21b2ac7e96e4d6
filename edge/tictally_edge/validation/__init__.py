"""What of a well-formed frame is believed: who speaks, texts confirmed, registers and readings within physics. Pure."""
