"""Servers of the Transfer Family."""

from moto_cases import Case, ClientOf, Make


def _server(protocols: list[str]) -> Make:
    def make(client: ClientOf) -> str:
        made = client("transfer").create_server(
            Protocols=protocols, EndpointType="VPC", IdentityProviderType="SERVICE_MANAGED"
        )
        return str(made["ServerId"])

    return make


CASES = (Case("aws-transfer-no-ftp", _server(["SFTP"]), _server(["SFTP", "FTP"])),)
