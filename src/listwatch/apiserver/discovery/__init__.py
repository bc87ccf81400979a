"""How clients learn what is served: discovery and OpenAPI documents."""
