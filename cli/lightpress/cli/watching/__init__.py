"""`lightpress render --watch`: a page in the browser that shows pictures through the recipes as one edits them.

Two processes. This one watches files (`watch`), keeps what is shown (`gallery`) and serves the page (`server`), with
threads. The other (`worker`) has one thread, for it forks the confined child of each picture, as the function in Lambda
does.
"""
