"""The blind test: a sealed plan, pairs, votes that are never lost, and an honest count."""
