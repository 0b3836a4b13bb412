"""The whole product on a cloud that needs no account: a seeded moto server on loopback.

Only this package of the agent talks to a cloud SDK, because only it plays the customer: it
creates, breaks and mends what the agent then observes through its own read-only sessions.
"""
