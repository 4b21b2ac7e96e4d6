"""For home automation hubs: topics of sites, health of the recorder, and the discovery messages of their entities."""
