"""What panels at home produce: from a topic of their inverter, or by a meter of their own."""
