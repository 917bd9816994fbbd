"""Lightpress turns every picture that lands in a bucket into the sizes and formats the web needs.

The modules are the stops on a picture's way, in this order:

1. `events`      a queue message becomes sources to look at
2. `source`      a source, and what identifies its present contents
3. `recipe`      which sizes and formats a source is owed
4. `image`       the picture core: bytes in, bytes out, no AWS; start at `image.render`
5. `manifest`    what is published, and under which names

`reconcile` is the story that joins them, on one page. `ports` says what it needs of the world, `aws` is that world on
AWS, `compose` is the one place that chooses, and `handlers` are the doors.
"""
