"""What goes wrong in a way that the user can mend: the message says what to change."""


class ConfigError(ValueError):
    """A config, or another request, that cannot be carried out."""


class DatasetError(ValueError):
    """A dataset that cannot be had."""


class StoreError(ValueError):
    """A file or folder that cannot be used."""


class CellError(RuntimeError):
    """Cells could not be trained, and the sweep was told to stop at that."""


class OutputError(OSError):
    """What is printed cannot be written: a full disk, a closed pipe or terminal."""
