"""Who is let in: tokens, passwords, certificates; who is not is told how, and never what."""

import base64
import json
import ssl
import subprocess
import time
from datetime import UTC, datetime, timedelta

import bcrypt
import pytest
from tls_kit import make_certificates
from web_kit import ask, opened

from agent.cli.app import run
from agent.web.tokens import Scope, TokenError, Tokens
from agent.web.webconfig import WebConfigError, load_web_config

NOW = datetime(2026, 11, 24, tzinfo=UTC)
LATER = NOW + timedelta(days=90)
PASSWORD = "scrape-me"
HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
PATHS = ("/metrics", "/api/v1/findings")


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def statuses(server, authorization=None):
    """What metrics and evidence are answered with."""
    headers = {"Authorization": authorization} if authorization else {}
    return tuple(ask(server, path, **headers)[0] for path in PATHS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("access")


@pytest.fixture(scope="module")
def tokens(folder):
    return Tokens(folder / "tokens.json")


@pytest.fixture(scope="module")
def made(tokens):
    """A token for metrics, one for evidence, one that has ended."""
    kinds = {"prometheus": Scope.METRICS, "auditor": Scope.EVIDENCE, "old": Scope.EVIDENCE}
    return {
        name: tokens.create(
            name,
            [scope],
            now=NOW,
            expires=NOW if name == "old" else LATER,
            random=name * 5,
        )
        for name, scope in kinds.items()
    }


@pytest.fixture(scope="module")
def server(folder, made):  # noqa: ARG001 - the tokens are there before
    (folder / "web.yml").write_text(json.dumps({"basic_auth_users": {"ana": HASH}}))
    http = {"tokens": str(folder / "tokens.json"), "web_config": str(folder / "web.yml")}
    with opened(folder, http=http, now=NOW + timedelta(days=1)) as server:
        yield server


def test_a_token_is_good_for_its_scope_and_nothing_else(server, made):
    assert statuses(server, f"Bearer {made['prometheus']}") == (200, 403)
    assert statuses(server, f"Bearer {made['auditor']}") == (403, 200)
    _, headers, body = ask(server, "/metrics", Authorization=f"Bearer {made['auditor']}")
    assert 'error="insufficient_scope", scope="metrics"' in headers["WWW-Authenticate"]
    assert b"token auditor has no scope metrics" in body


def test_a_browser_sends_a_token_as_a_password(server, made):
    assert statuses(server, basic("anything", made["auditor"])) == (403, 200)


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer assay_wrong",
        "Bearer ",
        "Basic !",
        "Basic " + base64.b64encode(b"\xff").decode(),
        "Digest x",
        basic("ana", "wrong"),
        basic("ana", PASSWORD + "\0"),
        basic("ben", PASSWORD),
        basic("ana", ""),
        basic("ana", "x" * 73),
    ],
)
def test_who_is_not_known_is_told_how_to_be_and_nothing_else(server, authorization):
    for path in (*PATHS, "/", "/api/v1/nothing", "/nothing"):
        status, headers, body = ask(server, path, Authorization=authorization)
        assert status == 401
        assert headers["WWW-Authenticate"].startswith('Bearer error="invalid_token", realm="assay"')
        assert 'Basic realm="assay"' in headers["WWW-Authenticate"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert b"a token that holds is asked for" in body


def test_a_token_that_has_ended_is_none(server, made):
    assert statuses(server, f"Bearer {made['old']}") == (401, 401)


def test_who_sends_nothing_is_not_told_that_something_was_wrong(server):
    _, headers, body = ask(server, "/api/v1/rules")
    assert "invalid_token" not in headers["WWW-Authenticate"]
    assert headers["Content-Type"] == "application/problem+json"
    assert json.loads(body)["status"] == 401


def test_liveness_is_for_everybody(server):
    assert [ask(server, path)[0] for path in ("/healthz", "/readyz")] == [200, 200]
    assert ask(server, "/healthz/")[0] == 401


def test_a_user_of_the_web_configuration_reads_all(server):
    assert statuses(server, basic("ana", PASSWORD)) == (200, 200)


def test_a_token_that_is_revoked_is_refused_at_once(server, tokens):
    secret = tokens.create("brief", list(Scope), now=NOW, expires=None, random="r" * 43)
    assert statuses(server, f"Bearer {secret}") == (200, 200)
    tokens.revoke("brief")
    assert statuses(server, f"Bearer {secret}") == (401, 401)


def test_a_file_that_cannot_be_read_lets_nobody_in(tmp_path, caplog):
    (tmp_path / "tokens.json").write_text('{"version": 1, "tokens": [{}]}')
    with opened(tmp_path, http={"tokens": str(tmp_path / "tokens.json")}) as server:
        assert statuses(server, "Bearer assay_x") == (503, 503)
        assert "nobody is let in:" in caplog.text
        assert ask(server, "/healthz")[0] == 200


def test_the_last_token_that_is_revoked_opens_nothing(tmp_path):
    tokens = Tokens(tmp_path / "tokens.json")
    tokens.create("only", [Scope.METRICS], now=NOW, expires=None, random="x")
    tokens.revoke("only")
    with opened(tmp_path, http={"tokens": str(tmp_path / "tokens.json")}) as server:
        assert statuses(server) == (401, 401)


def test_the_file_keeps_no_secret_and_is_its_owners(tokens, made):
    text = tokens._path.read_text()
    assert [name for name in made if made[name] in text or made[name][6:] in text] == []
    assert tokens._path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(TokenError, match="auditor: there is a token of this name"):
        tokens.create("auditor", [Scope.METRICS], now=NOW, expires=None, random="x")
    with pytest.raises(TokenError, match="nobody: there is no token of this name"):
        tokens.revoke("nobody")


def test_the_command_shows_a_token_once(tmp_path, capsys):
    config = tmp_path / "assay.yaml"
    config.write_text("store: evidence\n")

    def assay(*words):
        code = run(["-c", str(config), "token", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    code, out, err = assay("create", "prometheus", "--scope", "metrics", "--expires", "90d")
    assert (code, out[:6]) == (0, "assay_")
    assert "prometheus: good for metrics, until 20" in err
    secret = out.strip()
    assert len(secret) == 49
    known = Tokens(tmp_path / "evidence/tokens.json")
    assert known.find(secret, datetime.now(UTC)).name == "prometheus"
    assert known.find(secret, datetime.now(UTC) + timedelta(days=91)) is None
    code, out, _ = assay("list", "--format", "json")
    (row,) = json.loads(out)["items"]
    assert (row["token"], row["state"], row["scopes"]) == ("prometheus", "good", ["metrics"])
    assert secret not in out
    assert known.listed()[0].sha256 not in out
    assert assay("create", "x", "--scope", "all")[0] == 3
    assert assay("create", "Not A Name", "--scope", "metrics")[0] == 3
    assert assay("revoke", "prometheus")[:2] == (0, "prometheus: revoked\n")
    assert assay("revoke", "prometheus")[0] == 3


BAD = {
    "tls_server_config: {cert_file: a}": "key_file: a file is expected",
    "tls_server_config: {cert_file: a, key_file: b, client_auth_type: RequireAnyClientCert}": (
        "checks no certificate; use RequireAndVerifyClientCert"
    ),
    "tls_server_config: {cert_file: a, key_file: b, client_auth_type: Maybe}": "Maybe: use one of",
    "tls_server_config: {cert_file: a, key_file: b, client_ca_file: c}": "belong together",
    "tls_server_config: {cert_file: a, key_file: b, min_version: TLS11}": "TLS11 is broken",
    "tls_server_config: {cert_file: a, key_file: b, min_version: SSL3}": "use TLS12 or TLS13",
    "tls_server_config: {cert_file: a, key_file: b, client_allowed_sans: [x]}": (
        "client_allowed_sans: not supported"
    ),
    "basic_auth_users: {ana: secret}": "ana: a bcrypt hash (cost 4 to 15) is expected",
    "basic_auth_users: [ana]": "a mapping is expected",
    "users: {}": "users: not supported",
    "a: [": "1:",
}


@pytest.mark.parametrize("text", BAD)
def test_a_web_configuration_that_is_wrong_is_refused_with_its_place(tmp_path, text):
    path = tmp_path / "web.yml"
    path.write_text(text)
    with pytest.raises(WebConfigError) as caught:
        load_web_config(path)
    assert str(caught.value).startswith(str(path))
    assert BAD[text] in str(caught.value)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("tls"))


def web_config(folder, certificates, **more):
    """A file that Prometheus's own tool accepts."""
    tls = {
        "cert_file": str(certificates.server),
        "key_file": str(certificates.server_key),
        "min_version": "TLS12",
    }
    path = folder / "web.yml"
    path.write_text(json.dumps({"tls_server_config": {**tls, **more}}))
    return path


def context(certificates, *, client=False):
    made = ssl.create_default_context(cafile=certificates.authority)
    if client:
        made.load_cert_chain(certificates.client, certificates.client_key)
    return made


def test_nobody_connects_without_a_certificate_where_one_is_required(tmp_path, certificates):
    mutual = {
        "client_auth_type": "RequireAndVerifyClientCert",
        "client_ca_file": str(certificates.authority),
    }
    path = web_config(tmp_path, certificates, **mutual)
    with opened(tmp_path, http={"web_config": str(path)}) as server:
        known = context(certificates, client=True)
        status, headers, _ = ask(server, "/api/v1/rules", context=known)
        assert status == 200
        assert headers["Strict-Transport-Security"].startswith("max-age=")
        with pytest.raises(OSError, match=r"certificate required|alert|reset|EOF|closed"):
            ask(server, "/healthz", context=context(certificates))


def test_certificates_are_read_again_when_they_change(tmp_path, certificates):
    path = web_config(tmp_path, certificates)
    with opened(tmp_path, http={"web_config": str(path)}) as server:
        assert ask(server, "/healthz", context=context(certificates))[0] == 200
        old = context(certificates)
        before = certificates.server.read_bytes()
        make_certificates(certificates.server.parent)
        try:
            with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
                ask(server, "/healthz", context=old)
            assert ask(server, "/healthz", context=context(certificates))[0] == 200
            certificates.server.write_bytes(b"damaged")
            assert ask(server, "/healthz", context=context(certificates))[0] == 200
        finally:
            make_certificates(certificates.server.parent)
        assert certificates.server.read_bytes() != before


def test_a_certificate_that_is_not_there_is_refused_before_anything_starts(tmp_path, certificates):
    path = web_config(tmp_path, certificates, key_file=str(tmp_path / "none.key"))
    with (
        pytest.raises(WebConfigError, match=r"none\.key: cannot be used for TLS"),
        opened(tmp_path, http={"web_config": str(path)}),
    ):
        pass


def test_passwords_are_not_checked_again_and_again(tmp_path):
    slow = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(10)).decode()
    (tmp_path / "web.yml").write_text(json.dumps({"basic_auth_users": {"ana": slow}}))
    with opened(tmp_path, http={"web_config": str(tmp_path / "web.yml")}) as server:
        took = []
        for _ in range(4):
            began = time.monotonic()
            assert statuses(server, basic("ana", PASSWORD))[0] == 200
            took.append(time.monotonic() - began)
        assert min(took[1:]) < took[0] / 2


def test_users_are_read_again_when_their_file_changes_and_a_mistake_keeps_those_of_before(
    tmp_path, caplog
):
    path = tmp_path / "web.yml"

    def write(text):
        part = tmp_path / "part"
        part.write_text(text)
        part.replace(path)

    write(json.dumps({"basic_auth_users": {"ana": HASH, "bob": HASH}}))
    told = []
    with opened(tmp_path, http={"web_config": str(path)}, told=told.append) as server:
        ana, bob = basic("ana", PASSWORD), basic("bob", PASSWORD)
        assert statuses(server, ana) == statuses(server, bob) == (200, 200)
        write(json.dumps({"basic_auth_users": {"bob": HASH}}))
        assert (statuses(server, ana), statuses(server, bob)) == ((401, 401), (200, 200))
        write("basic_auth_users: {ana: plain}")
        assert (statuses(server, ana), statuses(server, bob)) == ((401, 401), (200, 200))
        assert f"the users of before stay in force: {path}:1:20: ana: a bcrypt hash" in caplog.text
        assert told == [True, False]
        path.unlink()
        assert statuses(server, bob) == (200, 200)
        write("{}")  # nobody is left, and still somebody is asked for
        assert statuses(server, bob) == statuses(server) == (401, 401)
        write("tls_server_config: {cert_file: a, key_file: b}")
        assert statuses(server) == (401, 401)
        assert "tls_server_config changes only with a restart" in caplog.text
        assert told == [True, False, False, True, False]


def test_prometheus_own_tool_accepts_what_is_accepted_here(tmp_path, certificates):
    mutual = {
        "client_auth_type": "RequireAndVerifyClientCert",
        "client_ca_file": str(certificates.authority),
    }
    path = web_config(tmp_path, certificates, **mutual)
    load_web_config(path).tls.context()
    try:
        done = subprocess.run(
            ["promtool", "check", "web-config", str(path)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except FileNotFoundError:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    assert done.returncode == 0, done.stdout + done.stderr
