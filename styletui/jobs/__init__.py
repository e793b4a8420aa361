"""Long work as detached processes: job folders, event logs, workers. Knows no terminal."""
