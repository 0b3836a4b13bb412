"""File systems."""

from moto_cases import Case, ClientOf, Make


def _file_system(*, encrypted: bool = True, backed_up: bool = True) -> Make:
    def make(client: ClientOf) -> str:
        efs = client("efs")
        made = efs.create_file_system(CreationToken="shop", Encrypted=encrypted, Backup=backed_up)
        return str(made["FileSystemId"])

    return make


CASES = (
    Case("aws-efs-encrypted", _file_system(), _file_system(encrypted=False)),
    Case("aws-efs-backup", _file_system(), _file_system(backed_up=False)),
)
