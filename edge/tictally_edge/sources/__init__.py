"""Where a line's bytes come from: ports, recorded files, a simulated meter."""
