"""Sources of frames: ports, recordings, a simulated meter, topics of other publishers."""
