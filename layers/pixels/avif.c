/* Planes become an AVIF by libavif, as Pillow has it write one of RGB: see its src/_avif.c. */

#include <string.h>

#include "codecs.h"

static avifResult write_avif(const lp_plane planes[3], avifImage *image, avifEncoder *encoder, const char *const *options,
                             avifRWData *made) {
    image->yuvRange = AVIF_RANGE_FULL;
    image->colorPrimaries = AVIF_COLOR_PRIMARIES_BT709;
    image->transferCharacteristics = AVIF_TRANSFER_CHARACTERISTICS_SRGB;
    image->matrixCoefficients = AVIF_MATRIX_COEFFICIENTS_BT601;
    for (int i = 0; i < 3; i++) {
        image->yuvPlanes[i] = planes[i].samples;
        image->yuvRowBytes[i] = (uint32_t)planes[i].stride;
    }
    image->imageOwnsYUVPlanes = AVIF_FALSE;
    for (; options && options[0] && options[1]; options += 2) {
        const avifResult result = lp_used.avifEncoderSetCodecSpecificOption_(encoder, options[0], options[1]);
        if (result != AVIF_RESULT_OK) return result;
    }
    return lp_used.avifEncoderWrite_(encoder, image, made);
}

int lp_avif_encode(const lp_plane planes[3], int32_t quality, int32_t speed, const char *const *options,
                   const uint8_t *exif, size_t exif_size, lp_file *file) {
    if (!(lp_used.found & LP_AVIF)) return LP_NO_CODEC;
    if (!are_halved(planes) || !file) return LP_BAD_ARGUMENTS;
    avifImage *image = lp_used.avifImageCreate_((uint32_t)planes->width, (uint32_t)planes->height, 8, AVIF_PIXEL_FORMAT_YUV420);
    avifEncoder *encoder = lp_used.avifEncoderCreate_();
    avifRWData made = AVIF_DATA_EMPTY;
    avifResult result = image && encoder ? AVIF_RESULT_OK : AVIF_RESULT_OUT_OF_MEMORY;
    if (result == AVIF_RESULT_OK && exif) result = lp_used.avifImageSetMetadataExif_(image, exif, exif_size);
    if (result == AVIF_RESULT_OK) {
        encoder->maxThreads = 1;
        encoder->quality = quality;
        encoder->speed = speed;
        encoder->timescale = 1000;
        result = write_avif(planes, image, encoder, options, &made);
    }
    int status = result == AVIF_RESULT_OK ? lp_keep(made.data, made.size, file) : LP_BAD_DATA;
    if (result == AVIF_RESULT_OUT_OF_MEMORY) status = LP_NO_MEMORY;
    lp_used.avifRWDataFree_(&made);
    if (encoder) lp_used.avifEncoderDestroy_(encoder);
    if (image) lp_used.avifImageDestroy_(image);
    return status;
}
