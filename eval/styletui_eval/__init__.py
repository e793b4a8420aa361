"""Does the adapter write like its author? Blind test, perplexity, stylometry and the report."""
