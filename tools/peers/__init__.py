"""The libraries that Lightpress is compared with, and how to run them; shared by benchmarks and conformance.

install   installs the peers in an environment of their own: Python packages by pip, sharp by npm
engines   the list of peers, and the command that starts each
process   the client side of the protocol: starts a program, sends it jobs, reads its answers
programs  the server side, one program for each peer; they run in the peers' environment and import nothing from here
"""
