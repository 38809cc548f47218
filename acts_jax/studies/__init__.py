"""Studies: claims and published results put to the test."""
