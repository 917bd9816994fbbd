"""Media types by extension, of all formats that can be accepted: written by `make docs`, from `image.inputs`.

The client imports nothing of what is installed, and `formats` imports Pillow.
"""

EXTENSIONS = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "apng": "image/apng",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "heic": "image/heic",
    "heif": "image/heif",
    "dng": "image/x-adobe-dng",
    "cr2": "image/x-canon-cr2",
    "cr3": "image/x-canon-cr3",
    "nef": "image/x-nikon-nef",
    "arw": "image/x-sony-arw",
    "raf": "image/x-fuji-raf",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "jp2": "image/jp2",
    "j2k": "image/jp2",
    "psd": "image/vnd.adobe.photoshop",
    "ico": "image/x-icon",
    "bmp": "image/bmp",
    "jxl": "image/jxl",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
}
