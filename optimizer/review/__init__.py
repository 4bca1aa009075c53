"""A review of the Dockerfiles that a change touches: what to say, where it can be said, and how it is sent.

Lowest layer first: patches, touched, markdown, suggestions, reviews; then posting, client, github and gitlab, which
alone need the network.
"""
