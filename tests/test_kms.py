"""A signing key that is in a cloud's KMS: the log is the same to whoever verifies it.

AWS with P-256 is moto; the others, and AWS with Ed25519, which moto does not know, are small fakes
at the edge of the network.
"""

from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from agent_kit import configure, items
from aws_kit import client
from bundle_kit import bundle, tell, verify
from copies_kit import served
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from evidence_world import HOUR, START, World
from kms_kit import ARN, NAME, VERSION, Aws, Azure, Gcp, p256

from agent.config import ConfigError, load_settings
from agent.evidence.kms.aws import AwsKms
from agent.evidence.kms.settings import AwsKmsSettings
from agent.evidence.kms.signer import KmsSigner
from agent.evidence.log import Log
from agent.evidence.note import open_checkpoint
from agent.evidence.signatures import P256
from agent.evidence.store import Store, StoreUnsigned
from agent.evidence.verify import verify_store
from agent.home import KEY, folder_of, open_log

SORTS = {
    "aws-ed25519": lambda: Aws(Ed25519PrivateKey.generate()),
    "gcp-ed25519": lambda: Gcp(Ed25519PrivateKey.generate()),
    "gcp-p256": lambda: Gcp(p256()),
    "azure-p256": lambda: Azure(p256()),
}


@contextmanager
def signed_by(tmp_path, signer):
    with Store.open(tmp_path / "evidence.db") as store, Log.open(store, signer, at=START) as log:
        yield World(store, log)


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    from aws_kit import ENVIRONMENT  # noqa: PLC0415 - moto takes seconds

    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(params=SORTS.values(), ids=SORTS)
def kms(request):
    with served(request.param()) as kms:
        yield kms


def close(opened):
    if getattr(opened, "_session", None) is not None:
        opened._session.close()


def test_a_log_that_kms_signs_verifies_as_any_other_and_keeps_nothing_unsigned(tmp_path, kms):
    opened = kms.open(tmp_path)
    signer = KmsSigner(NAME, opened)
    with signed_by(tmp_path, signer) as world:
        world.log.append("agent", {"event": "start"}, START)
        assert open_checkpoint(world.log.checkpoint(), signer.verifier).size == 2
        assert len(kms.asked) == 3
        for kms.wrong, message in (
            ("denied", "403|AccessDenied"),
            ("other", "what it signed does not hold"),
            ("torn", ": "),
        ):
            with pytest.raises(StoreUnsigned, match=message) as caught:
                world.log.append("agent", {"event": "start"}, START)
            assert "\n" not in str(caught.value)
        kms.wrong = ""
        assert world.log.append("agent", {"event": "start"}, START) == 2
        verify_store(world.store, str(signer.verifier))
    close(opened)


def test_a_key_of_p256_in_aws_is_verified_by_the_agent_and_by_the_bundle(tmp_path, endpoint):
    aws = client(endpoint, "kms")
    made = aws.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]
    settings = AwsKmsSettings(arn=made["Arn"], endpoint_url=endpoint.url)
    signer = KmsSigner(NAME, AwsKms(settings))
    assert signer.verifier.kind == P256
    with signed_by(tmp_path, signer) as world:
        tell(world, 8)
        bundle(world, tmp_path / "b", made=START + 8 * HOUR)
        verify_store(world.store, str(signer.verifier))

    code, said = verify(tmp_path / "b", "--vkey", str(signer.verifier))
    assert code == 0, said

    place = tmp_path / "b/log/checkpoints.jsonl"
    lines = place.read_text().splitlines(keepends=True)
    mark = lines[3].index(" ", lines[3].index("\u2014") + 2) + 40
    other = "A" if lines[3][mark] != "A" else "B"
    lines[3] = lines[3][:mark] + other + lines[3][mark + 1 :]
    place.write_text("".join(lines))
    code, said = verify(tmp_path / "b")
    assert code == 1
    assert "checkpoint 4: its signature" in said


@pytest.mark.parametrize(
    "fake",
    [
        lambda: Aws(rsa.generate_private_key(65537, 2048)),
        lambda: Gcp(ec.generate_private_key(ec.SECP384R1())),
        lambda: Azure(rsa.generate_private_key(65537, 2048)),
    ],
    ids=["aws", "gcp", "azure"],
)
def test_a_key_of_another_sort_is_refused_with_the_right_one_named(tmp_path, fake):
    with served(fake()) as kms:
        opened = kms.open(tmp_path)
        with pytest.raises(StoreUnsigned, match="P-256") as caught:
            KmsSigner(NAME, opened)
        assert "\n" not in str(caught.value)
        close(opened)


def test_nobody_at_the_address_is_one_line(tmp_path, kms):
    kms.url = "http://127.0.0.1:9"
    opened = kms.open(tmp_path)
    with pytest.raises(StoreUnsigned, match="cannot be asked") as caught:
        KmsSigner(NAME, opened)
    assert "\n" not in str(caught.value)
    close(opened)


def test_an_agent_with_a_key_in_kms_makes_no_key_file(assay, cloud):
    with served(Aws(Ed25519PrivateKey.generate())) as kms:
        key = {"kind": "aws-kms", "arn": ARN, "endpoint_url": kms.url}
        config = configure(assay.folder, cloud.url, key=key)
        settings = load_settings(config, {})
        with open_log(settings, at=datetime.now(UTC)):
            assert not (folder_of(settings) / KEY).exists()
        code, out, _ = assay("evidence", "verify", config=config)
        assert (code, "valid: assay.test/agent, 1 entries" in out) == (0, True)
        _, out, _ = assay("doctor", "--format", "json", config=config)
        assert {row["what"]: row["state"] for row in items(out)}["evidence"] == "ok"
        kms.wrong = "denied"
        _, out, _ = assay("doctor", "--format", "json", config=config)
        assert {row["what"]: row["state"] for row in items(out)}["evidence"] == "wrong"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{kind: aws-kms, arn: 'alias/x'}", "key.arn: 'alias/x' is not the ARN of a key"),
        (f"{{kind: aws-kms, arn: '{ARN}', external_id: x}}", "`role_arn` is missing"),
        (f"{{kind: aws-kms, arn: '{ARN}', role_arn: x}}", "key.role_arn: 'x' is not a role"),
        ("{kind: vault}", "key.kind: 'vault' is not known; use aws-kms, gcp-kms, azure-key-vault"),
        ("{kind: aws-kms}", "missing required field `arn`"),
        (f"{{kind: gcp-kms, version: '{VERSION[:-22]}'}}", "is not a version of a key"),
        ("{kind: azure-key-vault, id: 'http://v.example/keys/k/0'}", "is not a version of a key"),
    ],
)
def test_a_wrong_key_is_one_line(tmp_path, text, message):
    path = tmp_path / "assay.yaml"
    path.write_text(f"key: {text}\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
