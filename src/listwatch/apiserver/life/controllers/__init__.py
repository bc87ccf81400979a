"""The controllers of a cluster, as clients of its API server: each keeps the objects of one kind as they want to be."""
