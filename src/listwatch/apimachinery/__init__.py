"""The grammar that all objects share: what an object, an event, an error and a request are.

Imports nothing else of ours. Everything here is either pure or a seam (`Clock`, `Transport`) through
which time and the network are passed in.
"""
