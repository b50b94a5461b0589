"""sandbox: the upstreams simulated over HTTP. GestãoClick, Pluggy and Advbox as their clients meet them, with invented companies.

Nothing in here imports Django: it is a program of its own that happens to live beside the code that talks to it.
"""
