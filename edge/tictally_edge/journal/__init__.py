"""The edge's memory of the frames it numbered, kept over restarts and kills."""
