"""Reports on sweeps: statistics, figures and the page."""
