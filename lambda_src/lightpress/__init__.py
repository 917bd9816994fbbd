"""Lightpress turns every picture that lands in a bucket into the sizes and formats the web needs.

The modules are the stops on a picture's way, in this order:

1. `events`      a queue message becomes sources to look at
2. `source`      a source, and what identifies its present contents
3. `recipe`      which sizes and formats a source is owed
4. `image`       the picture core: bytes in, bytes out, no AWS; start at `image.render`
5. `manifest`    what is published, and under which names

`reconcile` is the story that joins them, on one page; `process` tells it of each source of a message, and
`record_failure` tells it once more of what the queue gave up on, and keeps what fails then. `failures` is what is known
of a failure on that way, `backoff` how long a message waits. `isolation` runs the picture core in a child process.

`compress` is another story: pictures of existing buckets (`existing`), replaced where they lie. `buckets` knows whose
pictures are worked on, and under which names they are published.

`ports` says what the stories need of the world, `aws` is that world on AWS, `telemetry` tells operators, `stages` is
their stopwatch, `compose` is the one place that chooses, and `handlers` are the doors. `tables` reads TOML, `settings`
the environment. `admission` and `front_door` are the upload API: what may come in, and what is answered. `links` are
URLs of pictures, `orders` have them fetched, which `fetch` does, and `url_desk` takes them from callers of the API.
`markup` writes what a page needs to show what is published, `facts` what programs need, and `announce` tells those who
wait what became of a picture. `permalink` is the address that is known before the picture is, `resolve` leads from
there to the image of now, and `download` is the name that it is saved under.
"""
