"""Azure: one tenant's subscriptions by Resource Graph and Resource Manager, its people by Graph.

access.py       which tenant, whose credentials, which endpoints
credentials.py  the one credential that the configuration names
wire.py         the pipelines of the SDKs, without what writes, ended by the read-only guard
guard.py        refuses whatever is not a read, or leaves the endpoint
errors.py       what went wrong, as one of the causes that all clouds share
graph.py        Resource Graph: one query a table for all subscriptions
rights.py       what a subscription's role assignments let us read
session.py      one subscription, or the tenant, as the collector sees it
"""
