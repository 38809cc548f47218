"""TFDS builders over data that ships inside wheels: prepared without network or TensorFlow."""
