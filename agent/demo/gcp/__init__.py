"""The demo's Google Cloud: Cloud Asset Inventory, the Admin SDK and the token endpoint."""
