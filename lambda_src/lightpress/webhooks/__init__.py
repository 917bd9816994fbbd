"""Webhooks: each event of the bus as a signed POST to a URL of the deployer's, until it is answered with a 2xx.

`signature` signs as Standard Webhooks asks for, `post` sends to a checked address and nowhere else, and `deliver` is
the workflow of one message of a webhook's queue.
"""
