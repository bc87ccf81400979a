"""CustomResourceDefinitions: what they must look like, and the kinds that they make."""
