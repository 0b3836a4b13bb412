"""The documents are a site without a broken link, which asks nobody else for anything."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytest.importorskip("material", reason="mkdocs-material is not installed (pip install -e .[dev])")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


class Loaded(HTMLParser):
    """What a browser fetches by itself for a page, and where its links lead."""

    def __init__(self, text):
        super().__init__()
        self.fetched, self.links = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag in {"script", "img", "iframe", "source", "video"}:
            self.fetched += [found[key] for key in ("src", "srcset") if found.get(key)]
        if tag == "link" and found.get("rel") not in {"canonical", "next", "prev", "alternate"}:
            self.fetched.append(found["href"])
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])


def pages(site):
    return sorted(site.rglob("*.html"))


def test_nothing_is_fetched_from_elsewhere(site):
    assert len(pages(site)) > 100
    for page in pages(site):
        loaded = Loaded(page.read_text())
        assert [url for url in loaded.fetched if re.match(r"(https?:)?//|data:text", url)] == [], (
            page
        )
    for style in site.rglob("*.css"):
        assert not re.search(r"url\([\"']?(https?:)?//|@import", style.read_text()), style


def test_every_link_leads_to_a_page_that_is_there(site):
    """Of those that mkdocs leaves as they are, such as to the schema."""
    for page in pages(site):
        if page.name == "404.html":
            continue
        for link in Loaded(page.read_text()).links:
            if not re.match(r"[a-z]+:|#", link):
                assert (page.parent / link.partition("#")[0]).exists(), (page, link)


def test_every_claim_of_the_threat_model_names_a_test_that_is_there():
    claimed = re.findall(r"`(test_\w+)`", (ROOT / "docs/threat-model.md").read_text())
    source = "\n".join(file.read_text() for file in (ROOT / "tests").glob("test_*.py"))
    there = set(re.findall(r"^def (test_\w+)", source, re.MULTILINE))
    assert len(claimed) > 40
    assert sorted(set(claimed) - there) == []


def test_every_page_that_people_wrote_is_in_the_menu():
    lines = (ROOT / "mkdocs.yml").read_text().splitlines()
    menu = [line.split()[-1] for line in lines if line.strip().startswith("- ")]
    written = [page.relative_to(ROOT / "docs") for page in (ROOT / "docs").glob("*.md")]
    assert [str(page) for page in written if menu.count(str(page)) != 1] == []
