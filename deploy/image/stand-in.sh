#!/usr/bin/env bash
# Make a stand-in for the image's base, where no registry of images can be reached: Debian trixie and
# its Python 3.13 under the name that the Dockerfile asks for, in a store of buildah's. It is not the
# image of docker.io. Needs root, buildah and mmdebstrap.
# usage: stand-in.sh FOLDER DRIVER   (FOLDER/base.tar is kept; the store is FOLDER/DRIVER/{store,run})
set -euo pipefail
FOLDER=$(realpath -m "$1")
DRIVER=$2
BASE=$(sed -n 's/^ARG PYTHON_IMAGE=//p' "$(dirname "$0")/../../Dockerfile")
in_store() { buildah --root "$FOLDER/$DRIVER/store" --runroot "$FOLDER/$DRIVER/run" --storage-driver "$DRIVER" "$@"; }
export BUILDAH_ISOLATION=chroot
mkdir -p "$FOLDER"
if [ -n "$(in_store images -q "$BASE" 2>/dev/null)" ]; then exit 0; fi

if [ ! -s "$FOLDER/base.tar" ]; then
  mmdebstrap --quiet --variant=minbase --include=ca-certificates,python3,python3-venv \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' trixie "$FOLDER/base.tar.part"
  mv "$FOLDER/base.tar.part" "$FOLDER/base.tar"
fi
container=$(in_store from scratch)
root=$(in_store mount "$container")
tar -C "$root" -xf "$FOLDER/base.tar"
# Where docker.io's image has them; and venv makes environments without Debian's refusal to install.
ln -sf /usr/bin/python3 "$root/usr/local/bin/python"
ln -sf /usr/bin/python3 "$root/usr/local/bin/python3"
rm -f "$root"/usr/lib/python3*/EXTERNALLY-MANAGED
in_store config --env PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin --cmd python3 "$container"
in_store umount "$container" >/dev/null
in_store commit -q "$container" "$BASE" >/dev/null
in_store rm "$container" >/dev/null
