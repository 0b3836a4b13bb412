"""The demo's Azure: Entra's tokens, Resource Manager, Resource Graph and Microsoft Graph."""
