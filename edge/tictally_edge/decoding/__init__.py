"""From bytes to values in three steps, each knowing one thing: framing, groups, decoder. No I/O, no clock."""
