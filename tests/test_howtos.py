"""What the how-to pages tell people to type works as it is written."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from agent_kit import RULES, configure

from agent.cli.app import app
from agent.config import load_settings

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
HOWTOS = ("how-to-rule.md", "how-to-type.md", "operating.md")
PAGES = sorted(page for page in DOCS.rglob("*.md") if "reference" not in page.parts)


def blocks(page):
    """Every fenced block: (language, text); those of a list without their indent."""
    found = re.findall(r"^( *)```(\w*)\n(.*?)^\1```$", page.read_text(), re.DOTALL | re.MULTILINE)
    for indent, language, text in found:
        yield language, re.sub(f"^{indent}", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("name", HOWTOS)
def test_a_how_to_works_from_its_first_line_to_its_last(cloud, tmp_path, name):
    """In one folder, on a pretended AWS that botocore is led to by the environment alone."""
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": cloud.url,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    if name == "operating.md":
        configure(tmp_path, cloud.url, RULES[:1], store="assay-data")
        run("assay check || test $? = 1", tmp_path, environment)
    for language, text in blocks(DOCS / name):
        written = re.match(r"# (\S+\.yaml)\n", text)
        if language == "yaml" and written:
            file = tmp_path / written[1]
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        if language == "sh":
            run(text, tmp_path, environment)


def run(text, folder, environment):
    text = re.sub(
        r"^(assay check(?: --rule \S+)?)$", r"{ \1 || test $? = 1; }", text, flags=re.MULTILINE
    )
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"


def commands():
    """Every line of a fenced or indented block that begins with `assay`, page by page."""
    for page in [*PAGES, ROOT / "README.md"]:
        text = page.read_text()
        lines = re.findall(r"^ {0,7}(?:\w+=\S+ )?(assay [a-z].*)$", text, re.MULTILINE)
        for line in lines:
            yield page.name, line


def words_of(line):
    """The words of a command as a shell would split them, without comment, pipe and ellipsis."""
    line = re.split(r"  +[#a-z(]|  +→| [|>&;] | \|\| ", line)[0]
    line = re.sub(r"\[(-[^\]]*)\]", r"\1", line)
    return re.findall(r'"[^"]*"|\S+', line)[1:]


def wrong_with(line, top):
    """What a command line has that the program does not know."""
    words, command = words_of(line), top
    while words and words[0] in getattr(command, "commands", ()):
        command = command.commands[words.pop(0)]
    command = getattr(command, "commands", {}).get("record", command)  # `assay attest CONTROL`
    known = {option for each in (*command.params, *top.params) for option in each.opts}
    given = [word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)]
    unknown = [option for option in given if option not in known | {"--help"}]
    if hasattr(command, "commands") and not command.invoke_without_command:
        unknown += words[:1]
    return unknown


def test_every_command_in_the_documents_is_one_that_the_program_knows():
    top = typer.main.get_command(app)
    lines = list(commands())
    assert len(lines) > 40
    assert [(*each, wrong) for each in lines if (wrong := wrong_with(each[1], top))] == []


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name.startswith(("quickstart", "webhooks", "keys"))],
    ids=lambda page: page.name,
)  # fmt: skip
def test_every_configuration_in_the_documents_loads(page, tmp_path):
    for language, text in blocks(page):
        if language == "yaml" and re.match(r"(targets|webhooks):", text):
            (tmp_path / "assay.yaml").write_text(text)
            load_settings(tmp_path / "assay.yaml", {})
