"""PVPC, Spain's regulated hourly price, from Red Eléctrica's ESIOS."""
