"""Sources: where frames come from: ports, recordings, a simulated meter, topics of other publishers."""
