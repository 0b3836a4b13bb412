"""Google Cloud: one organization's assets by Cloud Asset Inventory, its people by the Admin SDK.

access.py       which parent, whose credentials, which endpoints
credentials.py  the one credential that the configuration names
assets.py       Cloud Asset Inventory: one listing a content type for all projects
transport.py    the client, over gRPC or REST, behind the read-only guard
directory.py    the Admin SDK, by requests that Google's own library signs
errors.py       what went wrong, as one of the causes that all clouds share
session.py      one project, or the organization, as the collector sees it
"""
