"""Gives the files of Debian's package dataset-fashion-mnist the bytes that upstream publishes.

apt-get download dataset-fashion-mnist && dpkg-deb --extract dataset-fashion-mnist_*.deb unpacked
python .ci/fashion_mnist_from_debian.py unpacked/usr/share/datasets/fashion-mnist upstream
python -m experiments.prepare --dataset=fashion_mnist --manual_dir=upstream

Debian has packed the files anew without name and time; the compressed stream is the same. So it is
enough to write the gzip header (RFC 1952) as it was. `prepare` compares the result with the SHA-256
that TFDS has registered.
"""

import struct
import sys
from pathlib import Path

# When upstream's four files were packed, in seconds since 1970.
PACKED = {
    "train-images-idx3-ubyte": 1504176606,
    "train-labels-idx1-ubyte": 1504176606,
    "t10k-images-idx3-ubyte": 1504176627,
    "t10k-labels-idx1-ubyte": 1504176627,
}
NAMED = 8  # the flag FNAME: a file name, ended by a zero byte, follows the ten bytes of header


def restore(packed: bytes, name: str, seconds: int) -> bytes:
    """A gzip file without name and time, with them."""
    magic, method, flags, _, rest = packed[:2], packed[2:3], packed[3], packed[4:8], packed[8:10]
    if magic != b"\x1f\x8b" or flags != 0:
        raise SystemExit(f"{name}.gz is not a gzip file with a bare header")
    header = magic + method + bytes([NAMED]) + struct.pack("<I", seconds) + rest
    return header + name.encode() + b"\0" + packed[10:]


def main(source: str, target: str) -> None:
    """Restores the four files of folder `source` into folder `target`."""
    Path(target).mkdir(parents=True, exist_ok=True)
    for name, seconds in PACKED.items():
        packed = Path(source, f"{name}.gz").read_bytes()
        Path(target, f"{name}.gz").write_bytes(restore(packed, name, seconds))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
