/* Planes become a WebP by libwebp, as Pillow has it write one of RGB: see its src/_webp.c. */

#include "codecs.h"

/* Of numbers of full range, luma becomes 16 to 235, and colors 16 to 240 around 128: in 1 / 256, which are what libwebp makes
   of RGB (its src/dsp/yuv.h, whose 16839 + 33059 + 6420 and 2 * 28800 are in 1 / 65536). */
#define LUMA 220
#define COLOR 225

/* What is added before the rest is dropped, in 1 / 256. Luma was rounded once already; where it is rounded twice alike, smooth
   parts get steps, at 0.2 points of SSIMULACRA2. So it differs from pixel to pixel (Bayer's matrix of two by two). Of colors, half of it is in 128 already, which becomes 128. */
static const uint16_t luma_rests[2][2] = {{32, 160}, {224, 96}}, color_rests[2][2] = {{0, 0}, {0, 0}};

/* 16 + (sample * part + rest) / 256, in 16 bits, of which a vector holds the most. */
static void fill(const lp_plane *from, uint8_t *to, int stride, uint16_t part, const uint16_t rests[2][2]) {
    const int32_t width = from->width;
    for (int32_t y = 0; y < from->height; y++) {
        const uint8_t *restrict row = from->samples + (size_t)y * from->stride;
        uint8_t *restrict made = to + (ptrdiff_t)y * stride;
        const uint16_t even = rests[y % 2][0], odd = rests[y % 2][1];
        for (int32_t x = 0; x < width; x++) {
            const uint16_t sum = (uint16_t)(row[x] * part + (x & 1 ? odd : even));
            made[x] = (uint8_t)(16 + (sum >> 8));
        }
    }
}

static int with_exif(const WebPMemoryWriter *written, const uint8_t *exif, size_t exif_size, lp_file *file) {
    const WebPData image = {written->mem, written->size}, words = {exif, exif_size};
    WebPData whole = {NULL, 0};
    WebPMux *mux = lp_used.WebPNewInternal_(WEBP_MUX_ABI_VERSION);
    if (!mux) return LP_NO_MEMORY;
    int ok = lp_used.WebPMuxSetImage_(mux, &image, 0) == WEBP_MUX_OK;
    ok = ok && lp_used.WebPMuxSetChunk_(mux, "EXIF", &words, 0) == WEBP_MUX_OK;
    ok = ok && lp_used.WebPMuxAssemble_(mux, &whole) == WEBP_MUX_OK;
    const int status = ok ? lp_keep(whole.bytes, whole.size, file) : LP_BAD_DATA;
    lp_used.WebPFree_((void *)whole.bytes);
    lp_used.WebPMuxDelete_(mux);
    return status;
}

int lp_webp_encode(const lp_plane planes[3], float quality, int32_t method, const uint8_t *exif, size_t exif_size,
                   lp_file *file) {
    if (!(lp_used.found & LP_WEBP)) return LP_NO_CODEC;
    if (!are_halved(planes) || !file) return LP_BAD_ARGUMENTS;
    WebPConfig config;
    WebPPicture picture;
    WebPMemoryWriter written;
    if (!lp_used.WebPConfigInitInternal_(&config, WEBP_PRESET_DEFAULT, quality, WEBP_ENCODER_ABI_VERSION)) return LP_NO_CODEC;
    if (!lp_used.WebPPictureInitInternal_(&picture, WEBP_ENCODER_ABI_VERSION)) return LP_NO_CODEC;
    config.method = method;
    picture.width = planes->width;
    picture.height = planes->height;
    if (!lp_used.WebPPictureAlloc_(&picture)) return LP_NO_MEMORY;
    fill(&planes[0], picture.y, picture.y_stride, LUMA, luma_rests);
    fill(&planes[1], picture.u, picture.uv_stride, COLOR, color_rests);
    fill(&planes[2], picture.v, picture.uv_stride, COLOR, color_rests);
    lp_used.WebPMemoryWriterInit_(&written);
    picture.writer = lp_used.WebPMemoryWrite_;
    picture.custom_ptr = &written;
    int status = LP_BAD_DATA;
    if (lp_used.WebPEncode_(&config, &picture))
        status = exif ? with_exif(&written, exif, exif_size, file) : lp_keep(written.mem, written.size, file);
    else if (picture.error_code == VP8_ENC_ERROR_OUT_OF_MEMORY || picture.error_code == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY)
        status = LP_NO_MEMORY;
    lp_used.WebPMemoryWriterClear_(&written);
    lp_used.WebPPictureFree_(&picture);
    return status;
}
