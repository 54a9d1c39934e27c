"""The scripts that install, in a small tree of their own."""

import shutil
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "script"


def copy_scripts(names, tree):
    """Copy scripts into a tree, which needs less of the disk than the whole portal does."""
    folder = tree / "script"
    folder.mkdir(parents=True)
    for name in names:
        shutil.copy(SCRIPTS / name, folder / name)
    bootstrap = folder / "bootstrap"
    said = bootstrap.read_text()
    assert said.count("NEEDED_MB = 4000\n") == 1
    bootstrap.write_text(said.replace("NEEDED_MB = 4000\n", "NEEDED_MB = 100\n"))
