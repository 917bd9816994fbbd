"""Pictures by URL: from an order of the URL queue to an object of the uploads bucket, and never anywhere else.

`addresses` says where may be connected to, `names` looks names up in time, `connection` connects there and nowhere
else, `answer` reads what is said there, `download` follows redirects and takes the bytes within their limits, `hosts`
keeps from asking a server too often, `fetch` is the workflow of one order, `batch` runs it for many side by
side, and `alone` is a process for one that ended others.
"""
