"""Day-ahead spot prices of a bidding zone, from ENTSO-E with a token or from Energy-Charts without one."""
