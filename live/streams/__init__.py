"""Streams: what just happened, told to every open page within a moment. See docs/events.md.

One hub a web process listens to PostgreSQL and keeps the newest events of every company that somebody watches. A client holds no queue:
it holds the number of the last event that it was given, and takes what came after it from the hub, or from the table when it is far behind.

    door      the admission: an ordinary API view decides, in a thread, with the same checks as every other answer
    places    whose streams they are, so that nobody takes those of all others
    hub       companies, clients, the connection that listens
    sse, ws   how a stream is carried: server-sent events, WebSocket
    revoked   who may not listen any more
    presence  the rows that say who is connected
    asgi      the ASGI side of the one door
"""
