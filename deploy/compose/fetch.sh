#!/usr/bin/env bash
# Put docker-compose into a folder, from the Debian that follows this machine's: bookworm's is of the
# old kind. The machine's own packages stay as they are. usage: fetch.sh FOLDER
set -euo pipefail
mkdir -p "$1"
DEST=$(realpath "$1")
APT=$(mktemp -d)
trap 'rm -rf "$APT"' EXIT
MIRROR=$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | head -1)
mkdir -p "$APT"/lists/partial "$APT"/cache/archives/partial
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $MIRROR trixie main" > "$APT/sources.list"
own_apt() {
  apt-get -qq -o Dir::Etc::sourcelist="$APT/sources.list" -o Dir::Etc::sourceparts=- \
    -o Dir::State::lists="$APT/lists" -o Dir::Cache="$APT/cache" -o APT::Sandbox::User=root "$@"
}
cd "$APT"
own_apt update
own_apt download docker-compose
dpkg-deb -x docker-compose_*.deb unpacked
cp "$(find unpacked -type f -name docker-compose -size +1M)" "$DEST/docker-compose"
