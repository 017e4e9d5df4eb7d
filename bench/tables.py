#!/usr/bin/env python3
"""The tables of bench/data, which are compressed there, as files that every command reads.

    bench/tables.py [FOLDER]      # unpacks all of them (default: build/data)

Scripts that import it call unpacked("adult_train"): the file's path, unpacked when it is first asked for.
"""
import gzip
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKED = ROOT / "bench/data"
UNPACKED = ROOT / "build/data"


def unpacked(name, folder=UNPACKED):
    """The path of a table; several processes may ask at once."""
    packed, path = PACKED / f"{name}.csv.gz", folder / f"{name}.csv"
    if path.exists() and path.stat().st_mtime >= packed.stat().st_mtime:
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as out:
        out.write(gzip.decompress(packed.read_bytes()))
    os.chmod(out.name, 0o644)
    os.replace(out.name, path)
    return path


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else UNPACKED
    for packed in sorted(PACKED.glob("*.csv.gz")):
        unpacked(packed.name.removesuffix(".csv.gz"), folder)


if __name__ == "__main__":
    main()
