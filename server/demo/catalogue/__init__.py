"""The hand-made catalogue, a file per top-level category; `server.demo` describes the format."""
