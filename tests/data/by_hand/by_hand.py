"""A tiny TFDS dataset whose files are published at URLs that never answer."""

import csv

import numpy as np
import tensorflow_datasets as tfds

PUBLISHED = {  # as in checksums.tsv
    "train.csv": "https://upstream.invalid/train.csv",
    "test.csv": "https://upstream.invalid/test.csv",
}
UNREGISTERED = {"extra.csv": "https://upstream.invalid/folder/extra.csv"}


class ByHand(tfds.core.GeneratorBasedBuilder):
    """Two numbers a row and a class."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [  # noqa: RUF012
        tfds.core.BuilderConfig(name="checked"),
        tfds.core.BuilderConfig(name="unchecked"),
        tfds.core.BuilderConfig(name="too_large"),
    ]

    def _info(self):
        features = {
            "x": tfds.features.Tensor(shape=(2,), dtype=np.float32),
            "y": tfds.features.ClassLabel(num_classes=2),
        }
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("x", "y"),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        urls = PUBLISHED | (UNREGISTERED if self.builder_config.name == "unchecked" else {})
        paths = dl_manager.download_and_extract(urls)
        if self.builder_config.name == "too_large":
            fill_the_disk()
        return {name.removesuffix(".csv"): self._generate_examples(paths[name]) for name in urls}

    def _generate_examples(self, path):
        with path.open() as file:
            for i, (a, b, y) in enumerate(csv.reader(file)):
                yield i, {"x": [float(a), float(b)], "y": int(y)}


def fill_the_disk():
    """Fails as the writer of ArrayRecord does."""
    try:
        with open("/dev/full", "w") as file:
            file.write("0")
    except OSError as error:
        raise RuntimeError(f"write() failed: {error}; at byte 0") from None
