#ifndef LP_CODECS_H
#define LP_CODECS_H

/* The functions of the codecs, which are those inside Pillow's wheel: found as the program runs, and typed by their own
   headers (include/README.md). Nothing is linked, and nothing of them is compiled in. */

#include <stddef.h>
#include <stdio.h>

#include "include/avif/avif.h"
#include "include/jpeglib.h"
#include "include/webp/encode.h"
#include "include/webp/mux.h"
#include "pixels.h"

#define LP_JPEG_FUNCTIONS(each) \
    each(jpeg_std_error) each(jpeg_CreateDecompress) each(jpeg_mem_src) each(jpeg_read_header) \
    each(jpeg_calc_output_dimensions) each(jpeg_start_decompress) each(jpeg_read_raw_data) \
    each(jpeg_finish_decompress) each(jpeg_destroy_decompress) each(jpeg_CreateCompress) each(jpeg_mem_dest) \
    each(jpeg_set_defaults) each(jpeg_add_quant_table) each(jpeg_start_compress) each(jpeg_write_marker) \
    each(jpeg_write_raw_data) each(jpeg_finish_compress) each(jpeg_destroy_compress)

#define LP_AVIF_FUNCTIONS(each) \
    each(avifVersion) each(avifImageCreate) each(avifImageDestroy) each(avifImageSetMetadataExif) \
    each(avifEncoderCreate) each(avifEncoderSetCodecSpecificOption) each(avifEncoderWrite) each(avifEncoderDestroy) \
    each(avifRWDataFree)

#define LP_WEBP_FUNCTIONS(each) \
    each(WebPConfigInitInternal) each(WebPPictureInitInternal) each(WebPPictureAlloc) each(WebPPictureFree) \
    each(WebPMemoryWriterInit) each(WebPMemoryWrite) each(WebPMemoryWriterClear) each(WebPEncode) each(WebPNewInternal) \
    each(WebPMuxSetImage) each(WebPMuxSetChunk) each(WebPMuxAssemble) each(WebPMuxDelete) each(WebPFree)

#define LP_POINTER(name) __typeof__(name) *name##_;
typedef struct {
    LP_JPEG_FUNCTIONS(LP_POINTER)
    LP_AVIF_FUNCTIONS(LP_POINTER)
    LP_WEBP_FUNCTIONS(LP_POINTER)
    int found;
} lp_codecs;
#undef LP_POINTER

extern lp_codecs lp_used;

/* Whether the JPEG library takes the structures of its header; in jpeg.c, which knows how to get out of an error. */
int lp_jpeg_is_known(void);

/* Keep a copy of what a codec wrote. */
int lp_keep(const uint8_t *data, size_t size, lp_file *file);

#endif
