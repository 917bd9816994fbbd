"""The steps that recipes may have, one file each: see `lightpress.image.stepping`."""
