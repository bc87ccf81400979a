"""A real API server's OpenAPI v3 documents, descriptions left out: data for the generator and the server."""
