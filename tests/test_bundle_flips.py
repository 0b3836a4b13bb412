"""What chance does to a bundle is found: 500 random flips of a bit."""

import random
import sys
from importlib.util import module_from_spec, spec_from_file_location

import pytest
from bundle_kit import (
    VERIFY,
    copied,
    made,
)


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    with made(tmp_path_factory.mktemp("bundle")) as done:
        yield done


def in_process():
    """Load the verifier, so that hundreds of runs cost no processes."""
    spec = spec_from_file_location("bundle_verify", VERIFY)
    module = module_from_spec(spec)
    sys.modules["bundle_verify"] = module
    spec.loader.exec_module(module)
    return module


def test_500_random_flips_of_a_bit_are_all_found(one, tmp_path):
    folder = copied(one.folder, tmp_path / "b")
    verifier = in_process()
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sizes = [path.stat().st_size for path in files]
    dice = random.Random(20261124)

    def problems():
        found = verifier.Bundle(folder, None)
        found.part("the list of files", found.manifest)
        if not found.problems:
            found.check([], None, require=False)
        return found.problems

    assert problems() == []
    for turn in range(500):
        # Half of them anywhere by size, half of them in any file, so that small ones are met.
        path = dice.choices(files, sizes)[0] if turn % 2 else dice.choice(files)
        data = bytearray(path.read_bytes())
        place = dice.randrange(len(data))
        data[place] ^= 1 << dice.randrange(8)
        before = path.read_bytes()
        path.write_bytes(data)
        name = path.relative_to(folder).as_posix()
        found = problems()
        assert found, f"{name}: bit in byte {place}"
        assert any(name in line for line in found) or name == "MANIFEST.sha256"
        path.write_bytes(before)
