"""Analysis of results: data frames to data frames, with neither jax nor drawings."""
