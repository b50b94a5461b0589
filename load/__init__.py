"""Load on a running panel: people who listen (WebSocket) and programs that read (REST with ETag), as many as arrive each second."""
